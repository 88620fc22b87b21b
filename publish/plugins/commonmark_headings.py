"""The headings of a text for `publish.plugins.commonmark`: their ids, and the extension `toc`."""

import html
import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import chain
from typing import Any, Final
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions.toc import TocTreeprocessor, remove_fnrefs, render_inner_html
from markdown.treeprocessors import Treeprocessor, UnescapeTreeprocessor

from publish.checks.heading_ids import HeadingIds, HeadingIdStyle, Slugify

_TAGS: Final = re.compile(
    '<!--.*?-->|<span class="MathJax_Preview">[^<]*</span>|<[^>]*>|[ \t]+(?=\n)', re.DOTALL
)
"""Tags, and blanks before a line end. Math with a preview has its formula twice."""
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PLAIN: Final = re.compile("[^<>&\n\x02\x03]*")
"""Words that are the same in HTML, and have no mark of Python-Markdown."""
_KNOWN: Final = ("markdown.", "pymdownx.", "publish.")
"""Packages whose processors change no such words, and do not ask for the contents list."""


def register_headings(md: Markdown, style: HeadingIdStyle | Slugify) -> None:
    """Adds ids to headings. Called when all extensions are loaded."""
    processors = chain(md.treeprocessors, md.postprocessors)
    are_known = all(type(processor).__module__.startswith(_KNOWN) for processor in processors)
    md.treeprocessors.register(_HeadingIds(md, style, are_known), "commonmark-heading-ids", 5.5)
    if are_known and "toc" in md.treeprocessors:
        toc = md.treeprocessors["toc"]
        if type(toc) is TocTreeprocessor:
            md.treeprocessors.register(_Contents(toc), "toc", 5)


class _HeadingIds(Treeprocessor):
    """Gives an id to each heading without one, before the extension `toc` would."""

    def __init__(self, md: Markdown, style: HeadingIdStyle | Slugify, are_known: bool) -> None:
        super().__init__(md)
        self._style = style
        self._are_known = are_known

    def run(self, root: Element) -> None:
        """Called when the texts are complete."""
        ids = HeadingIds(self._style, filter(None, (element.get("id") for element in root.iter())))
        for heading in root.iter():
            if heading.tag in _HEADINGS and "id" not in heading.attrib:
                heading.set("id", ids.new(self._text(heading)))

    def _text(self, heading: Element) -> str:
        """The words that readers see."""
        words = heading.text or ""
        if self._are_known and not len(heading) and _PLAIN.fullmatch(words):
            return words.strip()
        shown = deepcopy(heading)
        UnescapeTreeprocessor().run(shown)  # later, `\<` would look like a tag
        return html.unescape(_TAGS.sub("", render_inner_html(remove_fnrefs(shown), self.md)))


class _Contents(Treeprocessor):
    """Runs the extension `toc` for texts that show anything of it.

    It makes the list of all headings as HTML, which takes longer than to read a short text.
    """

    def __init__(self, toc: TocTreeprocessor) -> None:
        super().__init__(toc.md)
        self._toc = toc
        has_permalinks = toc.use_permalinks not in {False, None}
        self._changes_headings = bool(toc.base_level or toc.use_anchors or has_permalinks)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._toc, name)

    def run(self, root: Element) -> None:
        """Called when each heading has an id."""
        if self._changes_headings or any(self._uses(root)):
            self._toc.run(root)

    def _uses(self, root: Element) -> Iterator[bool]:
        marker, is_heading = self._toc.marker, self._toc.header_rgx.match
        for element in root.iter():
            yield "data-toc-label" in element.attrib
            yield "id" not in element.attrib and is_heading(str(element.tag)) is not None
            yield bool(marker) and marker in (element.text or "")
