"""A Pelican plugin that dresses the site: one `Site` for the templates, and the theme's files.

Templates get the site's facts as `site`. The theme's files are published under names that carry
their fingerprint, so that a browser may keep them for ever. When all is written, `site.json`
beside the published folder tells the lead service the same facts.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pelican import signals

from capture.site import Link, Site
from publish.plugins.problems import get_report
from publish.plugins.signals import listen

_UNREAD = re.compile(r"<form .*?</form>|<!--.*?-->|<[^>]*>", re.DOTALL)
_SIGN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")  # kana and Han
_CONTEXT = "GATEPOST_CONTEXT"  # where a build keeps the templates' context until its end


def add_theme_context(generator: Any) -> None:
    """Puts `site` into the context that all generators of one build share."""
    generator.env.filters["reading_minutes"] = reading_minutes
    if "site" in generator.context:
        return
    generator.context["site"] = site_from(generator.settings, Path(generator.theme) / "static")
    generator.settings[_CONTEXT] = generator.context


def write_site_facts(pelican: Any) -> None:
    """Copies the theme's files under their fingerprinted names and writes `site.json`."""
    context = pelican.settings.pop(_CONTEXT)
    output = Path(pelican.output_path)
    source = Path(pelican.theme) / "static"
    target = output / "theme"
    target.mkdir(parents=True, exist_ok=True)
    for name, published in fingerprints(source).items():
        (target / published).write_bytes((source / name).read_bytes())
    site: Site = context["site"]
    pages = context.get("gatepost_form_pages") or pelican.settings.get("gatepost_form_pages") or {}
    form_pages = {campaign: tuple(sorted(pages[campaign])) for campaign in sorted(pages)}
    known = {"form_pages": form_pages, "titles": titles(context)}
    site.model_copy(update=known).write(output.parent / "site.json")
    if not (output / "index.html").exists():
        message = "no page is the start of the site, `/`: write one, such as pages/home.md"
        get_report(pelican.settings).warn(Path(pelican.path), None, message)


def titles(context: Mapping[str, Any]) -> dict[str, str]:
    """Each published article's and page's title, as text, by its path."""
    found = [*context.get("articles", ()), *context.get("pages", ())]
    return {f"/{one.url}": Markup(one.title).striptags() for one in found}  # noqa: S704 - to text


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
        Link(title=title, url=url + path if path.startswith("/") else path)
        for title, path in entries
    )


def fingerprints(static: Path) -> dict[str, str]:
    """Each theme file to its published name: `style.css` to `style.0123456789.css`."""
    files = sorted(path for path in static.iterdir() if path.is_file() and path.name[0] != ".")
    return {
        path.name: f"{path.stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:10]}{path.suffix}"
        for path in files
    }


def reading_minutes(html: str) -> int:
    """How long an article takes to read, in minutes: 220 words or, where no blanks stand between
    them, 500 signs each. A form is not read."""
    text = _UNREAD.sub("", html)
    return max(1, round(len(text.split()) / 220 + len(_SIGN.findall(text)) / 500))


def register() -> None:
    """Called by Pelican."""
    listen(signals.generator_init, add_theme_context)
    listen(signals.finalized, write_site_facts)
