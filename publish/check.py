"""Checks all that people write, and makes no page: quick enough for a hook that may refuse a push.

The build asks the same rules once. Then it looks in the finished pages for what only Markdown
makes, and compares all files of the site with the gated ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publish.pelican_run import settings_from
from publish.rules import checked
from publish.writing.finding import Findings
from publish.writing.rules.forms import open_forms
from publish.writing.writing import Writing


@dataclass(frozen=True)
class Checked:
    """What was read and what is wrong with it. Counts are of what readers may see."""

    articles: int
    pages: int
    forms: int
    findings: Findings


def check(config: Path, given: Mapping[str, object], now: datetime) -> Checked:
    """Asks every rule. Raises what keeps it from reading: faulty settings, a broken disk."""
    writing, findings = checked(settings_from(config, given), now)
    return Checked(*_counts(writing), findings)


def _counts(writing: Writing) -> tuple[int, int, int]:
    public = [post for post in writing.posts if writing.is_public(post)]
    articles = sum(post.kind == "post" for post in public)
    forms = sum(len(open_forms(post, writing)) for post in public)
    return articles, len(public) - articles, forms
