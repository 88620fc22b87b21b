"""What a link may lead to: a post, a part of its page, or another page of the site."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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
