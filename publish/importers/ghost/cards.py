"""The text of a Ghost post as HTML: Ghost's own HTML, or made from its Lexical or Mobiledoc."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

import pyromark

from publish.importers.model import count_noun, join_words
from publish.importers.places import GHOST
from publish.importers.text import clean, line

Node = Mapping[str, Any]
Lost = tuple[str, str]
"""The kind and the message of a note."""

_OPTIONS: Final = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_FOOTNOTES
_FORMATS: Final = (
    (1, "strong"), (2, "em"), (4, "s"), (8, "u"), (16, "code"), (32, "sub"), (64, "sup"),
    (128, "mark"),
)  # fmt: skip
"""Lexical's format bits, such as IS_BOLD, and their tags."""
_MARKUPS: Final = frozenset({"a", "b", "strong", "i", "em", "code", "s", "u", "sub", "sup", "mark"})
_SECTIONS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "aside"})


_LETTERS: Final = frozenset({"email", "email-cta", "paywall", "call-to-action"})


def html_of(row: Mapping[str, Any]) -> tuple[str, list[Lost]]:
    """The HTML of a post, and notes of what is lost."""
    html = clean(row.get("html"))
    lost: list[Lost] = []
    if html.strip():
        for kind, number in sorted(_hidden(row).items()):
            lost.append(("card", f"{count_noun(number, 'card')} of kind `{kind}` not imported"))
        return html, lost
    for key, make in (("lexical", _lexical), ("mobiledoc", _mobiledoc)):
        document = clean(row.get(key))
        if not document.strip():
            continue
        try:
            return make(json.loads(document), lost), lost
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
            lost.append(("text", f"its `{key}` cannot be read: no part of it was imported"))
    return clean(row.get("markdown")) and markdown_html(clean(row.get("markdown"))), lost


def _hidden(row: Mapping[str, Any]) -> Mapping[str, int]:
    """Counts cards that Ghost leaves out of its HTML: those for newsletters and members."""
    try:
        lexical = json.loads(clean(row.get("lexical")) or "{}").get("root", {}).get("children", ())
        mobiledoc = json.loads(clean(row.get("mobiledoc")) or "{}").get("cards", ())
        kinds = [str(node["type"]) for node in lexical] + [str(card[0]) for card in mobiledoc]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return {}  # the HTML is what readers saw
    return Counter(kind for kind in kinds if kind in _LETTERS)


def markdown_html(text: str) -> str:
    """Converts CommonMark to HTML."""
    created: str = pyromark.html(text, options=_OPTIONS)
    return created


def _lexical(document: Node, lost: list[Lost]) -> str:
    return _children(document["root"], lost)


def _children(node: Node, lost: list[Lost]) -> str:
    return "".join(_node(child, lost) for child in node.get("children") or ())


def _node(node: Node, lost: list[Lost]) -> str:
    kind = str(node.get("type") or "")
    if kind in {"text", "extended-text"}:
        text = escape(str(node.get("text") or ""))
        bits = node.get("format") or 0
        for bit, tag in _FORMATS:
            if isinstance(bits, int) and bits & bit:
                text = f"<{tag}>{text}</{tag}>"
        return text
    if kind in _PLAIN:
        return f"<{_PLAIN[kind]}>{_children(node, lost)}</{_PLAIN[kind]}>"
    if kind in {"heading", "extended-heading", "list"}:
        tag = str(node.get("tag"))
        safe = tag if tag in {*_SECTIONS, "ul", "ol"} else "p"
        return f"<{safe}>{_children(node, lost)}</{safe}>"
    if kind in {"link", "autolink"}:
        return f'<a href="{escape(line(node.get("url")))}">{_children(node, lost)}</a>'
    if kind == "linebreak":
        return "<br>"
    return _card(kind, node, lost)


_PLAIN: Final = {
    "paragraph": "p", "quote": "blockquote", "extended-quote": "blockquote", "aside": "blockquote",
    "listitem": "li",
}  # fmt: skip


def _card(kind: str, data: Node, lost: list[Lost]) -> str:
    """The HTML of a card. Lexical and Mobiledoc use the same names for its data."""
    make = _CARDS.get(kind)
    text = make(data) if make else ""
    if not text:
        lost.append(("card", f"a card of kind `{kind}` was not imported"))
        return ""
    unread = [
        name
        for name, value in data.items()
        if name not in _INNER | _READ.get(kind, _OF_LINK) and value not in _NOT_CARRIED
    ]
    if unread:
        lost.append(
            ("card", f"fields of a card of kind `{kind}` were not imported: {join_words(unread)}")
        )
    return text


def _image(data: Node) -> str:
    caption = str(data.get("caption") or "")
    picture = f'<img src="{escape(line(data.get("src")))}" alt="{escape(line(data.get("alt")))}">'
    if href := line(data.get("href")):
        picture = f'<a href="{escape(href)}">{picture}</a>'
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _gallery(data: Node) -> str:
    return "".join(_image(picture) for picture in data.get("images") or ())


def _code(data: Node) -> str:
    language = escape(line(data.get("language")))
    return (
        f'<pre><code class="language-{language}">{escape(str(data.get("code") or ""))}</code></pre>'
    )


def _link(data: Node) -> str:
    address = line(data.get("url") or data.get("src") or data.get("buttonUrl"))
    meta = data.get("metadata")
    title = line(meta.get("title")) if isinstance(meta, dict) else ""
    words = (
        title or line(data.get("buttonText") or data.get("title")) or address.removeprefix(GHOST)
    )
    return f'<p><a href="{escape(address)}">{escape(words)}</a></p>' if address else ""


def _callout(data: Node) -> str:
    words = data.get("calloutText") or data.get("content") or ""
    return f"<blockquote>{words}</blockquote>"


def _toggle(data: Node) -> str:
    head, content = data.get("heading") or "", data.get("content") or ""
    return f"<details><summary>{head}</summary>{content}</details>"


_INNER: Final = frozenset({"type", "version", "format", "indent", "direction", "children"})
_NOT_CARRIED: Final[tuple[object, ...]] = (None, "", [], {}, False)
_OF_LINK: Final = frozenset({"url", "src", "buttonUrl", "buttonText", "title", "html"})
_READ: Final[Mapping[str, frozenset[str]]] = {
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


def _mobiledoc(document: Node, lost: list[Lost]) -> str:
    """Mobiledoc 0.3: https://github.com/bustle/mobiledoc-kit/blob/master/MOBILEDOC.md"""
    return "".join(_section(section, document, lost) for section in document["sections"])


def _section(section: list[Any], document: Node, lost: list[Lost]) -> str:
    match section:
        case [1, str(tag), list(markers), *_]:
            name = tag if tag in _SECTIONS else "p"
            return f"<{name}>{_markers(markers, document, lost)}</{name}>"
        case [2, src]:
            return _image({"src": src})
        case [3, str(tag), list(items), *_]:
            inner = "".join(f"<li>{_markers(item, document, lost)}</li>" for item in items)
            return f"<ol>{inner}</ol>" if tag == "ol" else f"<ul>{inner}</ul>"
        case [10, int(number)]:
            kind, data = document["cards"][number]
            return _card(str(kind), data, lost)
    lost.append(("card", "a section of an unknown kind was not imported"))
    return ""


def _markers(markers: list[Any], document: Node, lost: list[Lost]) -> str:
    text, open_tags = "", list[str]()
    for what, opened, closed, value in markers:
        for number in opened:
            tag, *raw = document["markups"][number]
            name = tag if tag in _MARKUPS else "span"
            pairs = raw[0] if raw else []
            named = dict(zip(pairs[::2], pairs[1::2], strict=False))
            href = f' href="{escape(line(named.get("href")))}"' if name == "a" else ""
            text += f"<{name}{href}>"
            open_tags.append(name)
        if what == 0:
            text += escape(str(value))
        else:
            atom = document["atoms"][value]
            text += "<br>" if atom[0] == "soft-return" else escape(str(atom[1]))
        for _ in range(closed):
            text += f"</{open_tags.pop()}>"
    del lost
    return text
