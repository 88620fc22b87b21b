"""Which pages a build may render after an edit of one kind: else a build of everything would pass.

A page whose bytes have changed may always be rendered. What else may be depends on the kind.
Settings and the theme's files have no bound: code in Pelican and templates reads any setting, and
every page shows the addresses of the theme's files.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.publish.rebuilding.sample_texts import Text

NO_PAGE: Final = frozenset(
    {"touch", "replaced_by_same_bytes", "table", "file_of_images", "gone", "nothing"}
)
"""Kinds of edits that change no page by themselves, or only pages that show the change."""
FEEDS: Final = frozenset({"campaign_file", "other_campaign", "client_file", "gated_file"})
"""Kinds that change forms. In a feed a link takes the place of each form."""
TEMPLATES: Final = frozenset(
    {
        *("template_text", "template_comment", "template_use", "first_templates"),
        *("partial", "override"),
    }
)
"""Kinds that change pages whose template is, extends, includes or imports an edited one."""
OWN_PAGE: Final = frozenset(
    {
        *("body", "questions", "same_size_and_time", "style_of_front_matter"),
        *("drawing", "photo"),
    }
)
"""Kinds that lists do not show, unless the edit has changed a summary: the first paragraphs."""
BESIDE: Final = 4
"""Articles know the dates of their two neighbours, and do not show them: so many may be rendered
after another date, those of before and those of now."""
ALL_PAGES: Final = frozenset(
    {"style", "theme_file", "setting", "setting_removed", "module", "environment", "slugs_of_names"}
)
_IS_FEED: Final = re.compile(r"feed\.xml|feeds/.*")
_IS_LIST: Final = re.compile(
    r"(tag|category|author|articles)/.*|(404|index)\.html|feed\.xml|sitemap.*\.xml|\d{4}/index\.html"
    r"|(archives|tags|categories|authors|search)/index\.html|feeds/.*"
)
"""Pages that list articles. They may have used something of an article that they do not show."""
_SHOWS_SUMMARIES: Final = re.compile(r"(tag|category|author|articles)/.*")
_PAGES_OF_TEMPLATES: Final = {
    "index.html": r"articles/.*",
    "tag.html": r"tag/.*",
    "category.html": r"category/.*",
    "author.html": r"author/.*",
    "period_archives.html": r"\d{4}/index\.html",
    "404.html": r"404\.html",
    "sitemap.xml": r"sitemap-.*\.xml",
    "sitemap_index.xml": r"sitemap\.xml",
    "robots.txt": r"robots\.txt",
    **{f"{name}.html": rf"{name}/index\.html" for name in ("archives", "tags", "categories")},
    **{f"{name}.html": rf"{name}/index\.html" for name in ("authors", "search")},
}
"""The pages of each template that is not the template of texts."""


@dataclass(frozen=True)
class Step:
    """What one build has done. Pages are paths below the site."""

    is_accepted: bool
    changed: frozenset[str] = frozenset()
    """Files of the site that are new, or have other bytes than before."""
    texts: tuple[Text, ...] = ()
    """All texts."""
    edited: tuple[Text, ...] = ()
    """The texts that were edited, as they were and as they are, with their translations."""
    templates: frozenset[str] = frozenset()
    """The templates that use an edited one, by name, and the edited ones."""
    rendered: Mapping[str, str] | None = None
    """By page that the build has rendered: why. None if it may render any page."""
    start: Text | None = None
    """The text in the file of the start page. Whatever its slug and status, it shows a list."""
    made_lists: bool = True
    """Whether it made the lists anew, and not only the pages of edited bodies."""


def too_many(kind: str, step: Step) -> str:
    """The rendered pages that an edit of this kind does not allow, for a message."""
    if kind in ALL_PAGES:
        return ""
    rest = set(step.rendered or ()).difference(step.changed)
    if kind in TEMPLATES:
        allowed = set(_pages_of_templates(step.templates, step.texts, rest))
    elif kind in FEEDS:
        allowed = set(filter(_IS_FEED.fullmatch, rest))
    elif kind in NO_PAGE:
        allowed = set()
    else:
        allowed = {page for text in _changed_texts(step) for page in _pages_of(text)}
        shows_summary = any(map(_SHOWS_SUMMARIES.fullmatch, step.changed))
        is_listed = kind not in OWN_PAGE or shows_summary or _has_summary_of_translation(step)
        may_render = _IS_LIST if is_listed else _IS_FEED
        allowed.update(filter(may_render.fullmatch, rest))
        if is_listed and step.start:
            allowed.update(_pages_of(step.start))
        if kind == "date":
            reasons = step.rendered or {}
            beside = sorted(page for page in rest if reasons[page].endswith(" (fields)"))
            allowed.update(beside[:BESIDE])
    return ", ".join(sorted(rest - allowed))


def _changed_texts(step: Step) -> Iterator[Text]:
    """The edited texts, those that show a changed picture, and their translations."""
    yield from step.edited
    changed = {t.keys["slug"] for t in step.texts if not step.changed.isdisjoint(_pages_of(t))}
    yield from (text for text in step.texts if text.keys["slug"] in changed)


def _has_summary_of_translation(step: Step) -> bool:
    """Whether the first paragraph of a translation may have changed.

    Lists know the translations of each article, and what these would show there.
    """
    languages: dict[str, set[str]] = {}
    for text in step.edited:
        languages.setdefault(text.keys["slug"], set()).add(text.keys.get("lang", ""))
    return any(
        "summary" not in text.keys and len(languages[text.keys["slug"]]) > 1 for text in step.edited
    )


def _pages_of(text: Text) -> Iterator[str]:
    """The pages of a text, whether it is public or a preview."""
    keys = text.keys
    if preview := keys.get("preview"):
        yield f"drafts/{preview}/index.html"
    if keys["slug"] == "home":
        yield "index.html"
        yield "home/index.html"  # after it has changed places with another file
    elif "url" in keys:
        yield f"{keys['url']}index.html"
    elif "lang" in keys and keys["lang"] != "en":
        yield f"{keys['lang']}/{keys['slug']}/index.html"
    else:
        yield f"{keys['slug']}/index.html"


def _pages_of_templates(
    templates: Collection[str], texts: Iterable[Text], rendered: Iterable[str]
) -> Iterator[str]:
    """The pages of these templates, and among those that were rendered the feeds and lists."""
    for text in texts:
        if not templates.isdisjoint(_templates_of(text)):
            yield from _pages_of(text)
        for alias in text.keys.get("aliases", ()) if "moved.html" in templates else ():
            yield f"{alias.strip('/')}/index.html"
    patterns = [_PAGES_OF_TEMPLATES[name] for name in templates if name in _PAGES_OF_TEMPLATES]
    patterns.append(_IS_FEED.pattern)
    for page in rendered:
        if any(re.fullmatch(pattern, page) for pattern in patterns):
            yield page


def _templates_of(text: Text) -> Iterable[str]:
    if "date" in text.keys:
        return {f"{text.keys.get('template', 'article')}.html"}
    return {"home.html", "page.html"} if text.keys["slug"] == "home" else {"page.html"}


def users_of(names: Iterable[str], sources: Mapping[str, str]) -> frozenset[str]:
    """These templates, and all whose source names one of them, directly or not."""
    found: set[str] = set()
    todo = set(names)
    while todo:
        found |= todo
        todo = {
            user
            for user, source in sources.items()
            if user not in found and any(f'"{n}"' in source or f"'{n}'" in source for n in todo)
        }
    return frozenset(found)


def edited_texts(before: Mapping[str, Text], after: Mapping[str, Text]) -> tuple[Text, ...]:
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
    every = (*before.values(), *after.values())
    return tuple(text for text in every if text.keys["slug"] in slugs or "template" in text.keys)
