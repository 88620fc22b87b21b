"""The rules for content, and `check_writing`, which runs them all without making a page."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from capture.campaign.catalogue import Catalogue, read_catalogue
from capture.errors import FileErrors
from publish.checks.finding import Finding, Findings
from publish.checks.known_findings import read_known_findings
from publish.checks.layout import Layout
from publish.checks.post import PostReader, read_source
from publish.checks.project import Writing
from publish.checks.rules.active_files import active_file_findings
from publish.checks.rules.addresses import address_findings
from publish.checks.rules.control_characters import file_name_findings
from publish.checks.rules.files import content_findings, file_findings
from publish.checks.rules.forms import form_findings
from publish.checks.rules.front_matter import template_findings
from publish.checks.rules.links import link_findings
from publish.checks.rules.names import name_findings
from publish.checks.rules.photos import location_findings
from publish.checks.rules.pictures import picture_findings
from publish.checks.rules.posts import same_title_findings, tag_spelling_findings
from publish.checks.rules.redirects import redirect_findings
from publish.checks.rules.texts import text_findings

RULES: Final[tuple[Callable[[Writing], Iterable[Finding]], ...]] = (
    text_findings,  # first, as it finds the facts that the others use
    template_findings,
    link_findings,
    picture_findings,
    location_findings,
    file_findings,
    content_findings,
    active_file_findings,
    file_name_findings,
    form_findings,
    address_findings,
    redirect_findings,
    name_findings,
    tag_spelling_findings,
    same_title_findings,
)


def check_writing(  # noqa: PLR0913 - the folders of a project, the time, and the edited texts
    layout: Layout,
    campaigns: Path,
    clients: Path,
    gated: Path,
    now: datetime,
    *,
    edited: Mapping[Path, bytes] = MappingProxyType({}),
    read: PostReader = read_source,
) -> tuple[Writing, Findings]:
    """Reads every post, page and campaign file, and runs every rule. Raises `Unavailable`.

    `edited` has the content of posts and pages to read in place of their files.
    """
    writing, messages = read_writing(
        layout, campaigns, clients, gated, now, edited=edited, read=read
    )
    findings = (*messages, *_run_rules(writing))
    return writing, Findings.sorted(findings, layout.levels, read_known_findings(layout.content))


def read_writing(  # noqa: PLR0913 - as `check_writing`
    layout: Layout,
    campaigns: Path,
    clients: Path,
    gated: Path,
    now: datetime,
    *,
    edited: Mapping[Path, bytes] = MappingProxyType({}),
    read: PostReader = read_source,
    are_sound: bool = False,
) -> tuple[Writing, list[Finding]]:
    """The texts, which are read when a rule asks for them, and the findings in campaign files.

    `are_sound`: a check found no mistake in these campaign and client files.
    """
    messages: list[Finding] = []
    catalogue: Catalogue | None = None
    try:
        catalogue = read_catalogue(campaigns, clients, gated, are_sound=are_sound)
    except FileErrors as errors:
        messages = [Finding(p.path, p.line, p.message, "campaign-file") for p in errors.problems]
    writing = Writing.read(layout, now, catalogue, gated, edited=edited, read=read)
    return replace(writing, private=(campaigns, clients)), messages


def _run_rules(writing: Writing) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule(writing)
