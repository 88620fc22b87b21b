"""A Pelican plugin, after publish.plugins.checks, that keeps old addresses alive.

Each alias becomes a page that names the new address and leads there, and a line of `redirects.map`
beside the site, for nginx. A published build leaves `published.json` there, so that the next one
misses what vanished.
"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pelican import signals

from publish.checks.project import WRITING, Published, Writing
from publish.plugins.signals import listen

REDIRECT_MAP: Final = "redirects.map"


def write_aliases(generator: Any, writer: Any) -> None:
    """Writes a page for each alias. The theme's `moved.html` is given `address` and `title`."""
    for _, file, post in _redirects(generator.settings[WRITING]):
        writer.write_file(
            file,
            generator.get_template("moved"),
            generator.context,
            url=post.url,
            address=f"{generator.settings['SITEURL']}/{quote(post.url)}",
            title=post.get("title"),
        )


def write_facts(pelican: Any) -> None:
    """Writes the map and, if the site has its full address, what is published now."""
    writing: Writing = pelican.settings[WRITING]
    beside = Path(pelican.output_path).parent
    lines = [
        f'"/{old}" /{quote(post.url)};\n'
        for address, _, post in _redirects(writing)
        for old in dict.fromkeys((address, address.rstrip("/")))
    ]
    (beside / REDIRECT_MAP).write_text("".join(lines), encoding="utf-8")
    if pelican.settings["SITEURL"]:
        slugs = {post.slug: post.where for post in writing.posts if writing.is_public(post)}
        Published(slugs, writing.next_change).write(beside / "published.json")


def _redirects(writing: Writing) -> list[tuple[str, str, Any]]:
    """Old address, its file, and the post that took its place; only where readers may go."""
    return [
        (*writing.old_address(post, alias), post)
        for post in writing.posts
        if writing.is_public(post)
        for alias in post.get("aliases") or ()
    ]


def register() -> None:
    """Called by Pelican."""
    listen(signals.article_writer_finalized, write_aliases)
    listen(signals.finalized, write_facts)
