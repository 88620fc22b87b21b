"""Converts cleaned HTML to Markdown for Python-Markdown.

Extends markdownify where Python-Markdown differs: it indents lists by four spaces, allows no code
fence in a list, and needs more characters escaped. Control characters, which cleaned text cannot
contain, separate list items, table rows and cells during the conversion.
"""

import re
from typing import Any, Final
from urllib.parse import quote

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from publish.importers.text import escape_address, escape_markdown

RAW_HTML: Final = "gatepost-raw"
"""The placeholder tag for HTML that Markdown cannot express. The attribute `n` is its index."""
FOOTNOTE: Final = "gatepost-footnote"
"""The placeholder tag for a footnote or its reference. The attribute `n` is its number."""
_CELL: Final = "\x1f"
_ROW: Final = "\x1e"
_END: Final = "\x1d"
"""The end of a list or quote that is not nested."""
_INDENT: Final = " " * 4
"""The indentation that Python-Markdown requires in a list."""
_NESTING_TAGS: Final = frozenset({"li", "blockquote", "dd", "td", "th", "details", FOOTNOTE})
_CODE_AS_BLOCK: Final = {"li", "blockquote", "dd", FOOTNOTE}
_ADJACENT_BLOCKS: Final = re.compile(rf"{_END}\s*\n(?=>|-   |\d+\. )")
"""Two adjacent quotes or lists, which Markdown would join without a separator."""


def to_markdown(soup: BeautifulSoup, raw: tuple[str, ...]) -> str:
    """The text as Markdown, with one newline at its end. `raw` are the parts that stay HTML."""
    text: str = _Converter(raw).convert_soup(soup)
    text = _ADJACENT_BLOCKS.sub("\n\n<!-- -->\n\n", text).replace(_END, "")
    text = re.sub(r"[ \t]+\n\n", "\n\n", re.sub(r"\n{3,}", "\n\n", text))
    return f"{text.strip(chr(10))}\n" if text.strip() else ""


def _keep_tag(name: str) -> Any:
    """A method that keeps an inline tag, because Markdown has no syntax for it."""

    def convert(self: Any, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG001
        if not text.strip() or "_noformat" in parent_tags:
            return text
        title = str(el.get("title") or "").replace("&", "&amp;").replace('"', "&quot;")
        attribute = f' title="{title.replace("{", "&#123;")}"' if title else ""
        return f"<{name}{attribute}>{text}</{name}>"

    return convert


class _Converter(MarkdownConverter):
    """Converts one text. markdownify requires the names and parameters of the methods."""

    def __init__(self, raw: tuple[str, ...]) -> None:
        super().__init__(heading_style="atx", bullets="-", autolinks=False)
        self._raw = raw

    def escape(self, text: str, parent_tags: set[str]) -> str:
        escaped = escape_markdown(text)
        return escaped.replace("|", r"\|") if parent_tags & {"td", "th"} else escaped

    convert_sup = _keep_tag("sup")
    convert_sub = _keep_tag("sub")
    convert_u = _keep_tag("u")
    convert_ins = _keep_tag("ins")
    convert_mark = _keep_tag("mark")
    convert_small = _keep_tag("small")
    convert_abbr = _keep_tag("abbr")
    convert_cite = _keep_tag("cite")
    convert_q = _keep_tag("q")
    convert_var = _keep_tag("var")
    convert_dfn = _keep_tag("dfn")
    convert_del = _keep_tag("del")
    convert_s = _keep_tag("del")
    convert_strike = _keep_tag("del")

    def convert_kbd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_noformat" in parent_tags:
            return text
        return f"<{el.name}>{escape_markdown(text)}</{el.name}>"

    convert_samp = convert_kbd

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_noformat" in parent_tags:
            return text
        anchor = f'<a id="{quote(str(el["id"]), safe="")}"></a>' if el.get("id") else ""
        href = str(el.get("href") or "")
        words = " ".join(text.split())
        if not href or not words:
            return anchor + text
        start = text[:1] if text[:1].isspace() else ""
        end = text[-1:] if text[-1:].isspace() else ""
        return f"{anchor}{start}[{words}]({escape_address(href)}{_title(el)}){end}"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        alt = escape_markdown(" ".join(str(el.get("alt") or "").split()))
        return f"![{alt}]({escape_address(str(el['src']))}{_title(el)})" if el.get("src") else ""

    def convert_figure(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A plain caption becomes the title of its picture, which pages show as the caption."""
        pictures, caption = el.find_all("img"), el.find("figcaption")
        words = " ".join(caption.get_text().split()) if isinstance(caption, Tag) else ""
        has_more = " ".join(el.get_text().split()) != words
        if len(pictures) == 1 and not has_more and not el.find(["a", FOOTNOTE]):
            picture = pictures[0]
            picture["title"] = words or picture.get("title") or ""
            return f"\n\n{self.convert_img(picture, '', parent_tags)}\n\n"
        return f"\n\n{text.strip()}\n\n"

    def convert_hN(self, n: int, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: N802
        words = " ".join(text.split())
        if parent_tags & {"_inline", "a"} or not words:
            return f" {words} "
        named = f" {{: #{quote(str(el['id']), safe='-_.')} }}" if el.get("id") else ""
        return f"\n\n{'#' * n} {words}{named}\n\n"

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        if parent_tags & {"td", "th"}:
            return "<br>"
        return " " if parent_tags & {"_inline", "a"} else "  \n"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        for br in el.find_all("br"):
            br.replace_with("\n")
        code = el.get_text().strip("\n")
        if not code.strip():
            return ""
        inner = el.find("code")
        language = str(
            el.get("lang") or (inner.get("lang") if isinstance(inner, Tag) else "") or ""
        )
        if parent_tags & _CODE_AS_BLOCK:  # Python-Markdown allows fences only at the margin
            lines = ([f":::{language}"] if language else []) + code.split("\n")
            return "\n\n" + "\n".join(f"{_INDENT}{line}".rstrip() for line in lines) + "\n\n"
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", code)), 3)
        return f"\n\n{fence}{language}\n{code}\n{fence}\n\n"

    def convert_list(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return _list_markdown(el, text, parent_tags)

    def convert_blockquote(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return _quote_markdown(text, parent_tags)

    convert_ul = convert_list
    convert_ol = convert_list

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return _list_item_markdown(el, text)

    def convert_table(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return _table_markdown(el, text)

    def convert_caption(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return ""

    def convert_tr(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"{text}{_ROW}"

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"{' '.join(text.split())}{_CELL}"

    convert_th = convert_td

    def convert_details(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        if parent_tags & _CODE_AS_BLOCK:
            return f"\n\n{text.strip()}\n\n"
        return f'\n\n<details markdown="1">\n{text.strip()}\n\n</details>\n\n'

    def convert_summary(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        words = " ".join(text.split())
        return f"<summary>{words}</summary>\n\n" if "details" in parent_tags else f"{words}\n\n"

    def convert_gatepost_raw(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"\n\n{self._raw[int(str(el['n']))]}\n\n"

    def convert_gatepost_footnote(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        if not text.strip():
            return f"[^{el['n']}]"
        return f"\n\n[^{el['n']}]: {_indented(text.strip()).strip()}\n\n"


def _title(el: Tag) -> str:
    """The title in quotes. Quotes inside it are replaced, because they would end the title."""
    words = " ".join(str(el.get("title") or "").split()).replace('"', "”").replace("{", "&#123;")
    return f' "{words}"' if words else ""


def _list_markdown(el: Tag, text: str, parent_tags: set[str]) -> str:
    """The Markdown of `<ul>` and `<ol>`."""
    if parent_tags & {"td", "th"}:
        return text
    if el.name == "ol":
        start = str(el.get("start") or "1")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        numbers = iter(range(number, number + text.count(_ROW) + 1))
        text = re.sub(f"{_ROW}    ", lambda _: f"{next(numbers)}. ".ljust(4), text)
    else:
        text = text.replace(f"{_ROW}    ", "-   ")
    is_tight = "li" in parent_tags and not (el.parent and el.parent.find("p", recursive=False))
    text = text.strip("\n")
    if is_tight:
        return f"\n{text}\n"
    return f"\n\n{text}{'' if parent_tags & _NESTING_TAGS else _END}\n\n"


def _quote_markdown(text: str, parent_tags: set[str]) -> str:
    """The Markdown of `<blockquote>`."""
    text = text.strip(" \t\r\n")
    if "_inline" in parent_tags:
        return f" {text} "
    if not text:
        return "\n"
    inner = "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))
    return f"\n{inner}{'' if parent_tags & _NESTING_TAGS else _END}\n\n"


def _list_item_markdown(el: Tag, text: str) -> str:
    """The Markdown of `<li>`."""
    text = text.strip("\n")
    text = re.sub(r"^\\\[( |x)\\\]\s+", r"[\1] ", text)
    inner = _indented(text)
    parent = el.parent.name if el.parent else ""
    if not text.strip():
        return ""
    if parent not in {"ul", "ol"}:  # an item outside a list
        return f"\n\n-   {inner.strip()}\n\n"
    is_loose = bool(el.find("p", recursive=False)) and len(el.find_all(recursive=False)) > 1
    return f"{_ROW}{inner}\n" + ("\n" if is_loose else "")


def _indented(text: str) -> str:
    """Indents every line except empty ones."""
    return "\n".join(f"{_INDENT}{line}" if line else "" for line in text.split("\n"))


def _table_markdown(el: Tag, text: str) -> str:
    """The Markdown of `<table>`, with its caption above it."""
    caption_tag = el.find("caption")
    caption = ""
    if isinstance(caption_tag, Tag) and (words := " ".join(caption_tag.get_text().split())):
        caption = f"{escape_markdown(words)}\n\n"
    rows = [row.split(_CELL)[:-1] for row in text.split(_ROW) if _CELL in row]
    width = max((len(row) for row in rows), default=0)
    if not width:
        return f"\n\n{text.strip()}\n\n"
    first = el.find("tr")
    has_header = isinstance(first, Tag) and not first.find("td")
    if isinstance(first, Tag) and first.find_parent("thead"):
        has_header = True
    if not has_header:
        rows.insert(0, [""] * width)
    cells = first.find_all(["td", "th"]) if isinstance(first, Tag) else []
    lines = [_table_row(row, width) for row in rows]
    lines.insert(1, _table_row([_rule(cell) for cell in cells], width, "---"))
    return f"\n\n{caption}" + "\n".join(lines) + "\n\n"


def _table_row(row: list[str], width: int, empty: str = "") -> str:
    filled = [*row, *[empty] * (width - len(row))]
    return f"| {' | '.join(filled)} |"


def _rule(cell: Tag) -> str:
    """The dashes below a header cell, with its alignment."""
    return {"left": ":---", "center": ":---:", "right": "---:"}.get(str(cell.get("align")), "---")


KNOWN_TAGS: Final = frozenset(
    {name.removeprefix("convert_").replace("_", "-") for name in dir(_Converter)}
    | {f"h{level}" for level in range(1, 7)}
)
"""Tags that the converter can express in Markdown."""
