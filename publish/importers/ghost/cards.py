"""The HTML of a Ghost post: as exported, or made from Lexical, Mobiledoc or Markdown."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import pyromark

from capture.text import count_noun
from publish.importers.export_files import GHOST_URL
from publish.importers.model import Loss, join_names
from publish.importers.text import clean_text, one_line

Node = Mapping[str, Any]
_OPTIONS: Final = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_FOOTNOTES
_FORMATS: Final = (
    (1, "strong"), (2, "em"), (4, "s"), (8, "u"), (16, "code"), (32, "sub"), (64, "sup"),
    (128, "mark"),
)  # fmt: skip
"""Lexical's format bits, such as IS_BOLD, and their HTML tags."""
_INLINE_TAGS: Final = frozenset(
    {"a", "b", "strong", "i", "em", "code", "s", "u", "sub", "sup", "mark"}
)
_BLOCK_TAGS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "aside"})
_TAG_BY_KIND: Final = {
    "paragraph": "p", "quote": "blockquote", "extended-quote": "blockquote", "aside": "blockquote",
    "listitem": "li",
}  # fmt: skip
_RESTRICTED_CARDS: Final = frozenset({"email", "email-cta", "paywall", "call-to-action"})
"""Cards for newsletters and members."""
_INTERNAL_FIELDS: Final = frozenset(
    {"type", "version", "format", "indent", "direction", "children"}
)
_LINK_FIELDS: Final = frozenset({"url", "src", "buttonUrl", "buttonText", "title", "html"})
_USED_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "image": frozenset({"src", "alt", "caption", "href"}),
    "gallery": frozenset({"images"}),
    "code": frozenset({"language", "code"}),
    "codeblock": frozenset({"language", "code"}),
    "html": frozenset({"html"}),
    "markdown": frozenset({"markdown"}),
    "card-markdown": frozenset({"markdown"}),
    "callout": frozenset({"calloutText", "content"}),
    "toggle": frozenset({"heading", "content"}),
}
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {}, False)


def post_html(row: Mapping[str, Any]) -> tuple[str, list[Loss]]:
    """The HTML of a post, and a note for each part that is lost."""
    html = clean_text(row.get("html"))
    losses: list[Loss] = []
    if html.strip():
        for kind, number in sorted(_restricted_cards(row).items()):
            losses.append(("card", f"{count_noun(number, 'card')} of kind `{kind}` not imported"))
        return html, losses
    for key, render in (("lexical", _lexical), ("mobiledoc", _mobiledoc)):
        document = clean_text(row.get(key))
        if not document.strip():
            continue
        try:
            return render(json.loads(document), losses), losses
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
            losses.append(("text", f"its `{key}` cannot be read: no part of it was imported"))
    text = clean_text(row.get("markdown"))
    return markdown_html(text) if text else "", losses


def _restricted_cards(row: Mapping[str, Any]) -> Mapping[str, int]:
    """The count of cards by kind that Ghost leaves out of its HTML."""
    try:
        lexical = (
            json.loads(clean_text(row.get("lexical")) or "{}").get("root", {}).get("children", ())
        )
        mobiledoc = json.loads(clean_text(row.get("mobiledoc")) or "{}").get("cards", ())
        kinds = [str(node["type"]) for node in lexical] + [str(card[0]) for card in mobiledoc]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return {}  # unreadable cards need no note: the HTML has all that readers saw
    return Counter(kind for kind in kinds if kind in _RESTRICTED_CARDS)


def markdown_html(text: str) -> str:
    """Converts CommonMark to HTML."""
    html: str = pyromark.html(text, options=_OPTIONS)
    return html


def _lexical(document: Node, losses: list[Loss]) -> str:
    return _children(document["root"], losses)


def _children(node: Node, losses: list[Loss]) -> str:
    return "".join(_node(child, losses) for child in node.get("children") or ())


def _node(node: Node, losses: list[Loss]) -> str:
    kind = str(node.get("type") or "")
    if kind in {"text", "extended-text"}:
        text = escape(str(node.get("text") or ""))
        bits = node.get("format") or 0
        for bit, tag in _FORMATS:
            if isinstance(bits, int) and bits & bit:
                text = f"<{tag}>{text}</{tag}>"
        return text
    if kind in _TAG_BY_KIND:
        return f"<{_TAG_BY_KIND[kind]}>{_children(node, losses)}</{_TAG_BY_KIND[kind]}>"
    if kind in {"heading", "extended-heading", "list"}:
        tag = str(node.get("tag"))
        safe = tag if tag in {*_BLOCK_TAGS, "ul", "ol"} else "p"
        return f"<{safe}>{_children(node, losses)}</{safe}>"
    if kind in {"link", "autolink"}:
        return f'<a href="{escape(one_line(node.get("url")))}">{_children(node, losses)}</a>'
    if kind == "linebreak":
        return "<br>"
    return _card(kind, node, losses)


def _mobiledoc(document: Node, losses: list[Loss]) -> str:
    """Renders Mobiledoc 0.3: https://github.com/bustle/mobiledoc-kit/blob/master/MOBILEDOC.md"""
    return "".join(_section(section, document, losses) for section in document["sections"])


def _section(section: list[Any], document: Node, losses: list[Loss]) -> str:
    match section:
        case [1, str(tag), list(markers), *_]:
            name = tag if tag in _BLOCK_TAGS else "p"
            return f"<{name}>{_markers(markers, document)}</{name}>"
        case [2, src]:
            return _image({"src": src})
        case [3, str(tag), list(items), *_]:
            inner = "".join(f"<li>{_markers(item, document)}</li>" for item in items)
            return f"<ol>{inner}</ol>" if tag == "ol" else f"<ul>{inner}</ul>"
        case [10, int(number)]:
            kind, data = document["cards"][number]
            return _card(str(kind), data, losses)
    losses.append(("card", "a section of an unknown kind was not imported"))
    return ""


def _markers(markers: list[Any], document: Node) -> str:
    text, open_tags = "", list[str]()
    for kind, opened, closing_count, value in markers:
        for number in opened:
            tag, *more = document["markups"][number]
            name = tag if tag in _INLINE_TAGS else "span"
            pairs = more[0] if more else []
            attributes = dict(zip(pairs[::2], pairs[1::2], strict=False))
            href = f' href="{escape(one_line(attributes.get("href")))}"' if name == "a" else ""
            text += f"<{name}{href}>"
            open_tags.append(name)
        if kind == 0:
            text += escape(str(value))
        else:
            atom = document["atoms"][value]
            text += "<br>" if atom[0] == "soft-return" else escape(str(atom[1]))
        for _ in range(closing_count):
            text += f"</{open_tags.pop()}>"
    return text


def _card(kind: str, data: Node, losses: list[Loss]) -> str:
    """The HTML of a card. Lexical and Mobiledoc use the same names for its data."""
    render = _CARDS.get(kind)
    html = render(data) if render else ""
    if not html:
        losses.append(("card", f"a card of kind `{kind}` was not imported"))
        return ""
    unused = [
        name
        for name, value in data.items()
        if name not in _INTERNAL_FIELDS | _USED_FIELDS.get(kind, _LINK_FIELDS)
        and value not in _EMPTY
    ]
    if unused:
        losses.append(
            ("card", f"fields of a card of kind `{kind}` were not imported: {join_names(unused)}")
        )
    return html


def _image(data: Node) -> str:
    caption = str(data.get("caption") or "")
    picture = (
        f'<img src="{escape(one_line(data.get("src")))}" alt="{escape(one_line(data.get("alt")))}">'
    )
    if href := one_line(data.get("href")):
        picture = f'<a href="{escape(href)}">{picture}</a>'
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _gallery(data: Node) -> str:
    return "".join(_image(picture) for picture in data.get("images") or ())


def _code(data: Node) -> str:
    language = escape(one_line(data.get("language")))
    return (
        f'<pre><code class="language-{language}">{escape(str(data.get("code") or ""))}</code></pre>'
    )


def _link(data: Node) -> str:
    address = one_line(data.get("url") or data.get("src") or data.get("buttonUrl"))
    meta = data.get("metadata")
    title = one_line(meta.get("title")) if isinstance(meta, dict) else ""
    text = (
        title
        or one_line(data.get("buttonText") or data.get("title"))
        or address.removeprefix(GHOST_URL)
    )
    return f'<p><a href="{escape(address)}">{escape(text)}</a></p>' if address else ""


def _callout(data: Node) -> str:
    text = data.get("calloutText") or data.get("content") or ""
    return f"<blockquote>{text}</blockquote>"


def _toggle(data: Node) -> str:
    heading, content = data.get("heading") or "", data.get("content") or ""
    return f"<details><summary>{heading}</summary>{content}</details>"


_CARDS: Final[Mapping[str, Callable[[Node], str]]] = {
    "image": _image,
    "gallery": _gallery,
    "code": _code,
    "codeblock": _code,
    "html": lambda data: str(data.get("html") or ""),
    "markdown": lambda data: markdown_html(str(data.get("markdown") or "")),
    "card-markdown": lambda data: markdown_html(str(data.get("markdown") or "")),
    "hr": lambda _: "<hr>",
    "horizontalrule": lambda _: "<hr>",
    "embed": _link,
    "bookmark": _link,
    "button": _link,
    "video": _link,
    "audio": _link,
    "file": _link,
    "callout": _callout,
    "toggle": _toggle,
}
