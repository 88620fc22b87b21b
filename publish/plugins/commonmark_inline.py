"""The inline part of `publish.plugins.commonmark`: emphasis, code, links, raw HTML in texts."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeGuard
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown, util
from markdown.inlinepatterns import (
    AUTOMAIL_RE,
    AutomailInlineProcessor,
    BacktickInlineProcessor,
    EscapeInlineProcessor,
)
from markdown.inlinepatterns import InlineProcessor as InlinePattern
from markdown.treeprocessors import InlineProcessor, Treeprocessor

from publish.checks.bare_links import find_bare_links
from publish.checks.commonmark import (
    BLANKS,
    MAX_DEPTH,
    reference_key,
    split_event,
    with_hidden_math,
)
from publish.checks.commonmark_inline import code_text, read_inline
from publish.checks.html_tags import depends_on_text, is_html
from publish.checks.math import HIDDEN_MARK, Math, show_marks
from publish.plugins.commonmark_marks import has_subscript

_CORE_PATTERNS: Final = (
    "reference", "link", "image_link", "image_reference", "short_reference",
    "short_image_ref", "autolink", "automail", "linebreak", "html", "entity",
)  # fmt: skip
_TAGS: Final = {"Emphasis": "em", "Strong": "strong", "Strikethrough": "del"}
_SPECIAL: Final = re.compile(rf"[\\`*_~\[\]<&@]|://|www\.|  \n|{HIDDEN_MARK}")
"""What a text contains that is more than words."""
_BLANK_LINES: Final = re.compile(r"(\n[ \t]*\n[ \t\n]*)")
_GROUP: Final = 100
_WIDE_BLANK: Final = re.compile(rf"[^{BLANKS}]")
_AMPERSAND: Final = f"{util.AMP_SUBSTITUTE}amp;"
_ENTITIES: Final = {"&": _AMPERSAND, "<": f"{util.AMP_SUBSTITUTE}lt;"}
"""Escaped characters with a meaning in HTML, which heading ids are made of."""
_MAIL: Final = re.compile(AUTOMAIL_RE)
_SMARTY_MARKS: Final = {
    "smarty-quotes-0": "\"'",
    "smarty-en-dashes": "-",
    "smarty-ellipses": ".",
    "smarty-left-angle-quotes": "<>",
}
"""Characters that the patterns of the extension `smarty` look for, by the first of each kind."""


def register_inline(md: Markdown, math: Math | None) -> None:
    """Replaces Python-Markdown's own inline patterns; those of other extensions stay."""
    patterns = md.inlinePatterns
    for name in _CORE_PATTERNS:
        patterns.deregister(name, strict=False)
    is_code_ours = "backtick" in patterns and type(patterns["backtick"]) is BacktickInlineProcessor
    if is_code_ours:
        patterns.deregister("backtick")
    if "escape" in patterns and type(patterns["escape"]) is EscapeInlineProcessor:
        patterns.deregister("escape")
    if md.delimiters is not None:
        md.delimiters.remove("*")
        md.delimiters.remove("_")
        if not md.delimiters.tokens:
            patterns.deregister("em_strong", strict=False)
    md.treeprocessors.register(_Texts(md, is_code_ours, math), "commonmark-inline", 21)
    _replace_processor(md, "inline", 20)
    md.treeprocessors.register(_KeptBlanks(md), "commonmark-blanks", 10.5)
    if "smarty" in md.treeprocessors:
        smarty: Any = md.treeprocessors["smarty"]
        known = (m for name, m in _SMARTY_MARKS.items() if name in smarty.inlinePatterns)
        _replace_processor(md, "smarty", 6, "".join(known))


def _replace_processor(md: Markdown, name: str, priority: int, marks: str = "") -> None:
    processor = md.treeprocessors[name]
    assert isinstance(processor, InlineProcessor)  # noqa: S101 - so is smarty's
    md.treeprocessors.register(_MatchingTexts(md, processor, marks), name, priority)


class _Texts(Treeprocessor):
    """Makes elements of every text of the tree, before the patterns of other extensions run."""

    def __init__(self, md: Markdown, is_code_ours: bool, math: Math | None) -> None:
        super().__init__(md)
        self._math = math
        self._is_code_ours = is_code_ours
        self._has_subscript = has_subscript(md)

    def run(self, root: Element) -> None:
        for element in list(root.iter()):
            children: list[Element] = []
            if _is_markdown(element.text):
                element.text, made = self._read(element.text)
                children += made
            for child in element:
                children.append(child)
                if _is_markdown(child.tail):
                    child.tail, made = self._read(child.tail)
                    children += made
            if len(children) > len(element):
                element[:] = children

    def _read(self, text: str) -> tuple[str, list[Element]]:
        """The words before the first element, and the elements."""
        pieces = _Pieces(self.md, self._is_code_ours, self._has_subscript)
        for part in _BLANK_LINES.split(text):
            words = part.strip(BLANKS)
            if words:
                start = part.index(words)
                pieces.add_text(part[:start])
                pieces.add_markdown(with_hidden_math(words, self._math))
                pieces.add_text(part[start + len(words) :])
            else:
                pieces.add_text(part)
        return pieces.made()


def _is_markdown(text: str | None) -> TypeGuard[str]:
    return (
        text is not None
        and not isinstance(text, util.AtomicString)
        and _SPECIAL.search(text) is not None
    )


class _InGroups(Treeprocessor):
    """Runs an `InlineProcessor` on elements with few children each.

    It searches each child in the list of all, so a long paragraph with many of them took minutes.
    """

    def __init__(self, md: Markdown, processor: InlineProcessor) -> None:
        super().__init__(md)
        self._processor = processor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._processor, name)

    def run(self, root: Element) -> None:
        """Puts the children into groups meanwhile, which are elements of the same kind."""
        grouped = [element for element in root.iter() if len(element) > _GROUP]
        for element in grouped:
            children = list(element)
            element[:] = [Element(element.tag) for _ in range(0, len(children), _GROUP)]
            for place, group in enumerate(element):
                group[:] = children[place * _GROUP : (place + 1) * _GROUP]
        self._processor.run(root)
        for element in grouped:
            element[:] = [child for group in element for child in group]


class _MatchingTexts(_InGroups):
    """Applies inline patterns to the texts in which one of them finds something.

    Python-Markdown takes each text apart for them, which is a quarter of the time of a conversion.
    """

    def __init__(self, md: Markdown, processor: InlineProcessor, marks: str) -> None:
        """With `marks`, a text without them has nothing that the patterns find."""
        super().__init__(md, processor)
        self._marks = marks

    def run(self, root: Element) -> None:
        """Hides the other texts as atomic strings meanwhile."""
        marks = self._all_marks()
        if marks and not any(map("".join(root.itertext()).__contains__, marks)):
            return
        searches: list[Callable[[str], object]] = list(self._searches())
        if marks:
            searches = [re.compile(f"[{re.escape(marks)}]").search]
        others: list[tuple[Element, str, str]] = []
        has_match = False
        for element in root.iter():
            for place, text in (("text", element.text), ("tail", element.tail)):
                if text and not isinstance(text, util.AtomicString):
                    if any(search(text) for search in searches):
                        has_match = True
                    else:
                        others.append((element, place, text))
        if has_match:
            for element, place, text in others:
                setattr(element, place, util.AtomicString(text))
            super().run(root)
            for element, place, text in others:
                setattr(element, place, text)

    def _all_marks(self) -> str:
        """Characters without which no pattern finds anything; empty if they are not known."""
        patterns: Any = self._processor.inlinePatterns
        marks = [getattr(pattern, "first_mark", "") for pattern in patterns]
        return self._marks or ("".join(marks) if all(marks) else "")

    def _searches(self) -> Iterator[Callable[[str], object]]:
        """How each pattern searches a text."""
        patterns: Any = self._processor.inlinePatterns
        for pattern in patterns:
            compiled = pattern.getCompiledRegExp()
            yield compiled.search if isinstance(pattern, InlinePattern) else compiled.match


class _KeptBlanks(Treeprocessor):
    """Keeps texts of wide spaces and the like: Python-Markdown would take them for line ends.

    They are written as escaped characters, which are shown again at the end.
    """

    def run(self, root: Element) -> None:
        """Called before `prettify`."""
        for element in root.iter():
            if (tail := element.tail) and tail.isspace():
                element.tail = _kept(tail)
            if (text := element.text) and text.isspace() and element.tag != "code":
                element.text = _kept(text)


def _kept(text: str) -> str:
    return _WIDE_BLANK.sub(lambda blank: f"{util.STX}{ord(blank[0])}{util.ETX}", text)


class _MailLink(AutomailInlineProcessor):
    """Disguises a mail address."""

    def unescape(self, text: str) -> str:
        """The address itself: it holds no marks of other patterns, which have not run yet."""
        return text


class _Pieces:
    """Words and elements of one text, in order."""

    def __init__(self, md: Markdown, is_code_ours: bool, has_subscript: bool) -> None:
        self._md = md
        self._has_subscript = has_subscript
        self._is_code_ours = is_code_ours
        self._open = [Element("text")]
        self._words: list[str] = []
        self._images: list[dict[str, Any]] = []  # open ones: an image's text may have images
        self._alt: list[str] = []

    def made(self) -> tuple[str, list[Element]]:
        """The words before the first element, and the elements."""
        self._flush()
        return self._open[0].text or "", list(self._open[0])

    def add_text(self, words: str) -> None:
        """Adds words without Markdown."""
        self._words.append(words)

    def add_markdown(self, text: str) -> None:
        """Adds a text without blank lines."""
        events = read_inline(text, self._find_reference)
        for event, source in events:
            kind, name, data = split_event(event)
            if self._images:
                self._add_to_image(kind, name, code_text(source) if name == "Code" else data)
            elif name == "Text":
                self._words.append(_escaped(data, source))
            elif name == "Link" and kind == "Start" and data["link_type"] in {"Autolink", "Email"}:
                self._add_autolink(source[1:-1], events)
            elif name == "Image":
                self._images, self._alt = [data], []
            elif name == "Strikethrough" and self._has_subscript and not source.startswith("~~"):
                self._words.append("~")  # for the extension
            elif kind == "Start":
                self._flush()
                is_too_deep = len(self._open) > MAX_DEPTH
                self._open.append(self._open[-1] if is_too_deep else self._element(name, data))
            elif kind == "End":
                self._close()
            elif name == "Code" and self._is_code_ours:
                self._add_element("code", util.AtomicString(util.code_escape(code_text(source))))
            elif name == "InlineHtml" and _is_html(source, text):
                self._words.append(self._md.htmlStash.store(source))
            elif name == "HardBreak" and source.endswith(("\\\n", "  \n")):  # no tab before it
                self._add_element("br")
            else:
                self._words.append("\n" if name.endswith("Break") else source)

    def _close(self) -> None:
        self._flush()
        closed = self._open.pop()
        if closed is not self._open[-1]:  # the same one twice: too deeply nested
            self._open[-1].append(closed)

    def _find_reference(self, label: str) -> tuple[str, str] | None:
        return self._md.references.get(reference_key(label))

    def _element(self, name: str, data: Any) -> Element:
        if name == "Link":
            return _with_title(Element("a", {"href": _ampersands(data["dest_url"])}), data)
        return Element(_TAGS[name])

    def _add_element(self, tag: str, text: str | None = None) -> None:
        self._flush()
        SubElement(self._open[-1], tag).text = text

    def _add_to_image(self, kind: str, name: str, data: Any) -> None:
        """Adds the words of an image's text to its alternative text."""
        if name == "Image" and kind == "Start":
            self._images.append(data)
        elif name == "Image":
            image = self._images.pop()
            if not self._images:
                alt = _ampersands(show_marks("".join(self._alt)))
                self._flush()
                made = SubElement(
                    self._open[-1], "img", {"alt": alt, "src": _ampersands(image["dest_url"])}
                )
                _with_title(made, image)
        elif name in {"Text", "Code"} or (name == "InlineHtml" and not is_html(data)):
            self._alt.append(data)
        elif name in {"SoftBreak", "HardBreak"}:
            self._alt.append(" ")

    def _add_autolink(self, target: str, events: Iterator[tuple[Any, str]]) -> None:
        for event, _ in events:  # its text
            if split_event(event)[0] == "End":
                break
        self._flush()
        self._add_link(target, target)

    def _add_link(self, address: str, text: str) -> None:
        """Adds a link that shows its address. Python-Markdown disguises a mail address."""
        address, text = show_marks(address), show_marks(text)
        mail = _MAIL.fullmatch(f"<{address}>") if ":" not in address else None
        if mail:
            link, _, _ = _MailLink(AUTOMAIL_RE, self._md).handleMatch(mail, mail[0])
            assert isinstance(link, Element)  # noqa: S101 - the pattern has matched
            self._open[-1].append(link)
        else:
            SubElement(self._open[-1], "a", {"href": address}).text = util.AtomicString(text)

    def _flush(self) -> None:
        """Adds the collected words to the open element, with links in place of bare addresses."""
        text, self._words = "".join(self._words), []
        end = 0
        if not any(element.tag == "a" for element in self._open):
            for link in find_bare_links(text):
                _append(self._open[-1], text[end : link.start])
                self._add_link(link.address, text[link.start : link.end])
                end = link.end
        _append(self._open[-1], text[end:])


def _is_html(source: str, text: str) -> bool:
    """Whether a tag in a text is HTML."""
    return is_html(source, text, text.find(source) if depends_on_text(source) else 0)


def _append(parent: Element, text: str) -> None:
    """Adds words. Their math and labels, whose places are known now, are for extensions."""
    if not text:
        return
    text = show_marks(text)
    if len(parent):
        parent[-1].tail = f"{parent[-1].tail or ''}{text}"
    else:
        parent.text = f"{parent.text or ''}{text}"


def _escaped(words: str, source: str) -> str:
    """Words in which no extension finds a mark that the writer escaped, or wrote as an entity."""
    if source.startswith("\\") and words == source[1:]:
        first = _ENTITIES.get(words[0], f"{util.STX}{ord(words[0])}{util.ETX}")
        return f"{first}{words[1:]}"
    if words != source and source.startswith("&"):
        return f"{util.AMP_SUBSTITUTE}{source[1:]}"
    return _ampersands(words)


def _ampersands(value: str) -> str:
    return value.replace("&", _AMPERSAND)


def _with_title(element: Element, data: dict[str, Any]) -> Element:
    if data["title"]:
        element.set("title", _ampersands(data["title"].replace("\n    ", "\n")))
    return element
