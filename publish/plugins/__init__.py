"""The Pelican plugins, one in each file, and the order in which Pelican calls them."""

from typing import Final

PLUGINS: Final = (
    # First: it collects what the others report.
    "publish.plugins.problems",
    # Before anything is read: a broken rule stops the build.
    "publish.plugins.checks",
    # Reads the posts that the checks have passed, and decides which are public.
    "publish.plugins.front_matter",
    "publish.plugins.drafts",
    # Gives templates the site's facts; those below use them.
    "publish.plugins.theme",
    # Change the text of articles: questions first, so that the table of contents lists them.
    "publish.plugins.faq",
    "publish.plugins.article_nav",
    "publish.plugins.pictures",
    "publish.plugins.form_tags",
    # Need the final texts and addresses.
    "publish.plugins.links",
    "publish.plugins.redirects",
    # The head of a page names its share picture.
    "publish.plugins.share_pictures",
    "publish.plugins.html_head",
    # Need every page that is published.
    "publish.plugins.sitemap",
    "publish.plugins.feed",
    # Last: it compares all output with the gated files.
    "publish.plugins.gated",
)
"""The value of Pelican's setting PLUGINS."""
