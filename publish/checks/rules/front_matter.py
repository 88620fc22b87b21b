"""Rules for the front matter of a text."""

from collections.abc import Iterator

from capture.text import count_noun
from publish.checks.finding import Finding
from publish.checks.model import MAX_SUMMARY_LENGTH, MAX_TITLE_LENGTH, MIN_SUMMARY_LENGTH
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.keys import meant_keys
from publish.checks.sure_edits import summary_edits
from publish.checks.tag_syntax import STRAY_TAG


def front_matter_findings(post: Post) -> Iterator[Finding]:
    """Problems in the valid values of a text. `Post.text` has those of the others."""
    yield from _lengths(post)
    yield from _picture(post)
    yield from _dates(post)
    yield from _preview(post)


def template_findings(writing: Writing) -> Iterator[Finding]:
    """Templates that the theme does not have."""
    for post in writing.posts:
        name = post.facts.template
        if name and not writing.layout.has_template(name):
            message = f"the theme has no template `{name}`: name one of theme/templates/, or none"
            yield post.finding("front-matter", post.line("template"), message)


def _lengths(post: Post) -> Iterator[Finding]:
    title, summary = post.get("title") or "", post.get("summary")
    if len(title) > MAX_TITLE_LENGTH:
        message = (
            f"has {len(title)} characters: search engines show {MAX_TITLE_LENGTH}, so shorten it"
        )
        yield post.finding("title", post.line("title"), f"`title` {message}")
    line = post.line("summary")
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
        yield post.finding("alt", post.line("image"), f"`image` {message}")


def _dates(post: Post) -> Iterator[Finding]:
    date, modified = post.get("date"), post.get("modified")
    if date and modified and modified.date() < date.date():
        message = f"`modified` is before `date`, {date:%Y-%m-%d}: one of them is wrong"
        yield post.finding("front-matter", post.line("modified"), message)


def _preview(post: Post) -> Iterator[Finding]:
    if post.status == "draft" and post.get("preview") is None:
        message = "is a draft without `preview`, so nobody can see it: `gatepost new` makes one"
        yield post.finding("preview", post.line("status"), message)
