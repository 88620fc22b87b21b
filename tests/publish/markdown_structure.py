"""The structure of HTML that Markdown makes: elements, their nesting, addresses and text.

What two engines may do differently is left out: ids and classes, typographic quotes, the elements
that colour code, the region around a table, the caption in place of a picture's title. A tag that
HTML does not have is text.
"""

import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote

import cmarkgfm
import comrak
from cmarkgfm.cmark import Options
from markdown import Markdown

from publish.build.pelican_run import settings_from
from publish.checks.html_tags import is_html
from publish.checks.tag_syntax import TagExtension
from publish.plugins.commonmark import make_markdown
from tests.service import ROOT

Token = tuple[object, ...]

_EMPTY: Final = frozenset(["br", "col", "hr", "img", "input", "source", "wbr"])
_BLOCKS: Final = frozenset(
    {"blockquote", "br", "cell", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
    | {"input", "li", "ol", "p", "pre", "table", "tbody", "thead", "tr", "ul"}
)
_ATTRIBUTES: Final = frozenset(["href", "src", "alt", "title", "start", "align"])
_QUOTES: Final = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")
_SAME: Final = {"td": "cell", "th": "cell", "figure": "p"}
_CLASSES_LEFT_OUT: Final = frozenset({"table", "highlight"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[Token] = []
        self._open: list[tuple[str, bool]] = []
        self._is_in_caption = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if not is_html(f"<{tag}"):
            self.handle_data(self.get_starttag_text() or "")
            return
        is_left_out = (
            tag in {"figcaption", "span"}
            or (tag == "div" and values.get("class") in _CLASSES_LEFT_OUT)
            or (tag == "strong" and tag in dict(self._open))  # GitHub's engine leaves it out
        )
        self._is_in_caption = tag == "figcaption"
        if tag not in _EMPTY:
            self._open.append((tag, is_left_out))
        if not is_left_out:
            kept = {name: unquote(values[name]) for name in _ATTRIBUTES & set(values)}
            if tag == "input":
                kept = {"checked": "checked"} if "checked" in values else {}
            ordered = tuple(
                sorted((name, value.translate(_QUOTES)) for name, value in kept.items())
            )
            self.tokens.append(("start", _SAME.get(tag, tag), ordered))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not is_html(f"<{tag}"):
            self.handle_data(f"</{tag}>")
        elif tag not in _EMPTY:
            self._is_in_caption = False
            places = [place for place, (name, _) in enumerate(self._open) if name == tag]
            is_left_out = bool(places) and self._open.pop(places[-1])[1]
            if not is_left_out:
                self.tokens.append(("end", _SAME.get(tag, tag)))

    def handle_data(self, data: str) -> None:
        data = data.translate(_QUOTES)
        if self._is_in_caption:
            kind, tag, attributes = self.tokens.pop()
            assert isinstance(attributes, tuple)
            self.tokens.append((kind, tag, tuple(sorted([*attributes, ("title", data)]))))
        elif self.tokens and self.tokens[-1][0] == "text":
            self.tokens.append(("text", f"{self.tokens.pop()[1]}{data}"))
        else:
            self.tokens.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.tokens.append(("comment", " ".join(data.split())))

    def handle_decl(self, decl: str) -> None:
        self.tokens.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.tokens.append(("instruction", data))


def structure(html: str) -> list[Token]:
    """Start and end tags and texts, in order; blanks between blocks are left out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    tokens: list[Token] = []
    is_code = False
    for token, before, after in zip(
        reader.tokens, [None, *reader.tokens], [*reader.tokens[1:], None], strict=False
    ):
        if token[1] == "pre":
            is_code = token[0] == "start"
        if token[0] == "text":
            text = str(token[1])
            text = text.strip("\n") if is_code else re.sub(r"[ \t\r\n]+", " ", text)
            if not is_code and _is_block(before):
                text = text.lstrip(" ")
            if not is_code and _is_block(after):
                text = text.rstrip(" ")
            tokens += [("text", text)] if text else []
        else:
            tokens.append(token)
    return _with_tasks_in_paragraphs(tokens)


def _is_block(token: Token | None) -> bool:
    return token is None or token[0] == "comment" or token[1] in _BLOCKS


def _with_tasks_in_paragraphs(tokens: list[Token]) -> list[Token]:
    """GitHub's engine puts a checkbox before the paragraph of its item, ours into it."""
    for place in range(len(tokens) - 1):
        box, paragraph = tokens[place : place + 2]
        if box[:2] == ("start", "input") and paragraph[:2] == ("start", "p"):
            tokens[place : place + 2] = [paragraph, box]
    return tokens


_BOX: Final = re.compile(r"\[(?P<mark>[ xX])\](?: |$)")


def with_boxes_everywhere(tokens: list[Token]) -> list[Token]:
    """The judge sees the box of a task only in a line's first list item, GitHub's site in each."""
    made: list[Token] = []
    for token, after in zip(tokens, [*tokens, ("end",)][1:], strict=True):
        place = [kept[:2] for kept in made[-2:]]
        is_first = place[-1:] == [("start", "li")] or place == [("start", "li"), ("start", "p")]
        box = _BOX.match(str(token[1])) if is_first and token[0] == "text" else None
        words = str(token[1])[box.end() :] if box else ""
        if box and (words or (box[0].endswith(" ") and after[0] != "end") or after[1:2] == ("br",)):
            attributes = () if box["mark"] == " " else (("checked", "checked"),)
            made.append(("start", "input", attributes))
            made += [("text", words)] if words else []
        else:
            made.append(token)
    return made


def judge(text: str) -> str:
    """The HTML that GitHub's own engine makes."""
    made: str = cmarkgfm.markdown_to_html_with_extensions(
        text,
        options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES,
        extensions=["table", "strikethrough", "autolink", "tasklist"],
    )
    return made


def second_judge(text: str) -> str:
    """The HTML of comrak, which knows GitHub's alerts too."""
    return comrak.render_markdown(text, _COMRAK, render_options=_COMRAK_HTML)


_COMRAK: Final = comrak.ExtensionOptions()
for _name in ("alerts", "autolink", "footnotes", "strikethrough", "table", "tasklist"):
    setattr(_COMRAK, _name, True)
_COMRAK_HTML: Final = comrak.RenderOptions()
_COMRAK_HTML.unsafe_ = True

_BACK: Final = re.compile(r"\s*(?:&#160;)?<a [^>]*\bfootnote-backref\b[^>]*>.*?</a>")
_BACK_ALONE: Final = re.compile(r"<p>((?:<i>back</i>)+)</p>")
_REFERENCE: Final = re.compile(r"<a [^>]*\bfootnote-ref\b[^>]*>(.*?)</a>")


def with_same_footnotes(html: str) -> str:
    """HTML in which footnotes of all engines have the same elements, without their addresses.

    We show a line above them, and put the links back into a paragraph after code and lists.
    """
    html = html.replace('<section class="footnotes" data-footnotes>', "<div><hr>")
    html = html.replace("</section>", "</div>")
    html = _BACK_ALONE.sub(r"\1", _BACK.sub("<i>back</i>", html))
    return _REFERENCE.sub(r"<b>\1</b>", html.replace("data-footnote-ref", 'class="footnote-ref"'))


def site_markdown(**changes: object) -> Markdown:
    """The engine as a site has it. `changes` are settings, such as `heading_ids`."""
    settings = settings_from(ROOT / "pelicanconf.py", {})
    markdown = settings["MARKDOWN"]
    named = dict.fromkeys([*markdown["extensions"], *markdown["extension_configs"]])
    changes = {name.upper(): value for name, value in changes.items()}
    extensions = {"extensions": [*named, TagExtension()]}
    return make_markdown({**settings, **changes, "MARKDOWN": markdown | extensions})
