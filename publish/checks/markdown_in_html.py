"""The texts in HTML with Markdown inside, as Python-Markdown's extension `md_in_html` reads it."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from markdown.util import BLOCK_LEVEL_ELEMENTS

State = Literal["block", "span", "off"]

_SPANS: Final = frozenset(
    {"address", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "legend", "li", "p", "summary"}
    | {"td", "th"}
)
"""Elements whose Markdown is the text of a paragraph, unless they say `markdown="block"`."""
_RAW: Final = frozenset({"canvas", "math", "option", "pre", "script", "style", "textarea"})
_ELEMENTS: Final = frozenset(BLOCK_LEVEL_ELEMENTS) - {"hr"}
MARKDOWN_ELEMENT: Final = re.compile(
    rf"<(?P<tag>{'|'.join(sorted(_ELEMENTS - _RAW))})\b(?=[^>]*\smarkdown\b)[^>]*>", re.IGNORECASE
)
"""The tag of an element with Markdown inside."""
_MARKDOWN_ATTRIBUTE: Final = re.compile(
    r"""\smarkdown(?![\w-])(?:\s*=\s*(?:"(?P<two>[^"]*)"|'(?P<one>[^']*)'|(?P<bare>[^\s>]+)))?"""
)
_TAG: Final = re.compile(
    rf"(?P<lead>^ {{0,3}})?<(?P<slash>/?)(?P<tag>{'|'.join(sorted(_ELEMENTS))})\b[^<>]*>",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINE: Final = re.compile(r"^[ \t]*$", re.MULTILINE)


def without_attribute(tag: str) -> str:
    """A tag without its attribute `markdown`."""
    return _MARKDOWN_ATTRIBUTE.sub("", tag)


def find_markdown_element(html: str) -> re.Match[str] | None:
    """The first tag in another element whose attribute `markdown` asks for Markdown."""
    tags = [] if MARKDOWN_ELEMENT.match(html.lstrip()) else MARKDOWN_ELEMENT.finditer(html)
    return next((tag for tag in tags if _state(tag["tag"].lower(), tag[0], []) != "off"), None)


def as_words(text: str) -> str:
    """A text whose lines are words of paragraphs, whatever they begin with."""
    lines, is_in_paragraph = [], False
    for line in text.split("\n"):
        words = line.lstrip(" \t")
        lines.append(f"{'    ' if is_in_paragraph else '. '}{words}" if words else "")
        is_in_paragraph = bool(words)
    return "\n".join(lines)


def closing_tag(text: str, start: int, tag: str) -> re.Match[str] | None:
    """The tag that closes the element which begins at `start`; None if it does not end."""
    depth = 0
    for match in re.compile(rf"<(?P<slash>/?){tag}\b[^<>]*>", re.IGNORECASE).finditer(text, start):
        depth += -1 if match["slash"] else 1
        if depth <= 0:
            return match
    return None


def texts_in_html(source: str) -> Iterator[tuple[str, int]]:
    """The texts in an element and behind it, and its tags, each with its place."""
    open_tags: list[tuple[str, State]] = []
    done = 0
    for tag in _TAG.finditer(source):
        name, start = tag["tag"].lower(), tag.start("slash") - 1
        names = [name for name, _ in open_tags]
        if start < done or (tag["slash"] and name not in names):
            continue
        if not tag["slash"] and tag["lead"] is None and (start > done or not open_tags):
            continue  # words, as in `a <div>`
        yield _text(source[done:start], open_tags), done
        done = tag.end()
        if tag["slash"]:
            del open_tags[len(names) - 1 - names[::-1].index(name) :]
            continue
        if "p" in names:  # no block is in a paragraph
            del open_tags[names.index("p") :]
        state = _state(name, tag[0], open_tags)
        opening = without_attribute(source[start:done])
        closing = closing_tag(source, start, name)
        if state == "off":
            end = closing.end() if closing else len(source)
            yield opening + _BLANK_LINE.sub("<!---->", source[done:end]), start
            done = end
        else:
            open_tags.append((name, state))
            yield opening + (closing[0] if closing else ""), start
    yield _text(source[done:], open_tags), done


def _state(name: str, tag: str, open_tags: list[tuple[str, State]]) -> State:
    attribute = _MARKDOWN_ATTRIBUTE.search(tag)
    value = "0"
    if attribute:
        value = attribute["two"] or attribute["one"] or attribute["bare"] or "1"
        value = "1" if value == "markdown" else value
        value = "span" if value != "0" and open_tags and open_tags[-1][1] == "span" else value
    if name in _RAW or value not in {"1", "block", "span"}:
        return "off"
    if value == "1":
        return "span" if name in _SPANS else "block"
    return "block" if value == "block" else "span"


def _text(text: str, open_tags: list[tuple[str, State]]) -> str:
    name, state = open_tags[-1] if open_tags else ("", "block")
    if state == "block":
        return text
    if re.fullmatch("h[1-6]", name):
        return f"{'#' * int(name[1])} {' '.join(text.split())}" if text.strip() else ""
    return as_words(text)
