"""Converts cleaned HTML to Markdown for Python-Markdown.

Extends markdownify where Python-Markdown differs: it indents lists by four spaces, allows no code
fence in a list, and needs more characters escaped. `list_of`, `quote_of`, `item_of` and `table_of`
separate items, rows and cells by control characters, which cleaned text cannot contain.
"""

import re
from typing import Any, Final
from urllib.parse import quote

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from publish.importers.text import escape_address, escape_markdown

RAW: Final = "gatepost-raw"
"""Placeholder tag for HTML that Markdown cannot express; the attribute `n` is its number."""
NOTE: Final = "gatepost-footnote"
"""Placeholder tag for a footnote or a reference to one; the attribute `n` is its number."""


CELL: Final = "\x1f"
ROW: Final = "\x1e"
END: Final = "\x1d"
"""Marks the end of a list or quote that is not nested."""
NESTING: Final = frozenset({"li", "blockquote", "dd", "td", "th", "details", NOTE})
INDENT: Final = " " * 4
"""The indentation that Python-Markdown requires in a list."""


def list_of(el: Tag, text: str, parent_tags: set[str]) -> str:
    """`<ul>` and `<ol>`."""
    if parent_tags & {"td", "th"}:
        return text
    if el.name == "ol":
        start = str(el.get("start") or "1")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        signs = iter(range(number, number + text.count(ROW) + 1))
        text = re.sub(f"{ROW}    ", lambda _: f"{next(signs)}. ".ljust(4), text)
    else:
        text = text.replace(f"{ROW}    ", "-   ")
    tight = "li" in parent_tags and not (el.parent and el.parent.find("p", recursive=False))
    text = text.strip("\n")
    if tight:
        return f"\n{text}\n"
    return f"\n\n{text}{'' if parent_tags & NESTING else END}\n\n"


def quote_of(text: str, parent_tags: set[str]) -> str:
    """`<blockquote>`."""
    text = text.strip(" \t\r\n")
    if "_inline" in parent_tags:
        return f" {text} "
    if not text:
        return "\n"
    inner = "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))
    return f"\n{inner}{'' if parent_tags & NESTING else END}\n\n"


def item_of(el: Tag, text: str) -> str:
    """`<li>`."""
    text = text.strip("\n")
    text = re.sub(r"^\\\[( |x)\\\]\s+", r"[\1] ", text)
    inner = indented(text)
    parent = el.parent.name if el.parent else ""
    if not text.strip():
        return ""
    if parent not in {"ul", "ol"}:  # an item outside a list
        return f"\n\n-   {inner.strip()}\n\n"
    is_loose = bool(el.find("p", recursive=False)) and len(el.find_all(recursive=False)) > 1
    return f"{ROW}{inner}\n" + ("\n" if is_loose else "")


def indented(text: str) -> str:
    """Indents every line except empty ones."""
    return "\n".join(f"{INDENT}{line}" if line else "" for line in text.split("\n"))


def table_of(el: Tag, text: str) -> str:
    """`<table>`, with its caption above it."""
    found = el.find("caption")
    words = escape_markdown(" ".join(found.get_text().split())) if isinstance(found, Tag) else ""
    caption = f"{words}\n\n" if words else ""
    rows = [row.split(CELL)[:-1] for row in text.split(ROW) if CELL in row]
    width = max((len(row) for row in rows), default=0)
    if not width:
        return f"\n\n{text.strip()}\n\n"
    first = el.find("tr")
    is_head = isinstance(first, Tag) and not first.find("td")
    if isinstance(first, Tag) and first.find_parent("thead"):
        is_head = True
    if not is_head:
        rows.insert(0, [""] * width)
    cells = first.find_all(["td", "th"]) if isinstance(first, Tag) else []
    lines = [_cells(row, width) for row in rows]
    lines.insert(1, _cells([_rule(cell) for cell in cells], width, "---"))
    return f"\n\n{caption}" + "\n".join(lines) + "\n\n"


def _cells(row: list[str], width: int, empty: str = "") -> str:
    filled = [*row, *[empty] * (width - len(row))]
    return f"| {' | '.join(filled)} |"


def _rule(cell: Tag) -> str:
    return {"left": ":---", "center": ":---:", "right": "---:"}.get(str(cell.get("align")), "---")


_NEXT_LIKE: Final = re.compile(rf"{END}\s*\n(?=>|-   |\d+\. )")
"""Two adjacent quotes or lists: without a separator Markdown joins them."""
_CODE_AS_BLOCK: Final = {"li", "blockquote", "dd", NOTE}


def markdown(soup: BeautifulSoup, raw: tuple[str, ...]) -> str:
    """The text as Markdown, with one newline at its end. `raw` holds the pieces that stay HTML."""
    text: str = _Writer(raw).convert_soup(soup)
    text = _NEXT_LIKE.sub("\n\n<!-- -->\n\n", text).replace(END, "")
    text = re.sub(r"[ \t]+\n\n", "\n\n", re.sub(r"\n{3,}", "\n\n", text))
    return f"{text.strip(chr(10))}\n" if text.strip() else ""


def _kept(name: str) -> Any:
    """A converter that keeps an inline tag, because Markdown has no syntax for it."""

    def convert(self: Any, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG001
        if not text.strip() or "_noformat" in parent_tags:
            return text
        title = str(el.get("title") or "").replace("&", "&amp;").replace('"', "&quot;")
        data = f' title="{title.replace("{", "&#123;")}"' if title else ""
        return f"<{name}{data}>{text}</{name}>"

    return convert


class _Writer(MarkdownConverter):
    """The converter. markdownify sets the names and parameters of its methods."""

    def __init__(self, raw: tuple[str, ...]) -> None:
        super().__init__(heading_style="atx", bullets="-", autolinks=False)
        self._raw = raw

    def escape(self, text: str, parent_tags: set[str]) -> str:
        found = escape_markdown(text)
        return found.replace("|", r"\|") if parent_tags & {"td", "th"} else found

    convert_sup = _kept("sup")
    convert_sub = _kept("sub")
    convert_u = _kept("u")
    convert_ins = _kept("ins")
    convert_mark = _kept("mark")
    convert_small = _kept("small")
    convert_abbr = _kept("abbr")
    convert_cite = _kept("cite")
    convert_q = _kept("q")
    convert_var = _kept("var")
    convert_dfn = _kept("dfn")
    convert_del = _kept("del")
    convert_s = _kept("del")
    convert_strike = _kept("del")

    def convert_kbd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return (
            text
            if "_noformat" in parent_tags
            else (f"<{el.name}>{escape_markdown(text)}</{el.name}>")
        )

    convert_samp = convert_kbd

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_noformat" in parent_tags:
            return text
        anchor = f'<a id="{quote(str(el["id"]), safe="")}"></a>' if el.get("id") else ""
        href = str(el.get("href") or "")
        words = " ".join(text.split())
        if not href or not words:
            return anchor + text
        space = text[:1] if text[:1].isspace() else "", text[-1:] if text[-1:].isspace() else ""
        return f"{anchor}{space[0]}[{words}]({escape_address(href)}{_title(el)}){space[1]}"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        alt = escape_markdown(" ".join(str(el.get("alt") or "").split()))
        return f"![{alt}]({escape_address(str(el['src']))}{_title(el)})" if el.get("src") else ""

    def convert_figure(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        """A picture with a plain caption gets it as its title, which pages show as caption."""
        pictures, caption = el.find_all("img"), el.find("figcaption")
        words = " ".join(caption.get_text().split()) if isinstance(caption, Tag) else ""
        has_more = " ".join(el.get_text().split()) != words
        if len(pictures) == 1 and not has_more and not el.find(["a", NOTE]):
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
            return "\n\n" + "\n".join(f"{INDENT}{line}".rstrip() for line in lines) + "\n\n"
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", code)), 3)
        return f"\n\n{fence}{language}\n{code}\n{fence}\n\n"

    def convert_list(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return list_of(el, text, parent_tags)

    def convert_blockquote(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return quote_of(text, parent_tags)

    convert_ul = convert_list
    convert_ol = convert_list

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return item_of(el, text)

    def convert_table(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return table_of(el, text)

    def convert_caption(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return ""

    def convert_tr(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"{text}{ROW}"

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"{' '.join(text.split())}{CELL}"

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
        return f"\n\n[^{el['n']}]: {indented(text.strip()).strip()}\n\n"


def _title(el: Tag) -> str:
    """The title in quotes. Replaces quotes inside it: Markdown engines end the title there."""
    words = " ".join(str(el.get("title") or "").split()).replace('"', "”").replace("{", "&#123;")
    return f' "{words}"' if words else ""


KNOWN: Final = frozenset(
    {name.removeprefix("convert_").replace("_", "-") for name in dir(_Writer)}
    | {f"h{level}" for level in range(1, 7)}
)
"""Tags that the converter can express in Markdown."""
