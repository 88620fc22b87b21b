"""The rule `active-content` for texts: no scripts, redirects or foreign forms.

The rules `blocked` and `blocked-style`: a text has nothing that the site's policy leaves empty.
"""

from collections.abc import Iterator
from dataclasses import replace

from publish.checks.active_content import (
    ACTIVE,
    ActivePart,
    active_parts,
    address_problem,
    is_external,
)
from publish.checks.finding import Finding
from publish.checks.post import Post


def active_findings(post: Post) -> Iterator[Finding]:
    """Active and blocked content in a text."""
    for part in dict.fromkeys(_parts_of_post(post, post.layout.site_url)):
        if part.rule == ACTIVE:
            yield Finding(post.where, part.line, part.message, ACTIVE)  # an error in drafts too
        else:
            yield post.finding(part.rule, part.line, part.message)


def _parts_of_post(post: Post, site_url: str) -> Iterator[ActivePart]:
    messages = set()
    for part in post.outline.active:
        if not part.address or is_external(part.address, site_url):
            messages.add(part.message)
            yield replace(part, address="")
    for link in post.outline.links:
        problem = address_problem(link.target, is_embedded=link.is_embedded)
        if problem and problem not in messages:
            yield ActivePart(problem, link.line)
    if summary := post.get("summary"):
        line = post.front_matter.line("summary")
        for part in active_parts(summary):
            if not part.address or is_external(part.address, site_url):
                yield replace(part, address="", line=line)
