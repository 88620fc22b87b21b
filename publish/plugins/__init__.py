"""The Pelican plugins, one per file, and the order in which Pelican registers them.

Plugins that listen to the same Pelican signal are called in this order. Each comment gives the
reason for a place and the signal; a plugin without a reason could be anywhere.
"""

from typing import Final

PLUGINS: Final = (
    # get_generators: starts an empty report, which the checks then fill.
    "publish.plugins.problems",
    # get_generators: a broken rule stops the build before Pelican reads a file.
    "publish.plugins.checks",
    # get_generators: converts the texts that the checks have read.
    "publish.plugins.parallel_markdown",
    # Own signals: readers_init, and the context of each article and page.
    "publish.plugins.front_matter",
    "publish.plugins.drafts",
    # Own signals: initialized, and article_generator_finalized for the archive.
    "publish.plugins.article_order",
    # Own signals: initialized, and the creation of each article, page and file.
    "publish.plugins.encoded_addresses",
    # Own signal: generator_init, long before the plugins below use `site`.
    "publish.plugins.theme",
    # all_generators_finalized: adds questions and answers to the text, before the contents list
    # and the pictures are made from it.
    "publish.plugins.faq",
    # all_generators_finalized: both work on the text without the forms.
    "publish.plugins.article_nav",
    "publish.plugins.pictures",
    "publish.plugins.form_tags",
    # all_generators_finalized: searches the final text.
    "publish.plugins.links",
    # Own signal: article_writer_finalized; at the end it writes only beside the site.
    "publish.plugins.redirects",
    # all_generators_finalized: the HTML head of a page names its share picture.
    "publish.plugins.share_pictures",
    # all_generators_finalized: also needs the summary without forms, from form_tags.
    "publish.plugins.html_head",
    # all_generators_finalized: reads the HTML heads.
    "publish.plugins.sitemap",
    # feed_generated: form_tags must find its forms before this plugin changes their links.
    "publish.plugins.feed",
    # finalized: compares all output with the gated files, the copied pictures included.
    "publish.plugins.gated",
)
"""The value of Pelican's setting PLUGINS."""
