"""A Markdown extension for tables, captions, task lists and notes.

| a | table |            goes into a region that scrolls sideways on a phone
![what it shows](x.png "The caption")    alone in its paragraph: a figure with that caption
- [ ] open, - [x] done          a task list: disabled checkboxes
!!! warning "Its title"         a note by Python-Markdown's `admonition`; it gets `role="note"` here

Its words, and the titles of alerts and notes that have none of their own, are English. The
configuration `words` has other ones: `{"Note": "Hinweis", "Table": "Tabelle"}`.
"""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE

_TASK = re.compile(r"\s*\[([ xX])\][ \t\n]+")


class _Prose(Treeprocessor):
    def __init__(self, md: Markdown, words: Mapping[str, str]) -> None:
        super().__init__(md)
        self._words = words

    def _word(self, english: str) -> str:
        return self._words.get(english, english)

    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for place, child in enumerate(list(parent)):
                if child.tag == "table":
                    parent[place] = _region(child, self._word("Table"))
                elif child.tag == "p" and _is_captioned_picture(child):
                    _make_figure(child)
                elif child.tag == "li":
                    _make_task(child, self._word("To do"), self._word("Done"))
                elif child.tag == "div" and "admonition" in child.get("class", "").split():
                    child.set("role", "note")
                    self._translate_title(child)

    def _translate_title(self, note: Element) -> None:
        """Replaces a title that is the kind of the note, such as Warning."""
        title = note[0] if len(note) else note
        text, kinds = title.text or "", note.get("class", "").split()
        if title.get("class") == "admonition-title" and text.lower() in kinds:
            title.text = self._word(text)


def _region(table: Element, name: str) -> Element:
    """A region with a name that the keyboard can reach and scroll, with the table inside."""
    for heading in list(table.iter("th")):
        if len(heading) or (heading.text or "").strip():
            heading.set("scope", "col")
        else:  # an empty corner is no heading of anything
            heading.tag = "td"
    region = Element("div", {"class": "table", "role": "region", "tabindex": "0"})
    texts = ("".join(heading.itertext()) for heading in table.iter("th"))
    names = (HTML_PLACEHOLDER_RE.sub("", text).strip() for text in texts)
    region.set("aria-label", f"{name}: {', '.join(filter(None, names))}")
    region.tail, table.tail = table.tail, None
    region.append(table)
    return region


def _is_captioned_picture(paragraph: Element) -> bool:
    has_one_child = len(paragraph) == 1 and not (paragraph.text or "").strip()
    picture = paragraph[0] if has_one_child else None
    return (
        picture is not None
        and picture.tag == "img"
        and bool(picture.get("title"))
        and not (picture.tail or "").strip()
    )


def _make_figure(paragraph: Element) -> None:
    picture = paragraph[0]
    paragraph.tag = "figure"
    SubElement(paragraph, "figcaption").text = picture.attrib.pop("title")


def _make_task(item: Element, to_do: str, done: str) -> None:
    """Replaces `[ ]` or `[x]` at the start of a list item with a checkbox."""
    has_paragraph = not (item.text or "").strip() and len(item) and item[0].tag == "p"
    parent = item[0] if has_paragraph else item
    task = _TASK.match(parent.text or "")
    if task:
        is_done = task[1] != " "
        box = Element("input", {"type": "checkbox", "disabled": "disabled"})
        box.set("aria-label", done if is_done else to_do)
        if is_done:
            box.set("checked", "checked")
        box.tail, parent.text = f" {(parent.text or '')[task.end() :]}", None
        parent.insert(0, box)
        item.set("class", "task")


class ProseExtension(Extension):
    """Runs after inline patterns (priority 20) and attribute lists (8), which complete pictures."""

    def __init__(self, **kwargs: object) -> None:
        self.config = {"words": [{}, "Words in the site's language, by the English ones"]}
        super().__init__(**kwargs)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that Python-Markdown calls
        md.treeprocessors.register(_Prose(md, self.getConfig("words")), "gatepost-prose", 4)


def makeExtension(**kwargs: object) -> ProseExtension:  # noqa: N802 - the name that Python-Markdown calls
    """Called by Python-Markdown to load the extension."""
    return ProseExtension(**kwargs)
