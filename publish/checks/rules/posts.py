"""Rules for front matter and text of each post, and for tags, titles and links among posts."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from capture.text import count_noun
from publish.checks.finding import Finding
from publish.checks.model import MAX_SUMMARY_LENGTH, MAX_TITLE_LENGTH, MIN_SUMMARY_LENGTH
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.keys import meant_keys
from publish.checks.rules.links import linked_posts
from publish.checks.rules.names import is_collision
from publish.checks.sure_edits import heading_edits, name_edits, summary_edits
from publish.checks.tag_syntax import STRAY_TAG

_WORD: Final = re.compile(r"[^\W_]+")
_STOP_WORDS: Final = frozenset(
    _WORD.findall(
        "a an and are as at be by for from how in is it its of on or that the this to what when "
        "where which who why will with you your"
    )
)
_NO_PLURALS: Final = frozenset({"means", "news", "sales", "series"})


def tag_spelling_findings(writing: Writing) -> Iterator[Finding]:
    """Tags that differ only by case, hyphen or plural; reports the less common spelling."""
    spellings_by_stem: dict[tuple[str, ...], dict[str, list[Post]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for post in writing.posts:
        for tag in post.get("tags") or ():
            spellings_by_stem[tuple(map(_stem, _words(tag)))][tag].append(post)
    for spellings in spellings_by_stem.values():
        most_common, *others = sorted(spellings, key=lambda tag: (-len(spellings[tag]), tag))
        for tag in others:
            if writing.layout.name_slugs.get("tag", tag) or is_collision(
                writing.layout, "tag", tag, most_common
            ):
                continue  # another tag on purpose, or an error of the rule `address`
            is_common = len(spellings[most_common]) > len(spellings[tag])
            for post in spellings[tag]:
                message = f"the tag `{tag}` is spelt `{most_common}` elsewhere: keep one spelling"
                is_sure = is_common and most_common not in post.get("tags")
                edits = name_edits(post, "tags", tag, most_common) if is_sure else ()
                yield post.finding("tag-spelling", post.front_matter.line("tags"), message, edits)


def same_title_findings(writing: Writing) -> Iterator[Finding]:
    """Posts whose titles have the same words: they compete for the same readers."""
    first: dict[frozenset[str], Post] = {}
    for post in _articles(writing):
        words = frozenset(map(_stem, _words(post.get("title") or "")))
        key_words = (words - _STOP_WORDS) or words
        if key_words and (other := first.setdefault(key_words, post)) is not post:
            message = (
                f"has the same words in its title as {other.where}: "
                "merge the posts, or change one title"
            )
            yield post.finding("same-title", post.front_matter.line("title"), message)


def orphan_findings(writing: Writing) -> Iterator[Finding]:
    """Published posts that no other post or page links to."""
    articles = [post for post in _articles(writing) if writing.is_public(post)]
    linked = Counter(
        target.path
        for post in writing.posts
        if writing.is_public(post)
        for target in set(linked_posts(writing, post))
        if target is not post
    )
    for post in articles:
        if post.path not in linked and len(articles) > 1:
            message = "no other post or page links to this one: link to it where it helps a reader"
            yield post.finding("orphan", post.front_matter.line("title"), message)


def _articles(writing: Writing) -> Iterator[Post]:
    return (post for post in writing.posts if post.kind == "post")


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _stem(word: str) -> str:
    """The word without the common endings of an English plural."""
    if word in _NO_PLURALS:
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


# The text of one post


def text_findings(writing: Writing) -> Iterator[Finding]:
    """Problems in the text of each post: headings, alternative texts, Markdown."""
    for post in writing.posts:
        yield from _headings(post)
        for problem in post.outline.problems:
            yield post.finding("markdown", problem.line, problem.message)
        for picture in post.outline.pictures:
            if picture.alt is None:
                name = f"`{picture.source}`" if picture.source else "a picture"
                message = f"{name} has no alternative text: write ![what it shows](...)"
                yield post.finding("alt", picture.line, message)


def _headings(post: Post) -> Iterator[Finding]:
    """Headings of the first level, which is the title's, and headings that skip a level."""
    above = 1
    messages: list[tuple[int, str]] = []
    for heading in post.outline.headings:
        if heading.level == 1:
            message = "the title is the only heading of the first level: write `##`"
            messages.append((heading.line, f"`# {heading.text}`: {message}"))
        elif heading.level > above + 1:
            marks, fit = "#" * heading.level, "#" * (above + 1)
            message = f"skips a level: write `{fit}` under a heading of level {above}"
            messages.append((heading.line, f"`{marks} {heading.text}` {message}"))
        above = heading.level
    edits = heading_edits(post, post.outline.headings) if messages else ()
    for line, message in messages:
        yield post.finding("headings", line, message, edits)


# The front matter of one post


def front_matter_findings(writing: Writing) -> Iterator[Finding]:
    """Problems in the front matter of each post and page."""
    for file in writing.files:
        if file.get("status") != "skip":
            yield from file.problems
    for post in writing.posts:
        yield from _lengths(post)
        yield from _picture(post)
        yield from _dates(post)
        yield from _preview(post)
        yield from _template(post, writing)


def _lengths(post: Post) -> Iterator[Finding]:
    title, summary = post.get("title") or "", post.get("summary")
    if len(title) > MAX_TITLE_LENGTH:
        message = (
            f"has {len(title)} characters: search engines show {MAX_TITLE_LENGTH}, so shorten it"
        )
        yield post.finding("title", post.front_matter.line("title"), f"`title` {message}")
    line = post.front_matter.line("summary")
    if summary is None:
        if not post.front_matter.values.get("summary") and not post.front_matter.is_unreadable:
            size = f"{MIN_SUMMARY_LENGTH} to {MAX_SUMMARY_LENGTH} characters"
            message = f"has no summary, so its first paragraph is shown: add `Summary: ...`, {size}"
            has_other_key = "summary" in meant_keys(post)
            edits = () if has_other_key else summary_edits(post)
            yield post.finding("missing-summary", line, message, edits)
    elif STRAY_TAG.search(summary):
        yield post.finding("form", line, "a summary cannot contain tags: put the tag in the text")
    elif not MIN_SUMMARY_LENGTH <= len(summary) <= MAX_SUMMARY_LENGTH:
        message = f"{MIN_SUMMARY_LENGTH} to {MAX_SUMMARY_LENGTH} tell the reader what to expect"
        yield post.finding(
            "summary", line, f"`summary` has {count_noun(len(summary), 'character')}: {message}"
        )


def _picture(post: Post) -> Iterator[Finding]:
    if post.get("image") and not post.front_matter.values.get("image_alt"):
        message = "has no `image_alt`: describe the picture, for readers who cannot see it"
        yield post.finding("alt", post.front_matter.line("image"), f"`image` {message}")


def _dates(post: Post) -> Iterator[Finding]:
    date, modified = post.get("date"), post.get("modified")
    if date and modified and modified.date() < date.date():
        message = f"`modified` is before `date`, {date:%Y-%m-%d}: one of them is wrong"
        yield post.finding("front-matter", post.front_matter.line("modified"), message)


def _preview(post: Post) -> Iterator[Finding]:
    if post.status == "draft" and post.get("preview") is None:
        message = "is a draft without `preview`, so nobody can see it: `gatepost new` makes one"
        yield post.finding("preview", post.front_matter.line("status"), message)


def _template(post: Post, writing: Writing) -> Iterator[Finding]:
    name = post.get("template")
    if name and not writing.layout.has_template(name):
        message = f"the theme has no template `{name}`: name one of theme/templates/, or none"
        yield post.finding("front-matter", post.front_matter.line("template"), message)
