"""Rules for the links of all texts: each leads somewhere, and each post is linked from another.

The links of a text are checked one by one only if they may have findings. Else the facts of the
text say what they lead to, and it is enough that all this is still so.
"""

import json
from collections.abc import Iterator
from dataclasses import astuple

from publish.checks.facts import LinkFacts, all_items, as_details, from_items, items, yes_if
from publish.checks.finding import Finding
from publish.checks.near_name import near_name
from publish.checks.outline_parts import Link
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.link_checker import LinkChecker
from publish.checks.rules.link_targets import (
    UNKNOWN,
    Answer,
    has_anchor,
    has_page,
    post_at,
    unpublished_target_findings,
)
from publish.checks.sure_edits import name_edits
from publish.shared_work import share


def link_findings(writing: Writing) -> Iterator[Finding]:
    """Links to something that does not exist, or that readers cannot open; and orphans."""
    missing = _missing(writing)
    to_check = [
        post for post in writing.posts if not _are_correct(writing, post.link_facts, missing)
    ]

    def check(post: Post) -> tuple[list[Finding], LinkFacts]:
        findings = list(_findings(writing, post))
        return findings, _link_facts(writing, post, is_correct=not findings)

    for post, (findings, facts) in zip(to_check, share(check, to_check), strict=True):
        post.link_facts = facts
        yield from findings
    yield from _orphan_findings(writing)


def _missing(writing: Writing) -> frozenset[str]:
    """The posts, pages and files that links have led to and cannot lead to now."""
    facts = [post.link_facts for post in writing.posts if post.link_facts]
    posts = all_items(of_post.posts for of_post in facts if of_post.is_proven)
    files = all_items(of_post.files for of_post in facts if of_post.is_proven)
    return frozenset((posts - writing.public.keys()) | (files - writing.file_names))


def _are_correct(writing: Writing, facts: LinkFacts | None, missing: frozenset[str]) -> bool:
    """Whether the links lead where they led when they had no findings, and may still do so."""
    if facts is None or not facts.is_proven or writing.has_symlinks:
        return False
    if missing and not missing.isdisjoint((*items(facts.posts), *items(facts.files))):
        return False
    return not facts.answers or all(
        _is_so(writing, *answer) for answer in json.loads(facts.answers)
    )


def _findings(writing: Writing, post: Post) -> Iterator[Finding]:
    for link in post.links:
        yield from LinkChecker(writing, post, link).findings()
    for slug in post.get("related") or ():
        yield from _related(writing, post, slug)
    if image := post.get("image"):
        yield from LinkChecker(writing, post, Link(image, post.line("image"))).image()


def _link_facts(writing: Writing, post: Post, *, is_correct: bool) -> LinkFacts:
    checkers = [LinkChecker(writing, post, link) for link in post.links]
    related = list(_related_posts(writing, post))
    posts = {target.post.name for checker in checkers if (target := checker.target())}
    posts |= {other.name for other in related}
    answers: set[Answer] = {UNKNOWN}
    if is_correct and not writing.has_symlinks:
        answers = {answer for checker in checkers for answer in checker.facts()}
        answers |= {("slug", other.slug, other.name) for other in related}
        if image := post.get("image"):
            answers |= set(LinkChecker(writing, post, Link(image, 1)).facts_of_image())
    is_proven = UNKNOWN not in answers
    others = sorted(answer for answer in answers if answer[0] != "file")
    return LinkFacts(
        posts=from_items(sorted(posts - {post.name})),
        files=from_items(sorted(answer[1] for answer in answers if answer[0] == "file")),
        answers=as_details(others) if others else "",
        is_proven=yes_if(is_proven),
        links="" if is_proven else as_details([astuple(link) for link in post.links]),
        targets=post.link_facts.targets if post.link_facts else "",
    )


def _is_so(writing: Writing, kind: str, word: str, other: str = "") -> bool:  # noqa: PLR0911
    """Whether the answer of a link is still true. `LinkChecker.facts` gives answers."""
    match kind:
        case "no file":
            return word not in writing.file_names
        case "post at":
            return post_at(writing, word) is writing.by_name.get(other)
        case "no post at":
            return post_at(writing, word) is None
        case "page":
            return has_page(writing, word)
        case "anchor":
            return has_anchor(writing.public[word], other)
        case "list":
            return any(
                other in names for kind, names in writing.public_names.items() if kind == word
            )
        case "slug":
            return _is_article(writing, writing.by_slug.get(word), other)
        case _:
            return False


def _is_article(writing: Writing, post: Post | None, name: str) -> bool:
    return (
        post is not None
        and (post.name, post.kind) == (name, "post")
        and post.state(writing.now) == "published"
    )


def _related_posts(writing: Writing, post: Post) -> Iterator[Post]:
    for slug in post.get("related") or ():
        if slug in writing.by_slug:
            yield writing.by_slug[slug]


def _related(writing: Writing, post: Post, slug: str) -> Iterator[Finding]:
    line = post.line("related")
    target = writing.by_slug.get(slug)
    if target is post:
        yield post.finding("link", line, f"`related`: `{slug}` is this post itself: remove it")
    elif target and target.kind == "post" and target.status == "hidden":
        message = "is hidden, so no list shows it: publish it, or name another article"
        yield post.finding("link", line, f"`related`: `{slug}` {message}")
    elif target is None or target.kind != "post":
        articles = [other.slug for other in writing.posts if other.kind == "post"]
        near = near_name(slug, articles, "; name an article by its slug")
        edits = name_edits(post, "related", slug, near.sure) if near.sure else ()
        yield post.finding("link", line, f"no article `{slug}`{near.hint}", edits)
    else:
        yield from unpublished_target_findings(writing, post, Link(slug, line), target)


def _orphan_findings(writing: Writing) -> Iterator[Finding]:
    """Published posts that no other post or page links to."""
    public = writing.public.values()
    linked = all_items(post.link_facts.posts for post in public if post.link_facts)
    articles = [post for post in public if post.kind == "post"]
    for post in articles:
        if post.name not in linked and len(articles) > 1:
            message = "no other post or page links to this one: link to it where it helps a reader"
            yield post.finding("orphan", post.line("title"), message)
