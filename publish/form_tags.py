"""A Pelican plugin that puts campaigns' forms and calls to action where writers asked for them.

Tags are described in `publish.tag_syntax`; the metadata `Campaign: slug` puts the form at the end.
Form and call to action are the theme's macros. In feeds and summaries no form can work: there a
link stands for it, or nothing.
"""

import copy
from collections import Counter
from collections.abc import MutableMapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from markupsafe import Markup
from pelican import signals

from capture.campaign import Campaign, Catalogue, read_catalogue
from capture.errors import NotFound
from capture.site import Site
from publish import problems
from publish.problems import report_of
from publish.source import line_of_key, line_of_text
from publish.tag_syntax import (
    Tag,
    TagExtension,
    has_marks,
    how_to_mend,
    split_at_marks,
    unseen_tags,
)
from publish.wiring import listen
from publish.writing.rules.forms import why_closed

_CATALOGUE: Final = "GATEPOST_CATALOGUE"
_IN_FEEDS: Final = "GATEPOST_IN_FEEDS"
_FORM_PAGES: Final = "gatepost_form_pages"  # publish.look writes it into site.json


def extend_markdown(pelican: Any) -> None:
    """Teaches Pelican's Markdown our tags."""
    markdown = pelican.settings["MARKDOWN"]
    markdown["extensions"] = [*markdown.get("extensions", ()), TagExtension()]


def read_campaigns(pelican: Any) -> None:
    """Reads campaigns and clients before anything else; a mistake in one stops the build here."""
    settings = pelican.settings
    root = Path(settings["PATH"]).parent
    settings[_CATALOGUE] = read_catalogue(
        Path(settings.get("CAMPAIGNS_PATH", root / "campaigns")),
        Path(settings.get("CLIENTS_PATH", root / "clients")),
        Path(settings.get("GATED_PATH", Path(settings["PATH"]) / "gated")),
    )


def place_all(generators: Any) -> None:
    """Puts every form into its page, before any template sees the page."""
    blocks = Blocks(generators[0])
    context = generators[0].context
    pages: dict[str, set[str]] = {}
    for content in context["generated_content"].values():
        if content is not None:
            for slug in _Page(content, blocks).place():
                pages.setdefault(slug, set()).add(f"/{content.url}")
    context[_FORM_PAGES] = pages
    context[_IN_FEEDS] = blocks.in_feeds


def link_in_feeds(context: MutableMapping[str, Any], feed: Any) -> None:
    """Puts a link in the place of each form and call to action of a feed."""
    for item in feed.items:
        for part in ("content", "description"):
            for block, link in context.get(_IN_FEEDS, {}).items():
                if item.get(part):
                    item[part] = item[part].replace(block, link)


class Blocks:
    """The HTML of each form and call to action, drawn once for all pages of a build."""

    def __init__(self, generator: Any) -> None:
        self.catalogue: Catalogue = generator.settings[_CATALOGUE]
        self.in_feeds: dict[str, str] = {}
        self._site: Site = generator.context["site"]
        self._feed_origin = generator.settings.get("FEED_DOMAIN") or self._site.url
        self._templates = generator.env.overlay(autoescape=True)
        self._now = datetime.now(UTC)
        self._drawn: dict[tuple[str, str], str] = {}

    def draw(self, kind: str, campaign: Campaign) -> str:
        """The HTML of a tag; a sentence if the campaign is closed."""
        drawn = self._drawn.get((kind, campaign.slug))
        if drawn is None:
            drawn = self._drawn[kind, campaign.slug] = str(self._draw(kind, campaign))
            if not self.why_closed(campaign):
                self.in_feeds[drawn] = self._link(campaign)
        return drawn

    def _draw(self, kind: str, campaign: Campaign) -> Markup:
        actions = self._templates.get_template("_cta.html").module
        if self.why_closed(campaign):
            closed: Markup = actions.closed_campaign(campaign, self._site)
            return closed
        if kind == "cta":
            action: Markup = actions.call_to_action(campaign, self._site)
            return action
        forms = self._templates.get_template("_form.html").module
        # It loads in a thirtieth of a second, so not for a site that shows no form.
        form_class = import_module("capture.form").form_class
        form: Markup = forms.lead_form(form_class(campaign)(), campaign, self._site)
        return form

    def _link(self, campaign: Campaign) -> str:
        address = urljoin(f"{self._feed_origin}/", self._site.form_action(campaign.slug))
        return str(Markup('<p><a href="{}">{}</a></p>').format(address, campaign.title))

    def why_closed(self, campaign: Campaign) -> str:
        """Since or until when the campaign's form is closed by its dates; empty if it is open."""
        return why_closed(campaign, self._now)


class _Page:
    """One article or page while its tags are taken out and its forms put in."""

    def __init__(self, content: Any, blocks: Blocks) -> None:
        self._content = content
        self._blocks = blocks
        self._report = report_of(content.settings)
        self._source = Path(content.source_path)
        self._seen: Counter[str] = Counter()
        self._forms: set[str] = set()

    def place(self) -> set[str]:
        """Gives back the campaigns whose open forms a visitor will find on this page.

        `_content` is the HTML before Pelican puts addresses into it: plugins change it there.
        """
        html: str = self._content._content or ""
        self._check_around(html)
        named = self._content.metadata.get("campaign")
        if named is None and not has_marks(html):
            return set()
        pieces = list(split_at_marks(html))
        if "summary" not in self._content.metadata:
            self._summarise("".join(piece for piece in pieces if isinstance(piece, str)))
        placed = [piece if isinstance(piece, str) else self._replace(piece) for piece in pieces]
        if named is not None:
            placed.append(self._at_the_end(named))
        self._content._content = "".join(placed)
        return self._forms if self._content.status != "draft" else set()

    def _check_around(self, html: str) -> None:
        """Tags where none can work: in raw HTML, and in the summary."""
        for raw in unseen_tags(html):
            self._wrong(raw)
        summary = self._content.metadata.get("summary", "")
        if has_marks(summary) or unseen_tags(summary):
            line = line_of_key(self._source, "summary")
            self._report.problem(self._source, line, "a summary holds no tags: put it in the text")

    def _summarise(self, html: str) -> None:
        """Pelican cuts the summary out of the text: let it cut one that has no form in it."""
        plain = copy.copy(self._content)
        plain._content = html
        self._content.get_summary = plain.get_summary

    def _replace(self, tag: Tag) -> str:
        if not tag.kind:
            self._wrong(tag.raw)
            return ""
        return self._block(tag.kind, tag.slug, f"`{tag.raw}`: ", self._line(tag.raw))

    def _at_the_end(self, named: Any) -> str:
        line = line_of_key(self._source, "campaign")
        if not isinstance(named, str) or not named.strip():
            message = "`Campaign:` must name one campaign: put others into the text with a tag"
            self._report.problem(self._source, line, message)
            return ""
        return self._block("form", named.strip(), "", line)

    def _block(self, kind: str, slug: str, prefix: str, line: int | None) -> str:
        try:
            campaign = self._blocks.catalogue.campaign(slug)
        except NotFound as error:
            self._report.problem(self._source, line, f"{prefix}{error}")
            return ""
        closed = self._blocks.why_closed(campaign)
        if closed:
            message = f"campaign `{slug}` {closed}: a sentence stands in its place"
            self._report.warn(self._source, line, message)
        elif kind == "form":
            if slug in self._forms:
                message = f"the form of `{slug}` stands on this page already: keep one of them"
                self._report.problem(self._source, line, message)
            self._forms.add(slug)
        return self._blocks.draw(kind, campaign)

    def _wrong(self, raw: str) -> None:
        message = how_to_mend(raw, self._blocks.catalogue.campaigns)
        self._report.problem(self._source, self._line(raw), message)

    def _line(self, raw: str) -> int | None:
        self._seen[raw] += 1
        return line_of_text(self._source, raw, self._seen[raw] - 1)


def register() -> None:
    """Called by Pelican."""
    problems.register()
    listen(signals.initialized, extend_markdown)
    listen(signals.get_generators, read_campaigns)
    listen(signals.all_generators_finalized, place_all)
    listen(signals.feed_generated, link_in_feeds)
