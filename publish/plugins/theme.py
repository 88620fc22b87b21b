"""A Pelican plugin for the theme: gives templates the site's facts, and publishes theme files.

Templates get the facts as `site`. The theme's files are published under names with the hash of
their content, so that browsers may keep them for ever. When everything is written, the same facts
go into `site.json` beside the site, for the lead service.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pelican import signals

from capture.site import Link, Site
from publish.plugins.problems import get_report
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import all_texts, has_all_texts
from publish.uris import to_uri

_NOT_PROSE = re.compile(r"<form .*?</form>|<!--.*?-->|<[^>]*>", re.DOTALL)
_CJK_CHARACTER = "[\u3040-\u30ff\u3400-\u9fff]"  # kana and Han; few texts need it compiled
_CONTEXT = "GATEPOST_CONTEXT"  # the setting that keeps the templates' context until the end


def add_theme_context(generator: Any) -> None:
    """Adds `site` to the context that all generators of a build share."""
    generator.env.filters["reading_minutes"] = reading_minutes
    if "site" in generator.context:
        return
    generator.context["site"] = site_from(generator.settings, Path(generator.theme) / "static")
    generator.settings[_CONTEXT] = generator.context


def write_site_facts(pelican: Any) -> None:
    """Copies the theme's files under their published names and writes `site.json`."""
    context = pelican.settings.pop(_CONTEXT)
    if not has_all_texts(context):
        return
    output = Path(pelican.output_path)
    source = Path(pelican.theme) / "static"
    target = output / "theme"
    target.mkdir(parents=True, exist_ok=True)
    for name, published in fingerprints(source).items():
        (target / published).write_bytes((source / name).read_bytes())
    site: Site = context["site"]
    pages = context.get("gatepost_form_pages") or pelican.settings.get("gatepost_form_pages") or {}
    form_pages = {campaign: tuple(sorted(pages[campaign])) for campaign in sorted(pages)}
    facts = {"form_pages": form_pages, "titles": titles(context), "dates": dates(context)}
    site.model_copy(update=facts).write(output.parent / "site.json")
    if not any(name == "index.html" for name in _page_files(context)):
        message = "the site has no start page, `/`: write one, such as pages/home.md"
        get_report(pelican.settings).warn(Path(pelican.path), None, message)


def _page_files(context: MutableMapping[str, Any]) -> Iterator[str]:
    """The files of the texts, and of the pages that only have a template."""
    yield from (text.save_as for text in all_texts(context))
    for template in context["DIRECT_TEMPLATES"]:
        yield context.get(f"{template.upper()}_SAVE_AS", f"{template}.html")


def titles(context: Mapping[str, Any]) -> dict[str, str]:
    """The titles of all published articles and pages as text, by path."""
    contents = [*context.get("articles", ()), *context.get("pages", ())]
    return {
        f"/{content.url}": Markup(content.title).striptags()  # noqa: S704 - the result is text
        for content in contents
    }


def dates(context: Mapping[str, Any]) -> dict[str, str]:
    """The dates of all published articles, by path."""
    return {
        f"/{article.url}": article.date.date().isoformat()
        for article in context.get("articles", ())
    }


def site_from(settings: Mapping[str, Any], static: Path) -> Site:
    """The site's facts from Pelican's settings and the theme's files, with full addresses."""
    url = settings["SITEURL"].rstrip("/")
    feed = settings.get("FEED_ALL_ATOM")
    return Site(
        name=settings["SITENAME"],
        tagline=settings.get("TAGLINE", ""),
        language=settings["DEFAULT_LANG"],
        url=url,
        capture_url=settings.get("CAPTURE_URL", ""),
        publisher=settings.get("PUBLISHER") or settings["SITENAME"],
        navigation=_links(settings.get("NAVIGATION", ()), url),
        footer=_links(settings.get("FOOTER", ()), url),
        feed_url=f"{url}/{feed}" if feed else "",
        assets={name: f"{url}/theme/{file}" for name, file in fingerprints(static).items()},
    )


def _links(entries: tuple[tuple[str, str], ...], url: str) -> tuple[Link, ...]:
    return tuple(
        Link(title=title, url=to_uri(url + path if path.startswith("/") else path))
        for title, path in entries
    )


def fingerprints(static: Path) -> dict[str, str]:
    """By name of a theme file, such as `style.css`: its published name, `style.0123456789.css`."""
    files = sorted(path for path in static.iterdir() if path.is_file() and path.name[0] != ".")
    return {
        path.name: f"{path.stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:10]}{path.suffix}"
        for path in files
    }


def reading_minutes(html: str) -> int:
    """Minutes to read an article: 220 words a minute, or 500 characters of Japanese and Chinese.

    Forms do not count.
    """
    text = _NOT_PROSE.sub("", html)
    characters = 0 if text.isascii() else len(re.findall(_CJK_CHARACTER, text))
    return max(1, round(len(text.split()) / 220 + characters / 500))


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.generator_init, add_theme_context)
    connect_last(signals.finalized, write_site_facts)
