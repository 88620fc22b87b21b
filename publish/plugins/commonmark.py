"""A Markdown extension: texts are CommonMark with GitHub's additions, and extensions keep working.

Python-Markdown alone reads lists, code and links by rules of its own, which differ from what GitHub
and editors show. A parser of CommonMark alone would lose notes, attribute lists, form tags and all
other extensions. So pyromark, by `publish.checks.commonmark`, decides the structure, and the rest
is Python-Markdown's. `commonmark_blocks` takes the place of its `parseChunk` and makes its tree,
`commonmark_inline` makes elements of each text in it. Block processors of other extensions get each
paragraph, their inline patterns each text, tree- and postprocessors everything. `check` reads the
same events, so that the page is what was checked.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from string import punctuation
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown, util
from markdown.extensions import Extension
from markdown.extensions.toc import slugify
from markdown.preprocessors import Preprocessor
from pygments import plugin

from capture.errors import Refused
from publish.checks.commonmark import ATTRIBUTE_LIST, read_blocks
from publish.checks.cuts import Cut
from publish.checks.heading_ids import (
    DEFAULT_STYLE,
    HeadingIdStyle,
    Slugify,
    heading_id_style,
)
from publish.checks.math import show_marks
from publish.checks.notes import Syntax, with_body_apart
from publish.checks.raw_html import open_comment, open_tag
from publish.plugins.commonmark_blocks import Tree, append_text
from publish.plugins.commonmark_footnotes import add_note, register_footnotes
from publish.plugins.commonmark_headings import register_headings
from publish.plugins.commonmark_inline import register_inline
from publish.plugins.commonmark_marks import register_marks
from publish.plugins.commonmark_syntax import (
    MATH_PROCESSOR,
    NOTE_PROCESSORS,
    find_registered,
    syntax_of,
)

_CORE_BLOCKS: Final = (
    *("empty", "indent", "code", "hashheader", "setextheader", "hr", "olist", "ulist", "quote"),
    *("reference", "paragraph", "table", "footnote", "defindent", "deflist"),
)
"""Block processors whose work is done here."""
_HIGHLIGHTERS: Final = ("indent-highlight", "hilite")
_FENCE: Final = re.compile(r"~+")
_LANGUAGE: Final = re.compile(r"[\w#.+-]+")
_ALIGNMENT: Final = {"Left": "left", "Center": "center", "Right": "right"}


class _NormalizeLines(Preprocessor):
    """Replaces Python-Markdown's: line ends become `\\n`, but tabs stay."""

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines).replace(util.STX, "").replace(util.ETX, "").replace("\0", "\ufffd")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class _Bypass(Preprocessor):
    """Stands for a preprocessor that runs for single blocks only; extensions look it up by name."""

    def __init__(self, replaced: Preprocessor) -> None:
        super().__init__(replaced.md)
        self._replaced = replaced

    def __getattr__(self, name: str) -> Any:
        return getattr(self._replaced, name)

    def run(self, lines: list[str]) -> list[str]:
        return lines

    def run_on(self, text: str) -> list[str]:
        """What the replaced preprocessor makes of a part of the text."""
        return self._replaced.run(text.split("\n"))


class _BlockReader:
    """Takes the place of the methods of Python-Markdown's block parser, with its processors."""

    def __init__(self, md: Markdown) -> None:
        self.md = md
        self.processors = md.parser.blockprocessors
        ours = [
            self.processors[name]
            for name in (*_CORE_BLOCKS, *NOTE_PROCESSORS.values(), "blocks", MATH_PROCESSOR)
            if name in self.processors
        ]
        self._others = [processor for processor in self.processors if processor not in ours]
        self._math = find_registered(self.processors, MATH_PROCESSOR)
        self.syntax = syntax_of(md)
        tables = find_registered(self.processors, "table")
        self._has_align = tables is None or bool(tables.config.get("use_align_attribute"))
        self._footnotes: dict[str, Element] = {}
        self._depth = 0  # the notes around the text that is read
        md.parser.parseChunk = self.add_chunk  # type: ignore[method-assign]
        md.parser.parseBlocks = self.add_blocks  # type: ignore[method-assign]

    def reset(self) -> None:
        """Forgets the text before."""
        self._footnotes.clear()
        self._depth = 0

    def add_chunk(self, parent: Element, text: str, *, is_in_html: bool = False) -> None:
        """Adds the blocks of a text to an element."""
        holder = self._footnotes.pop(text, None)
        if holder is not None:
            parent.extend(list(holder))
            return
        blocks = read_blocks(text, self.syntax, self._depth, is_in_html=is_in_html)
        for label, address, title, _ in blocks.definitions():
            self.md.references.setdefault(label, (address, title))
        Tree(self, blocks).fill(parent)

    def add_blocks(self, parent: Element, blocks: list[str]) -> None:
        """Adds blocks to an element; called by processors of other extensions."""
        text = "\n\n".join(blocks)
        blocks.clear()
        self.add_chunk(parent, text)

    def add_text(self, parent: Element, text: str, *, is_tight: bool = False) -> None:
        """Adds a paragraph, or what a processor of another extension makes of it.

        In a tight list item a text has no element of its own.
        """
        rest = [text]
        if self._math and self._math.test(parent, shown := show_marks(text)):
            self._math.run(parent, [shown])
            return
        while rest:
            for processor in self._others:
                if processor.test(parent, rest[0]) and processor.run(parent, rest) is not False:
                    break
            else:
                append_text(parent, rest.pop(0), is_tight=is_tight)

    def add_html(self, parent: Element, html: str) -> None:
        """Adds raw HTML."""
        html = html.lstrip()
        if open_comment(html) is not None:
            html = f"{html.rstrip()}\n-->"  # it would hide the rest of the page
        if (tag := open_tag(html)) is not None:  # the next element would become its attributes
            html = f"{html[:tag]}&lt;{html[tag + 1 :]}"
        placeholder = self.md.htmlStash.store(html)
        raw_html: Any = self.md.postprocessors["raw_html"]
        if parent.text or len(parent):
            append_text(parent, "\n", is_tight=True)
        if raw_html.isblocklevel(html):
            SubElement(parent, "p").text = placeholder
        else:  # Python-Markdown would put it into a paragraph
            append_text(parent, f"{placeholder}\n", is_tight=True)

    def add_code(self, parent: Element, code: str) -> None:
        """Adds an indented code block; a highlighter that works on the tree colours it."""
        holder = Element("div")
        block = SubElement(SubElement(holder, "pre"), "code")
        block.text = util.AtomicString(util.code_escape(code.rstrip("\n") + "\n"))
        for name in _HIGHLIGHTERS:  # now: they would drop a text that follows in a tight list item
            if name in self.md.treeprocessors:
                self.md.treeprocessors[name].run(holder)
        parent.extend(list(holder))

    def add_fence(self, parent: Element, info: str, code: str) -> None:
        """Adds a fenced code block, made by the extension that is registered for it."""
        fences = find_registered(self.md.preprocessors, "fenced_code_block")
        if not isinstance(fences, _Bypass):
            self.add_code(parent, code)
            return
        mark = "~" * max(3, 1 + max(map(len, _FENCE.findall(code)), default=0))
        language = _LANGUAGE.match(info)
        body = code if code.endswith("\n") or not code else f"{code}\n"
        for header in (info, language[0] if language else "", ""):
            lines = fences.run_on(f"{mark}{header}\n{body}{mark}")
            made = "\n".join(lines).strip("\n")
            if util.HTML_PLACEHOLDER_RE.fullmatch(made):
                SubElement(parent, "p").text = made
                return
        self.add_code(parent, code)

    def add_footnote(self, parent: Element, label: str, holder: Element) -> None:
        """Keeps the blocks of a footnote until its extension asks for them."""
        if "footnote" not in self.processors:
            parent.extend(list(holder))
            return
        token = f"{util.STX}footnote:{len(self._footnotes)}{util.ETX}"
        processor: Any = self.processors["footnote"]
        if add_note(processor.footnotes, label, token, holder):
            self._footnotes[token] = holder

    def alignment(self, column: str) -> dict[str, str]:
        """The attribute of a table's cell."""
        if column not in _ALIGNMENT:
            return {}
        align = _ALIGNMENT[column]
        return {"align": align} if self._has_align else {"style": f"text-align: {align};"}

    def add_cut(self, parent: Element, cut: Cut) -> None:
        """Adds a note, or HTML with Markdown inside."""
        self._depth += cut.mark is not None
        match cut.mark:
            case None if cut.is_raw:
                self.add_html(parent, cut.source)
            case None:
                self._add_markdown_in_html(parent, cut)
            case "///":
                blocks = self.processors["blocks"]
                source = with_body_apart(cut.source)
                blocks.test(parent, source)  # prepares `run`
                blocks.run(parent, [source])
            case _:
                self._add_note(parent, cut.source)
        self._depth -= cut.mark is not None

    def _add_markdown_in_html(self, parent: Element, cut: Cut) -> None:
        source = cut.source
        if box := cut.box():
            element = SubElement(parent, box.tag, dict(box.attributes))
            self.add_chunk(element, box.body, is_in_html=True)
            source = box.rest
        else:
            for name in ("fenced_code_block", "html_block"):
                if isinstance(bypass := find_registered(self.md.preprocessors, name), _Bypass):
                    source = "\n".join(bypass.run_on(source))
        self.add_chunk(parent, source)

    def _add_note(self, parent: Element, source: str) -> None:
        blocks = [source]
        for name in NOTE_PROCESSORS.values():
            if name in self.processors:
                processor = self.processors[name]
                if processor.test(parent, source) and processor.run(parent, blocks) is not False:
                    return
        header, _, body = source.partition("\n")
        self.add_text(parent, header)
        self.add_code(parent, "\n".join(line[4:] for line in body.split("\n")))


class CommonMarkExtension(Extension):
    """Takes over when all extensions are known, at the first `reset`."""

    def __init__(self, heading_ids: HeadingIdStyle = DEFAULT_STYLE) -> None:
        super().__init__()
        self._heading_ids = heading_ids
        self._reader: _BlockReader | None = None

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that Python-Markdown calls
        self._md = md
        md.registerExtension(self)
        md.ESCAPED_CHARS = list(punctuation)

    def reset(self) -> None:
        """Called by Python-Markdown before each text, and when it is ready for the first one."""
        md = self._md
        if self._reader is None:
            md.preprocessors.register(_NormalizeLines(md), "normalize_whitespace", 30)
            for name, priority in (("fenced_code_block", 25), ("html_block", 20)):
                if name in md.preprocessors:
                    md.preprocessors.register(_Bypass(md.preprocessors[name]), name, priority)
            self._reader = _BlockReader(md)
            register_inline(md, self._reader.syntax.math)
            register_marks(md)
            _limit_attribute_lists(md)
            _remember_plugins_of_pygments()
            if "footnote" in self._reader.processors:
                footnotes: Any = self._reader.processors["footnote"]
                register_footnotes(md, footnotes.footnotes)
            register_headings(md, _slugify_of(md) or self._heading_ids)
        self._reader.reset()


def _limit_attribute_lists(md: Markdown) -> None:
    """Only `{#id}`, `{.class}`, `{name=value}` and `{: ...}` are lists; `{word}` is shown."""
    lists: Any = find_registered(md.treeprocessors, "attr_list")
    if lists is not None:
        pattern = rf"{ATTRIBUTE_LIST}([^}}\n ][^\n]*)\}}"
        lists.HEADER_RE = re.compile(rf"[ ]+{pattern}[ ]*$")
        lists.BLOCK_RE = re.compile(rf"\n[ ]*{pattern}[ ]*$")
        lists.INLINE_RE = re.compile(rf"^{pattern}")


def _remember_plugins_of_pygments() -> None:
    """Pygments reads all installed packages again for each block in a language it does not know."""
    if not hasattr(plugin.iter_entry_points, "cache_info"):
        plugin.iter_entry_points = cache(plugin.iter_entry_points)


def makeExtension(**kwargs: Any) -> CommonMarkExtension:  # noqa: N802 - the name that Python-Markdown calls
    """Called by Python-Markdown to load the extension."""
    return CommonMarkExtension(**kwargs)


def make_markdown(settings: Mapping[str, Any]) -> Markdown:
    """Python-Markdown with Pelican's settings and this extension, whether they name it or not."""
    markdown = dict(settings["MARKDOWN"])
    named = [*markdown.get("extensions", ()), *markdown.get("extension_configs", ())]
    extensions = [name for name in dict.fromkeys(named) if name != __name__]
    heading_ids = heading_id_style(settings.get("HEADING_IDS", DEFAULT_STYLE))
    markdown["extensions"] = [CommonMarkExtension(heading_ids), *extensions]
    made = Markdown(**markdown)
    # All extensions have added theirs. Python-Markdown looks for each element of a text in it.
    made.block_level_elements = frozenset(made.block_level_elements)  # type: ignore[assignment]
    return made


class TextConverter:
    """Converts one text after another. Raises what Markdown and its extensions raise."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._markdown: Markdown | None = None

    def html(self, text: str) -> str:
        """The HTML of a text without front matter."""
        # A converter that raised is dropped: its state is unknown.
        markdown, self._markdown = self._markdown or make_markdown(self._settings), None
        # The empty line keeps Markdown's own meta extension from finding front matter.
        converted: str = markdown.reset().convert(f"\n{text}")
        self._markdown = markdown
        return converted


def _slugify_of(md: Markdown) -> Slugify | None:
    """How the site's settings of the extension `toc` make ids, if they say so."""
    toc = find_registered(md.treeprocessors, "toc")
    if toc is None or toc.slugify is slugify:
        return None
    return lambda text: str(toc.slugify(text, toc.sep))


def site_syntax(settings: Mapping[str, Any]) -> Syntax:
    """What the Markdown of a site knows. Raises `Refused` for settings that do not work."""
    try:
        markdown = make_markdown(settings)
    except (ImportError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"MARKDOWN: {error}") from error
    style = heading_id_style(settings.get("HEADING_IDS", DEFAULT_STYLE))
    return replace(syntax_of(markdown), heading_ids=_slugify_of(markdown) or style)
