"""A Pelican plugin, after publish.plugins.checks, that redirects old addresses.

Each alias becomes a page that links and redirects to the new address, and a line of `redirects.map`
beside the site, for nginx. A published build also writes `published.json` there: with it the next
build finds addresses that vanished.
"""

from pathlib import Path
from typing import Any, Final

from pelican import signals

from publish.checks.project import WRITING, Published, Writing
from publish.checks.redirects import Redirect, map_entries, redirects_of
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import has_all_texts

REDIRECT_MAP: Final = "redirects.map"


def write_aliases(generator: Any, writer: Any) -> None:
    """Writes a page for each alias. The theme's `moved.html` gets `address` and `title`."""
    if not has_all_texts(generator.context):
        return  # no address has changed
    output = Path(generator.settings["OUTPUT_PATH"])
    for redirect in _redirects(generator.settings[WRITING]):
        post = redirect.post
        if (output / redirect.file).exists():
            continue  # `Hello/` is the folder `hello/`: this file system ignores case
        writer.write_file(
            redirect.file,
            generator.get_template("moved"),
            generator.context,
            url=post.url,
            address=f"{generator.settings['SITEURL']}{redirect.target}",
            title=post.get("title"),
        )


def write_redirects_and_slugs(generator: Any, writer: Any) -> None:  # noqa: ARG001 - a signal's
    """Writes `redirects.map` and, for a site with its full address, `published.json`."""
    if not has_all_texts(generator.context):
        return
    settings = generator.settings
    writing: Writing = settings[WRITING]
    folder = Path(settings["OUTPUT_PATH"]).parent
    entries = map_entries(writing, _redirects(writing))
    (folder / REDIRECT_MAP).write_text(
        "".join(f"{entry.line}\n" for entry in entries), encoding="utf-8"
    )
    if settings["SITEURL"]:
        slugs = {post.slug: post.where for post in writing.posts if writing.is_public(post)}
        Published(slugs, writing.next_change).write(folder / "published.json")


def _redirects(writing: Writing) -> tuple[Redirect, ...]:
    """The redirects to the posts that readers can open."""
    return redirects_of(writing, filter(writing.is_public, writing.posts))


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.article_writer_finalized, write_aliases)
    connect_last(signals.article_writer_finalized, write_redirects_and_slugs)
