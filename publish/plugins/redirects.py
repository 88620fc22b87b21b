"""A Pelican plugin, after publish.plugins.checks, that redirects old addresses.

Each alias becomes a page that links and redirects to the new address, and a line of `redirects.map`
beside the site, for nginx. A published build also writes `published.json` there: with it the next
build finds addresses that vanished.
"""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pelican import signals

from publish.checks.project import WRITING, Published, Writing
from publish.plugins.signals import connect_last

REDIRECT_MAP: Final = "redirects.map"


def write_aliases(generator: Any, writer: Any) -> None:
    """Writes a page for each alias. The theme's `moved.html` gets `address` and `title`."""
    for _, file, post in _redirects(generator.settings[WRITING]):
        writer.write_file(
            file,
            generator.get_template("moved"),
            generator.context,
            url=post.url,
            address=f"{generator.settings['SITEURL']}/{quote(post.url)}",
            title=post.get("title"),
        )


def write_redirects_and_slugs(pelican: Any) -> None:
    """Writes `redirects.map` and, for a site with its full address, `published.json`."""
    writing: Writing = pelican.settings[WRITING]
    folder = Path(pelican.output_path).parent
    lines = [
        f'"/{old}" /{quote(post.url)};\n'
        for address, _, post in _redirects(writing)
        for old in dict.fromkeys((address, address.rstrip("/")))
    ]
    (folder / REDIRECT_MAP).write_text("".join(lines), encoding="utf-8")
    if pelican.settings["SITEURL"]:
        slugs = {post.slug: post.where for post in writing.posts if writing.is_public(post)}
        Published(slugs, writing.next_change).write(folder / "published.json")


def _redirects(writing: Writing) -> list[tuple[str, str, Any]]:
    """Old address, its file, and the public post that took its place."""
    return [
        (*writing.old_address(post, alias), post)
        for post in writing.posts
        if writing.is_public(post)
        for alias in post.get("aliases") or ()
    ]


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.article_writer_finalized, write_aliases)
    connect_last(signals.finalized, write_redirects_and_slugs)
