"""Rules for forms and calls to action: each tag is correct and names a campaign that exists."""

from collections.abc import Collection, Iterator
from datetime import datetime

from capture.campaign.catalogue import Catalogue
from capture.campaign.model import Campaign
from capture.errors import NotFound
from publish.checks.edit import Edit
from publish.checks.facts import items
from publish.checks.finding import Finding
from publish.checks.near_name import near_name
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.sure_edits import name_edits, tag_edits
from publish.checks.tag_syntax import corrected_tag, how_to_fix


def form_findings(writing: Writing) -> Iterator[Finding]:
    """Tags that do not work, and tags of closed campaigns."""
    if writing.catalogue is None:
        return
    campaigns = writing.catalogue.campaigns
    opened = {slug for slug in campaigns if campaigns[slug].is_open(writing.now)}
    for post in writing.posts:
        if not _is_correct(post, opened):
            yield from _tags(post, writing.catalogue, writing.now)


def _is_correct(post: Post, opened: Collection[str]) -> bool:
    """Whether all tags are correct, each form is there once, and all their campaigns are open."""
    facts = post.body_facts
    if facts is None or facts.has_wrong_tags:
        return False
    forms = post.forms
    slugs = {*forms, *items(facts.calls)} if forms or facts.calls else set()
    return len({*forms}) == len(forms) and slugs.issubset(opened)


def _tags(post: Post, catalogue: Catalogue, now: datetime) -> Iterator[Finding]:
    tags: list[tuple[str, str, str, int]] = []
    for tag in post.tags:
        if tag.kind:
            tags.append((tag.kind, tag.slug, f"`{tag.raw}`: ", tag.line))
        else:
            message = how_to_fix(tag.raw, catalogue.campaigns)
            right = corrected_tag(tag.raw, catalogue.campaigns)
            edits = tag_edits(post, tag.line, tag.raw, right) if right else ()
            yield post.finding("form", tag.line, message, edits)
    if slug_at_the_end := post.get("campaign"):
        tags.append(("form", slug_at_the_end, "", post.line("campaign")))
    placed_forms: set[str] = set()
    for kind, slug, prefix, line in tags:
        try:
            campaign = catalogue.campaign(slug)
        except NotFound as error:
            right = near_name(slug, catalogue.campaigns, "").typo_of
            edits = _campaign_edits(post, slug, right, line if prefix else None) if right else ()
            yield post.finding("form", line, f"{prefix}{error}", edits)
            continue
        if closed := closed_reason(campaign, now):
            message = f"campaign `{slug}` {closed}: readers see a sentence instead"
            yield post.finding("closed-campaign", line, message)
        elif kind == "form" and slug in placed_forms:
            message = f"the form of `{slug}` is already on this page: keep one of them"
            yield post.finding("form", line, message)
        elif kind == "form":
            placed_forms.add(slug)


def _campaign_edits(post: Post, slug: str, right: str, line: int | None) -> tuple[Edit, ...]:
    """Names another campaign, in the tag of this line or in the front matter."""
    if line is None:
        return name_edits(post, "campaign", slug, right)
    return tag_edits(post, line, slug, right)


def open_forms(post: Post, writing: Writing) -> set[str]:
    """The campaigns with an open form on the page."""
    known = writing.catalogue.campaigns if writing.catalogue else {}
    return {slug for slug in post.forms if slug in known and known[slug].is_open(writing.now)}


def closed_reason(campaign: Campaign, now: datetime) -> str:
    """`opens on ...` or `closed on ...`, by the campaign's dates; empty if its form is open."""
    if campaign.is_open(now):
        return ""
    today = now.astimezone(campaign.zone).date()
    if campaign.opens is not None and today < campaign.opens:
        return f"opens on {campaign.opens}"
    return f"closed on {campaign.closes}"
