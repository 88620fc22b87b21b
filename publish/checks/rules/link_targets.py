"""What a link may lead to: a post, a part of its page, or another page of the site."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from publish.checks.finding import Finding
from publish.checks.outline_parts import Link
from publish.checks.post import Post
from publish.checks.project import Writing

THEME_ANCHORS: Final = frozenset({"", "top", "page-main"})
"""The ids that every page has."""
Answer = tuple[str, ...]
"""Something that is so: a kind of question, and words."""
UNKNOWN: Final[Answer] = ("unknown",)


@dataclass(frozen=True)
class LinkTarget:
    """The post that a link leads to, and the part of the link after `#`."""

    post: Post
    fragment: str


def post_at(writing: Writing, address: str) -> Post | None:
    """The post or page at an address, which has no slash at its end."""
    return writing.by_address.get(address) or writing.by_address.get(f"{address}/")


def has_page(writing: Writing, address: str) -> bool:
    """Whether the site has a page or file at an address, which has no slash at its end."""
    files = (address, posixpath.join(address, "index.html"))
    return any(file in writing.addresses or writing.site_files.describe(file) for file in files)


def anchors_of(post: Post) -> Sequence[str]:
    """The ids of a text, sorted."""
    return post.body_details.anchors


def has_anchor(post: Post, fragment: str) -> bool:
    """Whether the page of a text has something with this id."""
    forms = tuple(f"form-{slug}" for slug in post.forms)
    return (
        fragment in THEME_ANCHORS
        or fragment in anchors_of(post)
        or fragment.startswith(forms or ("\0",))
    )


def unpublished_target_findings(
    writing: Writing, post: Post, link: Link, target: Post
) -> Iterator[Finding]:
    """Links from a public post to one that readers cannot open yet."""
    state = target.state(writing.now)
    if state not in {"draft", "scheduled"} or target is post:
        return
    if post.state(writing.now) == "draft":
        if target.get("preview") is None:
            message = f"`{link.target}` leads to a draft without a `preview`: give it one"
            yield post.finding("link", link.line, message)
    elif state == "draft":
        message = f"`{link.target}` leads to a draft: publish it first, or remove the link"
        yield post.finding("link", link.line, message)
    elif target.due and (post.due is None or target.due > max(post.due, writing.now)):
        until = f"{target.due.astimezone(writing.layout.zone):%Y-%m-%d %H:%M}"
        message = (
            f"`{link.target}` leads to a post that is held back until {until}: link to it then"
        )
        yield post.finding("link", link.line, message)
