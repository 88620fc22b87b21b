"""The tags that place a form in a text, and the Markdown extension that finds them.

    {% form acme-cloud-guide %}    the campaign's form
    {% cta acme-cloud-guide %}     a call to action that leads to the form's own page

The extension only marks tags, correct or wrong, and ignores those in code. The plugin `form_tags`
replaces the marks with forms later, when the page and the campaigns are known, so that a cache of
Markdown's output never contains an old form.
"""

import difflib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

from publish.checks.near_name import near_name

KINDS: Final = ("form", "cta")
TAG: Final = r"\{%[ \t]+(?P<kind>form|cta)[ \t]+(?P<slug>[^\s{}%]+)[ \t]+%\}"
_OWN_LINE: Final = re.compile(rf"^ {{0,3}}{TAG}[ \t]*$", re.MULTILINE)
# Text that looks like a wrong tag: {%form x%}, {% frm %}, {{ form x }}.
STRAY: Final = r"\{?\{[ \t]?%[^\n]*?(?:\}\}?|(?=\n)|\Z)|\{\{?[ \t]*(?:form|cta)[ \t][^\n{}]*\}{1,2}"
_WORDS: Final = re.compile(r"\{+[ \t]*%?[ \t]*(?P<kind>[\w-]*)[ \t]*(?P<slug>[^\s{}%]*)")
STRAY_TAG: Final = re.compile(STRAY)
_FOREIGN: Final = frozenset(
    {"for", "endfor", "format", "cache", "case", "call", "trans", "data", "chart", "card"}
)
"""Tags of other systems that are no misspelling of ours."""
_MARK: Final = re.compile(
    r'<(?P<element>div|span) data-gatepost-tag="(?P<raw>[^"]*)"></(?P=element)>'
)
_PLACEHOLDER: Final = re.compile("\x02[^\x03]*\x03")  # Markdown's own mark for a piece of code


@dataclass(frozen=True)
class Tag:
    """One tag as the writer typed it. Without `kind` and `slug` its spelling or place is wrong."""

    raw: str
    kind: str = ""
    slug: str = ""


def tags_of_line(line: str, *, is_in_html: bool) -> Iterator[Tag]:
    """The tags on a line of a text, which a quote or a list item may indent."""
    raw = line.strip(" \t>")
    own = _OWN_LINE.fullmatch(raw)
    if own and not is_in_html:
        yield Tag(raw, own["kind"], own["slug"])
    else:
        yield from (Tag(match[0].strip()) for match in STRAY_TAG.finditer(line))


def has_marks(content: str) -> bool:
    """Whether Markdown found tags: a quick test, as most pages have none."""
    return 'data-gatepost-tag="' in content


def split_at_marks(content: str) -> Iterator[str | Tag]:
    """Markdown's HTML, as the tags and the pieces between them, in order."""
    end = 0
    for mark in _MARK.finditer(content):
        yield content[end : mark.start()]
        raw = html.unescape(mark["raw"])
        tag = _OWN_LINE.fullmatch(raw) if mark["element"] == "div" else None
        yield Tag(raw, tag["kind"], tag["slug"]) if tag else Tag(raw)
        end = mark.end()
    yield content[end:]


def how_to_fix(raw: str, slugs: Iterable[str]) -> str:
    """The message for a wrong tag: what is wrong, and the correct form."""
    if re.fullmatch(TAG, raw):
        return f"`{raw}` must be alone on its line, not indented and outside HTML"
    known = sorted(slugs)
    words = _WORDS.match(raw)
    word, slug = (words["kind"], words["slug"]) if words else ("", "")
    if word in known:
        word, slug = "form", word
    is_foreign = word in _FOREIGN or (raw.startswith("{{%") and word not in KINDS)
    similar = () if is_foreign else difflib.get_close_matches(word, KINDS, n=1, cutoff=0.5)
    kind = next(iter(similar), "")
    if kind and slug:
        near = next(iter(difflib.get_close_matches(slug, known, n=1)), slug)
        return f"`{raw}` is misspelt: write `{{% {kind} {near} %}}` on a line of its own"
    if kind:
        which = ", ".join(known) or "there are none yet"
        return f"`{raw}` names no campaign: write `{{% {kind} SLUG %}}` with one of: {which}"
    return (
        f"`{raw}` is not a tag: use `{{% form SLUG %}}` or `{{% cta SLUG %}}`; "
        "to show such text to readers, put it between backticks"
    )


def corrected_tag(raw: str, slugs: Iterable[str]) -> str:
    """The tag that a misspelt one can only mean; empty if that is not sure."""
    words = _WORDS.match(raw)
    if not words or re.fullmatch(TAG, raw):
        return ""
    kind, slug = (
        word if word in known else near_name(word, known, "").typo_of
        for word, known in ((words["kind"], KINDS), (words["slug"], tuple(slugs)))
    )
    return f"{{% {kind} {slug} %}}" if kind and slug else ""


class _TagBlock(BlockProcessor):
    """Marks a correct tag on its own line, with or without an empty line before it."""

    def test(self, parent: Element, block: str) -> bool:
        del parent
        return "{%" in block and _OWN_LINE.search(block) is not None

    def run(self, parent: Element, blocks: list[str]) -> None:
        block = blocks.pop(0)
        tag = _OWN_LINE.search(block)
        assert tag is not None  # noqa: S101 - `test` has found it in this block
        text_above = block[: tag.start()].rstrip("\n")
        text_below = block[tag.end() :].lstrip("\n")
        if text_above:
            self.parser.parseBlocks(parent, [text_above])
        SubElement(parent, "div", {"data-gatepost-tag": tag[0].strip()})
        if text_below:
            blocks.insert(0, text_below)


class _StrayTag(InlineProcessor):
    """Marks any other tag in a text, so that it is reported and no extension changes it."""

    first_mark = "{"
    """The character with which each match begins."""

    # The names are those of the base class; it types its result loosely.
    def handleMatch(  # type: ignore[override]  # noqa: N802
        self,
        m: re.Match[str],
        data: str,  # noqa: ARG002
    ) -> tuple[Element, int, int]:
        raw = _PLACEHOLDER.sub("...", m[0]).strip()
        return Element("span", {"data-gatepost-tag": raw}), m.start(0), m.end(0)


class TagExtension(Extension):
    """Runs after code blocks (80) and code spans (190), before patterns for plain text."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that Python-Markdown calls
        parser: BlockParser = md.parser
        parser.blockprocessors.register(_TagBlock(parser), "gatepost-tag", 75)
        md.inlinePatterns.register(_StrayTag(STRAY, md), "gatepost-stray-tag", 185)
