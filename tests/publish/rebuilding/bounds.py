"""Which pages a build may render after an edit of one kind: else a build of everything would pass.

A page whose bytes have changed may always be rendered. What else may be depends on the kind.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from tests.publish.rebuilding.sample_texts import Text

NO_PAGE: Final = frozenset(
    {
        *("touch", "table", "file_of_images", "override", "partial", "nothing"),
    }
)
"""Kinds of edits that change no page by themselves, or only pages that show the change."""
OWN_PAGE: Final = frozenset({"body", "questions", "same_size_and_time", "style_of_front_matter"})
"""Kinds that lists do not show. A summary that is the first paragraph is shown."""
ALL_PAGES: Final = frozenset(
    {
        # Every page shows an address of the theme's files, or may show a setting.
        *("style", "theme_file", "setting", "setting_removed", "module", "environment"),
        # They count for the complete site.
        *("campaign_file", "client_file", "gated_file", "slugs_of_names"),
        # As many as use the template.
        *("template_text", "template_comment", "template_use"),
    }
)
ALL_LISTS: Final = re.compile(
    r"(tag|category|author|articles)/.*|(404|index)\.html|feed\.xml|sitemap.*\.xml|\d{4}/index\.html"
    r"|(archives|tags|categories|authors|search)/index\.html|feeds/.*"
)
"""Pages that list articles. They may have used something of an article that they do not show."""


def pages_of(texts: Iterable[Text]) -> frozenset[str]:
    """The pages of texts, whether they are public or previews."""
    return frozenset(page for text in texts for page in _pages_of(text))


def _pages_of(text: Text) -> Iterable[str]:
    keys = text.keys
    if preview := keys.get("preview"):
        yield f"drafts/{preview}/index.html"
    if keys["slug"] == "home":
        yield "index.html"
    elif "url" in keys:
        yield f"{keys['url']}index.html"
    elif "lang" in keys and keys["lang"] != "en":
        yield f"{keys['lang']}/{keys['slug']}/index.html"
    else:
        yield f"{keys['slug']}/index.html"


def edited_texts(before: Mapping[str, Text], after: Mapping[str, Text]) -> list[Text]:
    """The texts that an edit has changed, as they were and as they are, with their translations.

    And those in the template `essay.html`, which counts all articles.
    """
    paths = before.keys() | after.keys()
    edited = [
        text
        for path in paths
        if path not in before or path not in after or before[path].source() != after[path].source()
        for text in (before.get(path), after.get(path))
        if text is not None
    ]
    slugs = {text.keys["slug"] for text in edited}
    every = [*before.values(), *after.values()]
    return [text for text in every if text.keys["slug"] in slugs or "template" in text.keys]


def too_many(kind: str, rendered: Iterable[str], changed: Iterable[str], own: Iterable[str]) -> str:
    """The rendered pages that an edit of this kind does not allow, for a message."""
    if kind in ALL_PAGES:
        return ""
    rest = set(rendered).difference(changed)
    if kind not in NO_PAGE:
        rest.difference_update(own)
    if kind in OWN_PAGE:
        rest.discard("feed.xml")
    elif kind not in NO_PAGE:
        rest = {page for page in rest if not ALL_LISTS.fullmatch(page)}
    return ", ".join(sorted(rest))
