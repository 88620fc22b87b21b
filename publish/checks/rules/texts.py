"""The rules for single texts: what they find depends on one file, the settings and our code.

So their findings are kept with the other facts of a text, and are found again only if it changed.
"""

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from publish.checks.edit import Edit
from publish.checks.facts import (
    BodyDetails,
    BodyFacts,
    KeptFinding,
    KeptTag,
    LinkFacts,
    as_details,
    from_items,
    yes_if,
)
from publish.checks.finding import Finding
from publish.checks.outline_parts import Outline
from publish.checks.post import Post
from publish.checks.post_text import digest_of
from publish.checks.project import Writing
from publish.checks.rules.active_content import active_findings
from publish.checks.rules.control_characters import control_findings
from publish.checks.rules.front_matter import front_matter_findings, problem_findings
from publish.checks.rules.keys import key_findings
from publish.checks.rules.pictures import SHOWN, foreign_picture_findings
from publish.checks.sure_edits import heading_edits
from publish.progress import with_progress
from publish.shared_work import share


def text_findings(writing: Writing) -> Iterator[Finding]:
    """The findings of the rules for single texts, of each post and page."""
    new = [post for post in writing.files if post.body_facts is None]
    found = with_progress("Checking texts", share(text_facts, new), len(new))
    for post, facts in zip(new, found, strict=True):
        post.body_facts, post.link_facts = facts
    for post in writing.files:
        if not post.body_facts or not post.body_facts.has_findings:
            continue
        for kept in map(KeptFinding._make, post.body_details.findings):
            edits = tuple(Edit(*edit) for edit in kept.edits)
            yield Finding(post.where, kept.line, kept.message, kept.rule, kept.in_draft, edits)


def text_facts(post: Post) -> tuple[BodyFacts, LinkFacts]:
    """The facts of a text that was just read."""
    facts = _body_facts(post), _unproven_links(post)
    post.forget_outline()
    return facts


def _body_facts(post: Post) -> BodyFacts:
    is_skipped = post.status == "skip"
    findings = [] if is_skipped else list(_findings(post))
    if post.get("status") != "skip":
        findings = [*problem_findings(post), *findings]
    outline = Outline() if is_skipped else post.outline
    title_id = "" if is_skipped else post.title_id
    tags = [placed.tag for placed in outline.tags]
    odd_pictures = [
        (picture.source, picture.line) for picture in outline.pictures if _is_odd(picture.source)
    ]
    details = BodyDetails(
        sorted(outline.anchors | {title_id}),
        title_id,
        [KeptTag(t.tag.raw, t.tag.kind, t.tag.slug, t.line) for t in outline.tags],
        odd_pictures,
        [_kept(finding) for finding in findings],
    )
    return BodyFacts(
        forms=from_items(tag.slug for tag in tags if tag.kind == "form"),
        calls=from_items(tag.slug for tag in tags if tag.kind == "cta"),
        has_wrong_tags=yes_if(not all(tag.kind for tag in tags)),
        has_odd_pictures=yes_if(odd_pictures),
        has_findings=yes_if(findings),
        is_pointer=yes_if(post.text.is_pointer),
        details=as_details(details),
    )


def _unproven_links(post: Post) -> LinkFacts:
    links = [] if post.status == "skip" else post.outline.links
    targets = sorted({(link.target, link.is_embedded, link.is_kept) for link in links})
    return LinkFacts(
        posts="",
        files="",
        answers="",
        is_proven="",
        links=as_details([astuple(link) for link in links]),
        targets=digest_of(as_details(targets).encode(errors="surrogatepass")).hex(),
    )


def _kept(finding: Finding) -> KeptFinding:
    edits = [(edit.line, edit.column, edit.old, edit.new) for edit in finding.edits]
    return KeptFinding(finding.line, finding.message, finding.rule, finding.in_draft, edits)


def _findings(post: Post) -> Iterator[Finding]:
    yield from front_matter_findings(post)
    yield from key_findings(post)
    yield from _headings(post)
    for problem in post.outline.problems:
        yield post.finding("markdown", problem.line, problem.message)
    for picture in post.outline.pictures:
        if picture.alt is None:
            name = f"`{picture.source}`" if picture.source else "a picture"
            message = f"{name} has no alternative text: write ![what it shows](...)"
            yield post.finding("alt", picture.line, message)
    yield from foreign_picture_findings(post)
    yield from active_findings(post)
    yield from control_findings(post)


def _is_odd(source: str) -> bool:
    """Whether the source of a picture does not end as the name of one."""
    try:
        path = unquote(urlsplit(source).path)
    except ValueError:
        return True
    return PurePosixPath(path).suffix.lower() not in SHOWN


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
