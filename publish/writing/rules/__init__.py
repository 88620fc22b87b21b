"""The rules of writing. Each takes the whole writing and gives back what it found."""

from collections.abc import Callable, Iterable
from typing import Final

from publish.writing.finding import Finding
from publish.writing.rules.active import active_findings
from publish.writing.rules.addresses import address_findings
from publish.writing.rules.between import orphans, same_titles, tag_spellings
from publish.writing.rules.files import content_findings, file_findings
from publish.writing.rules.forms import form_findings
from publish.writing.rules.head import head_findings
from publish.writing.rules.links import link_findings
from publish.writing.rules.text import text_findings
from publish.writing.writing import Writing

RULES: Final[tuple[Callable[[Writing], Iterable[Finding]], ...]] = (
    head_findings,
    text_findings,
    link_findings,
    file_findings,
    content_findings,
    active_findings,
    form_findings,
    address_findings,
    tag_spellings,
    same_titles,
    orphans,
)
