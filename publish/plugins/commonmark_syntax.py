"""What the extensions of a converter of Python-Markdown add to CommonMark."""

import re
from functools import partial
from typing import Any, Final
from xml.etree.ElementTree import Element

from markdown import Markdown, util
from markdown.extensions.md_in_html import MarkdownInHtmlProcessor

from publish.checks.math import Math
from publish.checks.notes import Content, NoteMark, Syntax, with_body_apart

NOTE_PROCESSORS: Final[dict[NoteMark, str]] = {
    "!!!": "admonition",
    "???": "details",
    "===": "tabbed",
}
"""Block processors of notes with an indented body."""
MATH_PROCESSOR: Final = "arithmatex-block"


def find_registered(registry: util.Registry[Any], name: str) -> Any:
    """What an extension registered under a name; None without one."""
    return registry[name] if name in registry else None  # noqa: SIM401 - it is no dictionary


def syntax_of(md: Markdown) -> Syntax:
    """What the extensions of a converter add to CommonMark. Ids of headings are the default's."""
    processors = md.parser.blockprocessors
    blocks = find_registered(processors, "blocks")
    return Syntax(
        notes=frozenset(mark for mark, name in NOTE_PROCESSORS.items() if name in processors),
        blocks=frozenset(blocks.blocks) if blocks else frozenset(),
        content_of_block=partial(_content_of_block, blocks),
        has_markdown_in_html=any(
            isinstance(processor, MarkdownInHtmlProcessor) for processor in processors
        ),
        math=_math_of(md),
    )


def _math_of(md: Markdown) -> Math | None:
    inline: Any = find_registered(md.inlinePatterns, "arithmatex-inline")
    block: Any = find_registered(md.parser.blockprocessors, MATH_PROCESSOR)
    if inline is None and block is None:
        return None
    return Math(
        inline and inline.compiled_re,
        block and re.compile(rf"{block.pattern.pattern.removesuffix('$')}(?=\n|\Z)"),
    )


def _content_of_block(blocks: Any, head: str) -> Content | None:
    is_right = blocks.test(Element("div"), with_body_apart(head))
    found, blocks.cached_block = blocks.cached_block, None  # it would be used for the next block
    if not is_right:
        return None
    block = found[0]
    element = Element(getattr(block, "tag", "div"))  # `html` alone makes others
    mode = block.on_markdown()
    if mode == "raw" or (mode == "auto" and blocks.is_raw(element)):
        return "raw"
    return "blocks" if mode == "block" or blocks.is_block(element) else "words"
