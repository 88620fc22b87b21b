"""Rules for the head of one post: what it says, and what it must not leave out."""

from collections.abc import Iterator

from capture.counted import counted
from publish.tag_syntax import STRAY_TAG
from publish.writing.finding import Finding
from publish.writing.model import LONGEST_SUMMARY, LONGEST_TITLE, SHORTEST_SUMMARY
from publish.writing.post import Post
from publish.writing.writing import Writing


def head_findings(writing: Writing) -> Iterator[Finding]:
    """What is wrong with each head by itself."""
    for file in writing.files:
        if file.get("status") != "skip":
            yield from file.faults
    for post in writing.posts:
        yield from _lengths(post)
        yield from _picture(post)
        yield from _dates(post)
        yield from _preview(post)
        yield from _template(post, writing)


def _lengths(post: Post) -> Iterator[Finding]:
    title, summary = post.get("title") or "", post.get("summary")
    if len(title) > LONGEST_TITLE:
        told = f"has {len(title)} characters: search engines show {LONGEST_TITLE}, so shorten it"
        yield post.finding("title", post.head.line("title"), f"`title` {told}")
    line = post.head.line("summary")
    if summary is None:
        if not post.head.values.get("summary") and not post.head.is_lost:
            size = f"{SHORTEST_SUMMARY} to {LONGEST_SUMMARY} characters"
            told = f"has no summary: add a line `Summary: ...` of {size}"
            yield post.finding("summary", line, told)
    elif STRAY_TAG.search(summary):
        yield post.finding("form", line, "a summary holds no tags: put it in the text")
    elif not SHORTEST_SUMMARY <= len(summary) <= LONGEST_SUMMARY:
        told = f"{SHORTEST_SUMMARY} to {LONGEST_SUMMARY} tell the reader what to expect"
        yield post.finding(
            "summary", line, f"`summary` has {counted(len(summary), 'character')}: {told}"
        )


def _picture(post: Post) -> Iterator[Finding]:
    if post.get("image") and not post.head.values.get("image_alt"):
        told = "has no `image_alt`: say what one sees on it, for those who do not see it"
        yield post.finding("alt", post.head.line("image"), f"`image` {told}")


def _dates(post: Post) -> Iterator[Finding]:
    date, modified = post.get("date"), post.get("modified")
    if date and modified and modified.date() < date.date():
        told = f"`modified` is before `date`, {date:%Y-%m-%d}: one of them is wrong"
        yield post.finding("front-matter", post.head.line("modified"), told)


def _preview(post: Post) -> Iterator[Finding]:
    if post.status == "draft" and post.get("preview") is None:
        told = "is a draft without `preview`, so it is shown nowhere: `gatepost new` makes one"
        yield post.finding("preview", post.head.line("status"), told)


def _template(post: Post, writing: Writing) -> Iterator[Finding]:
    name = post.get("template")
    if name and not writing.layout.has_template(name):
        told = f"the theme has no template `{name}`: name one of theme/templates/, or none"
        yield post.finding("front-matter", post.head.line("template"), told)
