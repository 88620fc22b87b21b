"""Rules for the front matter of a text."""

from collections.abc import Iterator

from capture.text import count_noun
from publish.checks.edit import Edit
from publish.checks.finding import Finding
from publish.checks.front_matter import FrontMatterProblem
from publish.checks.model import MAX_SUMMARY_LENGTH, MAX_TITLE_LENGTH, MIN_SUMMARY_LENGTH
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.keys import meant_keys
from publish.checks.sure_edits import alias_edits, summary_edits, value_edits
from publish.checks.tag_syntax import STRAY_TAG
from publish.checks.values import is_old_path


def front_matter_findings(post: Post) -> Iterator[Finding]:
    """Problems in the valid values of a text. `Post.text` has those of the others."""
    yield from _lengths(post)
    yield from _picture(post)
    yield from _dates(post)
    yield from _preview(post)


def problem_findings(post: Post) -> Iterator[Finding]:
    """The problems that were found when the front matter was read, with what fixes them."""
    for problem in post.text.problems:
        message, edits = problem.message, problem.edits
        if problem.fixes:
            found = [value_edits(post, problem.key, wrong, new) for wrong, new in problem.fixes]
            edits = tuple(edit for each in found for edit in each) if all(found) else ()
            if problem.key == "slug":
                message, edits = _with_old_address(post, problem, edits)
        yield post.finding(problem.rule, problem.line, message, edits)


def _with_old_address(
    post: Post, problem: FrontMatterProblem, edits: tuple[Edit, ...]
) -> tuple[str, tuple[Edit, ...]]:
    """A corrected slug gives another address, so the old one becomes an alias.

    Without that nothing is sure: a site that another system made may have the old address.
    """
    ((wrong, right),) = problem.fixes
    if wrong.strip("/") == right or post.get("url"):
        return problem.message, edits
    if post.layout.has_dated_addresses and not post.facts.date:
        return problem.message, ()
    old = f"/{post.address_with_slug(wrong)}"
    message = f"{problem.message} If `{old}` is an address that readers know, it needs an alias"
    alias = alias_edits(post, old) if is_old_path(old) else ()
    return message, (*edits, *alias) if edits and alias else ()


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
