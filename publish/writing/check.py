"""Checks all that a project has written, without making a page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from capture.campaign import Catalogue, read_catalogue
from capture.errors import FileErrors
from publish.writing.finding import Finding, Findings
from publish.writing.layout import Layout
from publish.writing.rules import RULES
from publish.writing.writing import Writing


def check_writing(
    layout: Layout, campaigns: Path, clients: Path, gated: Path, now: datetime
) -> tuple[Writing, Findings]:
    """Reads every post, page and campaign file, and asks every rule. Raises `Unavailable`."""
    told: list[Finding] = []
    catalogue: Catalogue | None = None
    try:
        catalogue = read_catalogue(campaigns, clients, gated)
    except FileErrors as errors:
        told = [Finding(p.path, p.line, p.message, "campaign-file") for p in errors.problems]
    writing = replace(Writing.read(layout, now, catalogue, gated), private=(campaigns, clients))
    return writing, Findings.sorted((*told, *_ask(writing)), layout.levels)


def _ask(writing: Writing) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule(writing)
