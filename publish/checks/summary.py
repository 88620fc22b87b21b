"""The summary of a project's texts, for the last line of a command and for the preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.forms import open_forms

SUMMARY: Final = "GATEPOST_SUMMARY"
"""The setting in which a build keeps the `Summary`."""


@dataclass(frozen=True)
class HeldBackPost:
    """A draft or a post with a future date."""

    where: str
    title: str
    address: str
    """The path of its preview below the site; empty without a preview."""
    due: str
    """The time of publication in the site's zone; empty for a draft."""


@dataclass(frozen=True)
class Summary:
    """Counts of published content, and what is due next."""

    articles: int
    pages: int
    forms: int
    due: str | None
    """The next post with a future date: its time in the site's zone, and its file."""
    due_at: datetime | None
    """The next time when a post is due, or a form opens or closes, in UTC."""
    held_back: tuple[HeldBackPost, ...]
    """Drafts and posts with a future date."""


def summary_of(writing: Writing) -> Summary:
    """The summary at the time of the check."""
    public = [post for post in writing.posts if writing.is_public(post)]
    articles = sum(post.kind == "post" for post in public)
    due = writing.next_due
    return Summary(
        articles,
        pages=len(public) - articles,
        forms=sum(len(open_forms(post, writing)) for post in public),
        due=f"{_due_text(due, writing)}: {due.where}" if due and due.due else None,
        due_at=writing.next_change,
        held_back=tuple(_held_back_posts(writing)),
    )


def _due_text(post: Post, writing: Writing) -> str:
    """The time of publication in the site's zone; empty for a draft."""
    return f"{post.due.astimezone(writing.layout.zone):%Y-%m-%d at %H:%M %Z}" if post.due else ""


def _held_back_posts(writing: Writing) -> Iterator[HeldBackPost]:
    for post in writing.posts:
        state = post.state(writing.now)
        if state in {"draft", "scheduled"}:
            preview, due = post.get("preview"), _due_text(post, writing)
            address = f"/drafts/{preview}/" if preview else ""
            title = str(post.get("title") or post.slug)
            yield HeldBackPost(post.where, title, address, due if state == "scheduled" else "")
