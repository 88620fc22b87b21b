"""A Markdown extension for tables, captions, task lists and notes.

| a | table |            goes into a region that scrolls sideways on a phone
![what it shows](x.png "The caption")    alone in its paragraph: a figure with that caption
- [ ] open, - [x] done          a task list: disabled checkboxes
!!! warning "Its title"         a note by Python-Markdown's `admonition`; it gets `role="note"` here
"""

import re
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

_TASK = re.compile(r"\s*\[([ xX])\]\s+")


class _Prose(Treeprocessor):
    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for place, child in enumerate(list(parent)):
                if child.tag == "table":
                    parent[place] = _region(child)
                elif child.tag == "p" and _is_captioned_picture(child):
                    _make_figure(child)
                elif child.tag == "li":
                    _make_task(child)
                elif child.tag == "div" and "admonition" in child.get("class", "").split():
                    child.set("role", "note")


def _region(table: Element) -> Element:
    """A region that the keyboard can reach and scroll, with the table inside."""
    for heading in list(table.iter("th")):
        if len(heading) or (heading.text or "").strip():
            heading.set("scope", "col")
        else:  # an empty corner is no heading of anything
            heading.tag = "td"
    region = Element("div", {"class": "table", "role": "region", "tabindex": "0"})
    names = ("".join(heading.itertext()).strip() for heading in table.iter("th"))
    region.set("aria-label", "Table: " + ", ".join(name for name in names if name))
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


def _make_task(item: Element) -> None:
    """Replaces `[ ]` or `[x]` at the start of a list item with a checkbox."""
    has_paragraph = not (item.text or "").strip() and len(item) and item[0].tag == "p"
    parent = item[0] if has_paragraph else item
    task = _TASK.match(parent.text or "")
    if task:
        is_done = task[1] != " "
        box = Element("input", {"type": "checkbox", "disabled": "disabled"})
        box.set("aria-label", "Done" if is_done else "To do")
        if is_done:
            box.set("checked", "checked")
        box.tail, parent.text = f" {(parent.text or '')[task.end() :]}", None
        parent.insert(0, box)
        item.set("class", "task")


class ProseExtension(Extension):
    """Runs after inline patterns (priority 20) and attribute lists (8), which complete pictures."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that Python-Markdown calls
        md.treeprocessors.register(_Prose(md), "gatepost-prose", 4)


def makeExtension(**kwargs: object) -> ProseExtension:  # noqa: N802 - the name that Python-Markdown calls
    """Called by Python-Markdown to load the extension."""
    return ProseExtension(**kwargs)
