"""A Pelican plugin that replaces form tags with the campaigns' forms and calls to action.

`publish.checks.tag_syntax` describes the tags; the metadata `Campaign: slug` puts the form at the
end of the text. The theme's macros render them. A form cannot work in a feed or a summary: a feed
gets a link instead, a summary nothing. The checks refuse every wrong tag; one that they
missed stays as it was written, and `publish.plugins.links` reports it.
"""

import copy
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import urljoin

from markupsafe import Markup, escape
from pelican import signals

from capture.campaign.model import Campaign
from capture.site import Site
from publish.checks.project import WRITING, Writing
from publish.checks.tag_syntax import Tag, TagExtension, has_marks, split_at_marks
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import all_texts, facts_of, is_stored

FORMS: Final = "GATEPOST_FORMS"
"""The name in the context of all forms and calls to action: each one's kind and campaign."""
_BLOCKS: Final = "GATEPOST_BLOCKS"
_FORM_PAGES: Final = "gatepost_form_pages"  # publish.plugins.theme writes it into site.json


def extend_markdown(pelican: Any) -> None:
    """Adds the tags to Pelican's Markdown."""
    markdown = pelican.settings["MARKDOWN"]
    markdown["extensions"] = [*markdown.get("extensions", ()), TagExtension()]


def insert_forms(generators: Any) -> None:
    """Puts every form into its page, before a template renders the page."""
    blocks = Blocks(generators[0])
    context = generators[0].context
    pages: dict[str, set[str]] = {}
    forms: set[tuple[str, str]] = set()
    for content in all_texts(context):
        if not is_stored(content):
            _Page(content, blocks).insert_forms()
        forms |= facts_of(content).forms
        for slug in facts_of(content).open_forms:
            pages.setdefault(slug, set()).add(f"/{content.url}")
    context[FORMS] = sorted(forms)
    context[_FORM_PAGES] = pages
    context[_BLOCKS] = blocks


def link_in_feeds(context: MutableMapping[str, Any], feed: Any) -> None:
    """Replaces each form and call to action of a feed with a link."""
    blocks: Blocks = context[_BLOCKS]
    links = blocks.links(context[FORMS])
    for item in feed.items:
        for part in ("content", "description"):
            for block, link in links.items():
                if item.get(part):
                    item[part] = item[part].replace(block, link)


class Blocks:
    """The HTML of each form and call to action, rendered once per build."""

    def __init__(self, generator: Any) -> None:
        writing: Writing = generator.settings[WRITING]
        self.campaigns: Mapping[str, Campaign] = (
            writing.catalogue.campaigns if writing.catalogue else {}
        )
        self._site: Site = generator.context["site"]
        self._feed_origin = generator.settings.get("FEED_DOMAIN") or self._site.url
        self._templates = generator.env.overlay(autoescape=True)
        self._now = writing.now
        self._rendered: dict[tuple[str, str], str] = {}

    def html(self, kind: str, campaign: Campaign) -> str:
        """The HTML of a tag; a sentence if the campaign is closed."""
        html = self._rendered.get((kind, campaign.slug))
        if html is None:
            html = self._rendered[kind, campaign.slug] = str(self._render(kind, campaign))
        return html

    def links(self, forms: Iterable[tuple[str, str]]) -> Mapping[str, str]:
        """The link that takes the place of each open form in feeds, by the form's HTML."""
        campaigns = ((kind, self.campaigns[slug]) for kind, slug in forms)
        return {
            self.html(kind, campaign): self._link(campaign)
            for kind, campaign in campaigns
            if self.is_open(campaign)
        }

    def _render(self, kind: str, campaign: Campaign) -> Markup:
        actions = self._templates.get_template("_cta.html").module
        if not self.is_open(campaign):
            closed: Markup = actions.closed_campaign(campaign, self._site)
            return closed
        if kind == "cta":
            action: Markup = actions.call_to_action(campaign, self._site)
            return action
        forms = self._templates.get_template("_form.html").module
        # Imported here: it takes 30 ms, which a site without forms does not need.
        from capture.form.campaign_form import form_class  # noqa: PLC0415

        form: Markup = forms.lead_form(form_class(campaign)(), campaign, self._site)
        return form

    def _link(self, campaign: Campaign) -> str:
        address = urljoin(f"{self._feed_origin}/", self._site.form_action(campaign.slug))
        return str(Markup('<p><a href="{}">{}</a></p>').format(address, campaign.title))

    def is_open(self, campaign: Campaign) -> bool:
        """Whether the campaign's dates let visitors see its form now."""
        return campaign.is_open(self._now)


class _Page:
    """One article or page while its tags are replaced with forms."""

    def __init__(self, content: Any, blocks: Blocks) -> None:
        self._content = content
        self._blocks = blocks
        self._forms: set[str] = set()

    def insert_forms(self) -> None:
        """Inserts the forms, and notes them.

        `_content` is the HTML before Pelican resolves addresses: plugins change it there.
        """
        html: str = self._content._content or ""
        slug_at_the_end = self._content.metadata.get("campaign")
        if slug_at_the_end is None and not has_marks(html):
            return
        pieces = list(split_at_marks(html))
        if "summary" not in self._content.metadata:
            self._summarise("".join(piece for piece in pieces if isinstance(piece, str)))
        html_pieces = [
            piece if isinstance(piece, str) else self._replace(piece) for piece in pieces
        ]
        if slug_at_the_end is not None:
            raw = f"{{% form {slug_at_the_end} %}}"
            html_pieces.append(self._replace(Tag(raw, "form", str(slug_at_the_end))))
        self._content._content = "".join(html_pieces)
        if self._content.status != "draft":
            facts_of(self._content).open_forms |= self._forms

    def _summarise(self, html: str) -> None:
        """Makes Pelican cut the summary from a text without forms."""
        without_forms = copy.copy(self._content)
        without_forms._content = html
        self._content.get_summary = without_forms.get_summary

    def _replace(self, tag: Tag) -> str:
        """The HTML for a tag; the tag itself if it names no campaign, or repeats a form."""
        campaign = self._blocks.campaigns.get(tag.slug)
        if campaign is None or (tag.kind == "form" and tag.slug in self._forms):
            return str(escape(tag.raw))
        facts_of(self._content).forms |= {(tag.kind, tag.slug)}
        if tag.kind == "form" and self._blocks.is_open(campaign):
            self._forms.add(tag.slug)
        return self._blocks.html(tag.kind, campaign)


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.initialized, extend_markdown)
    connect_last(signals.all_generators_finalized, insert_forms)
    connect_last(signals.feed_generated, link_in_feeds)
