"""Rules for addresses: each belongs to one file, and a published address does not vanish."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from capture.errors import short_path
from publish.checks.facts import items
from publish.checks.finding import Finding
from publish.checks.project import Writing, read_published
from publish.checks.rules.redirects import long_name
from publish.checks.values import is_slug

GONE: Final = "gone.txt"
"""A file in the content folder: on each line a slug that was removed and has no successor."""


def address_findings(writing: Writing) -> Iterator[Finding]:
    """Addresses that are used twice or impossible, and slugs that vanished."""
    yield from _shared_addresses(writing)
    yield from _without_address(writing)
    yield from _vanished(writing)


def _shared_addresses(writing: Writing) -> Iterator[Finding]:
    reserved_files, describe = writing.layout.reserved_files, writing.site_files.describe
    owners: dict[str, str] = {}
    for post in sorted(writing.posts, key=attrgetter("name")):
        facts = post.facts
        if facts.status == "draft" or not facts.slug:
            continue  # a draft's address is its preview
        file = facts.save_as
        owner = owners.get(file) or describe(file)
        overrides = file in reserved_files and "save_as" in (
            *post.values,
            *writing.layout.extra.get(post.name, ()),
        )
        if owner and not overrides:
            key = next((k for k in ("save_as", "slug") if post.has_key(k)), "title")
            message = f"has the same address as {owner}, /{post.url}: give it another `Slug:`"
            yield post.finding("address", post.line(key), message)
        owners[file] = post.name
    drafts: dict[str, str] = {}
    for post in writing.posts:
        token = post.facts.preview
        if token and (other := drafts.setdefault(token, post.where)) != post.where:
            message = f"`preview` is the same as in {other}: give each its own"
            yield post.finding("address", post.line("preview"), message)


def _without_address(writing: Writing) -> Iterator[Finding]:
    """Titles without letters or digits, such as `???`, and slugs that no file can have."""
    for post in writing.posts:
        if not post.facts.slug and post.get("title"):
            message = "`title` gives no address: add a line `Slug: ...`"
            yield post.finding("address", post.line("title"), message)
        elif long_name(post.facts.save_as):
            key = "slug" if post.has_key("slug") else "title"
            message = (
                f"`{key}` gives an address that is too long for a file: add a shorter `Slug: ...`"
            )
            yield post.finding("address", post.line(key), message)


def _vanished(writing: Writing) -> Iterator[Finding]:
    """Published slugs that have no page, no alias and no line in `gone.txt`."""
    gone: set[str] = set()
    for line, word in _gone_slugs(writing):
        gone.add(word)
        if not is_slug(word):
            where = short_path(writing.layout.content / GONE)
            yield Finding(where, line, f"`{word}` is not a slug: write one on each line", "address")
    published = read_published(writing.layout.published_file).slugs
    if not published:
        return
    known = gone | {post.slug for post in writing.public.values()}
    known |= {alias.strip("/") for post in writing.posts for alias in items(post.facts.aliases)}
    by_slug = {post.slug: post for post in writing.posts}
    for slug, where in sorted(published.items()):
        if slug in known:
            continue
        post = by_slug.get(slug)
        if post is not None:
            message = (
                f"was published as `{slug}` and is not public now: publish it, or write the slug"
            )
        else:
            message = (
                f"its slug `{slug}` was published and is gone: put it into the `aliases` of the "
            )
            message += "post that replaces it, or write it"
        message += f" on a line of {writing.layout.content.name}/{GONE}"
        yield Finding(where, post.line("status") if post else None, message, "vanished")


def _gone_slugs(writing: Writing) -> Iterator[tuple[int, str]]:
    """Line and slug of each entry in `gone.txt`; a `#` starts a comment."""
    path = writing.layout.paths.find_file(GONE)
    if path is None:
        return
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(text.split("\n"), 1):
        if word := line.partition("#")[0].strip():
            yield number, word
