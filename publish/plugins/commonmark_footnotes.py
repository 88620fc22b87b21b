"""The footnotes of `publish.plugins.commonmark`, as GitHub shows them.

Python-Markdown's extension makes the elements. This module finds notes whose label differs in case,
orders and numbers the notes by their first reference, and leaves out those without one. `check`
reports these.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown, util
from markdown.extensions.footnotes import (
    NBSP_PLACEHOLDER,
    FootnoteExtension,
    FootnoteInlineProcessor,
)
from markdown.treeprocessors import Treeprocessor

from publish.checks.commonmark import FOOTNOTE_LABEL, footnote_key

_REFERENCE: Final = rf"\[\^({FOOTNOTE_LABEL})\]"


def register_footnotes(md: Markdown, footnotes: FootnoteExtension) -> None:
    """Replaces the parts of the extension that this module does in another way."""
    md.inlinePatterns.register(_Reference(_REFERENCE, footnotes), "footnote", 175)
    md.treeprocessors.deregister("footnote-reorder", strict=False)
    md.treeprocessors.register(_Notes(md, footnotes), "footnote-duplicate", 15)


def add_note(footnotes: FootnoteExtension, label: str, token: str, blocks: Element) -> bool:
    """Keeps a note for the extension, which asks for its blocks by the token.

    False if the label has a note already. The link back to the text has a paragraph of its own
    after code and HTML.
    """
    key = footnote_key(label)
    if key in footnotes.footnotes:
        return False
    footnotes.setFootnote(key, token)
    last = blocks[-1] if len(blocks) else SubElement(blocks, "p")
    if util.HTML_PLACEHOLDER_RE.fullmatch((last.text or "").strip()):
        last = SubElement(blocks, "p")
    last.text = last.text or ""
    return True


class _Reference(FootnoteInlineProcessor):
    """Makes a reference of `[^label]`; `_Notes` numbers it."""

    first_mark = "["
    """The character with which each match begins."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the name that Python-Markdown calls
        self,
        m: re.Match[str],
        data: str,  # noqa: ARG002
    ) -> tuple[Element | None, int | None, int | None]:
        key = footnote_key(m[1])
        if key not in self.footnotes.footnotes:
            return None, None, None
        reference = Element("sup", {"id": _next_reference_id(self.footnotes, key)})
        address = f"#{self.footnotes.makeFootnoteId(key)}"
        SubElement(reference, "a", {"class": "footnote-ref", "href": address})
        return reference, m.start(0), m.end(0)


def _next_reference_id(footnotes: FootnoteExtension, key: str) -> str:
    """An id as the extension makes it, which itself tries each number from 2 for each reference."""
    first = footnotes.makeFootnoteRefId(key)
    number = footnotes.found_refs[first] = footnotes.found_refs.get(first, 0) + 1
    if number == 1:
        return first
    name, separator, label = first.partition(footnotes.get_separator())
    return f"{name}{number}{separator}{label}"


class _Notes(Treeprocessor):
    """Orders and numbers the notes, and links each one back to all its references."""

    def __init__(self, md: Markdown, footnotes: FootnoteExtension) -> None:
        super().__init__(md)
        self._footnotes = footnotes

    def run(self, root: Element) -> None:
        """Called when all references are elements."""
        place = next(
            ((parent, div) for parent in root.iter() for div in parent if _is_of_notes(div)), None
        )
        if place is None:
            return
        parent, div = place
        notes = div[-1]
        by_address = {f"#{note.get('id')}": note for note in notes}
        order = self._order(root, div, by_address)
        notes[:] = [by_address[address] for address in order]
        for number, references in enumerate(order.values(), start=1):
            self._number(notes[number - 1], number, references)
        if not order:
            parent.remove(div)

    def _order(
        self, root: Element, div: Element, by_address: dict[str, Element]
    ) -> dict[str, list[Element]]:
        """The references to each note, first those in the text, then those in the notes."""
        order: dict[str, list[Element]] = {}
        todo = [root]
        for part in todo:
            for reference in _references(part, div):
                address = reference[0].get("href", "")
                if address not in by_address:
                    continue
                if address not in order:
                    todo.append(by_address[address])
                order.setdefault(address, []).append(reference)
        return order

    def _number(self, note: Element, number: int, references: list[Element]) -> None:
        text: Any = self._footnotes.getConfig("SUPERSCRIPT_TEXT")
        title: Any = self._footnotes.getConfig("BACKLINK_TITLE")
        back = note[-1][-1]
        back.set("title", title.format(number))
        if len(note[-1]) == 1 and note[-1].text == NBSP_PLACEHOLDER:
            note[-1].text = None
        note[-1].remove(back)
        for reference in references:
            reference[0].text = text.format(number)
            link = copy.deepcopy(back)
            link.set("href", f"#{reference.get('id')}")
            note[-1].append(link)


def _is_of_notes(element: Element) -> bool:
    is_footnote = element.tag == "div" and element.get("class") == "footnote"
    return is_footnote and [child.tag for child in element] == ["hr", "ol"]


def _references(part: Element, notes: Element) -> Iterator[Element]:
    """The references in a part of the page, without those in the notes."""
    for child in part:
        if child is notes:
            continue
        if child.tag == "sup" and len(child) == 1 and child[0].get("class") == "footnote-ref":
            yield child
        else:
            yield from _references(child, notes)
