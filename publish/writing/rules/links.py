"""Rules for links: each leads to a post, a part of it, or a file that is there."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from publish.writing.finding import Finding
from publish.writing.outline import Link
from publish.writing.post import Post
from publish.writing.rules.follow import Follower, near_name, not_yet
from publish.writing.writing import Writing


def link_findings(writing: Writing) -> Iterator[Finding]:
    """Every link that leads nowhere, or where no reader may come."""
    for post in writing.posts:
        yield from _foreign_pictures(writing, post)
        for link in post.outline.links:
            yield from Follower(writing, post, link).findings()
        for slug in post.get("related") or ():
            yield from _related(writing, post, slug)
        if image := post.get("image"):
            link = Link(image, post.head.line("image"))
            yield from Follower(writing, post, link).image()


def led(writing: Writing, post: Post) -> Iterator[Post]:
    """The other posts to which a post leads its readers."""
    for link in post.outline.links:
        found = Follower(writing, post, link).leads_to()
        if found is not None:
            yield found.to
    for slug in post.get("related") or ():
        if slug in writing.by_slug:
            yield writing.by_slug[slug]


def _related(writing: Writing, post: Post, slug: str) -> Iterator[Finding]:
    line = post.head.line("related")
    found = writing.by_slug.get(slug)
    if found is post:
        yield post.finding("link", line, f"`related`: `{slug}` is this post itself: take it away")
    elif found is None or found.kind != "post" or found.status == "hidden":
        articles = [other.slug for other in writing.posts if other.kind == "post"]
        hint = near_name(slug, articles, "; name an article by its slug")
        yield post.finding("link", line, f"no article `{slug}`{hint}")
    else:
        yield from not_yet(writing, post, Link(slug, line), found)


def _foreign_pictures(writing: Writing, post: Post) -> Iterator[Finding]:
    """Pictures that browsers would fetch from elsewhere."""
    for picture in post.outline.pictures:
        try:
            host = urlsplit(picture.source).netloc
        except ValueError:
            host = ""
        if host and not f"{picture.source}/".startswith(f"{writing.layout.site_url or '-'}/"):
            told = f"shows `{picture.source}` from another host, which would see every reader: "
            yield post.finding("picture", picture.line, f"{told}put it into content/images")
