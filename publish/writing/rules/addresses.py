"""Rules for addresses: no two files share one, and none that readers know ends without a sign."""

from collections.abc import Iterator

from publish.writing.finding import Finding
from publish.writing.published import read_published
from publish.writing.writing import Writing


def address_findings(writing: Writing) -> Iterator[Finding]:
    """Addresses that are claimed twice, aliases among them, and slugs that vanished."""
    yield from _shared(writing)
    yield from _aliases(writing)
    yield from _vanished(writing)


def _shared(writing: Writing) -> Iterator[Finding]:
    own = {path: f"the site's own {name} page" for path, name in writing.layout.own_pages.items()}
    taken = dict(own)
    for post in sorted(writing.posts, key=lambda post: post.where):
        if post.status == "draft" or not post.slug:
            continue  # a draft's address is its own
        holder = taken.get(post.save_as)
        overrides = post.save_as in own and "save_as" in (
            *post.facts,
            *writing.layout.extra.get(post.name, ()),
        )
        if holder and not overrides:
            line = post.head.line("slug") if "slug" in post.head.values else post.head.line("title")
            told = f"has the same address as {holder}, /{post.url}: give it another `Slug:`"
            yield post.finding("address", line, told)
        taken[post.save_as] = post.name
    drafts: dict[str, str] = {}
    for post in writing.posts:
        token = post.get("preview")
        if token and (other := drafts.setdefault(token, post.where)) != post.where:
            told = f"`preview` is that of {other} too: give each its own"
            yield post.finding("address", post.head.line("preview"), told)


def _aliases(writing: Writing) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    slugs = {post.slug: post for post in writing.posts if writing.is_public(post)}
    for post in writing.posts:
        for alias in post.get("aliases") or ():
            line = post.head.line("aliases")
            if alias in slugs:
                told = f"`aliases`: `{alias}` is the slug of {slugs[alias].where}, not an old one"
                yield post.finding("address", line, told)
            elif alias in taken:
                told = f"`aliases`: `{alias}` leads to {taken[alias]} already: keep one of them"
                yield post.finding("address", line, told)
            taken.setdefault(alias, post.where)


def _vanished(writing: Writing) -> Iterator[Finding]:
    """A slug that readers know must lead somewhere, or be given up on purpose."""
    known = writing.layout.gone | {post.slug for post in writing.posts if writing.is_public(post)}
    known |= {alias for post in writing.posts for alias in post.get("aliases") or ()}
    there = {post.slug: post for post in writing.posts}
    for slug, where in sorted(read_published(writing.layout.published).slugs.items()):
        if slug in known:
            continue
        post = there.get(slug)
        if post is not None:
            told = f"was published as `{slug}` and is held back now: publish it"
        else:
            told = f"its slug `{slug}` was published and is gone: put it into the `aliases` of the "
            told += "post that takes its place"
        told += ", or into `GONE` in pelicanconf.py"
        yield Finding(where, post.head.line("status") if post else None, told, "vanished")
