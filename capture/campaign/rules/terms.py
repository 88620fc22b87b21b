"""Rules of the remaining terms: dates and zone, files to give, review, duplicates, consent."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from capture.campaign.kinds import CODE
from capture.campaign.model import DuplicateKey, Duplicates, FieldType, Review
from capture.campaign.problems import Finding, near
from capture.campaign.rules.draft import Draft
from capture.visible import is_blank


@cache
def time_zones() -> frozenset[str]:
    """The IANA names, as our locked tzdata lists them: the same on every machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def terms_findings(draft: Draft) -> Iterator[Finding]:
    """Everything that the remaining terms do wrong, one finding each."""
    if draft.time_zone is not None and draft.time_zone not in time_zones():
        hint = near(draft.time_zone, time_zones()) or "; write one such as America/New_York"
        yield Finding(("time_zone",), f"is no IANA time zone{hint}")
    if draft.opens and draft.closes and draft.closes < draft.opens:
        yield Finding(
            ("closes",), f"is before opens = {draft.opens}, so the form would never be open"
        )
    if draft.consent is not None and is_blank(draft.consent):
        yield Finding(("consent",), "is blank; say what the visitor agrees to")
    yield from _asset_findings(draft)
    if draft.review is not None:
        yield from _review_findings(draft.review)
    if draft.duplicates is not None:
        yield from _duplicate_findings(draft.duplicates, draft)


def _asset_findings(draft: Draft) -> Iterator[Finding]:
    if draft.assets is None or draft.kind is None:
        return
    if draft.kind == "demo" and draft.assets:
        yield Finding(("assets",), 'a demo gives no files; take it out or say kind = "gated"')
    if draft.kind == "gated" and not draft.assets:
        yield Finding(
            ("assets",), 'is missing: a gated campaign gives files, such as assets = ["guide.pdf"]'
        )
    for number, name in enumerate(draft.assets):
        if not is_plain(name):
            yield Finding(
                ("assets", number),
                "must be a file's name alone, without folders; put the file into content/gated/",
            )
        elif name in draft.assets[:number]:
            yield Finding(("assets", number), "is listed twice; keep one")


def is_plain(name: str) -> bool:
    """Whether it is the name of one visible file: no folder, nothing that leads out."""
    return not name.startswith(".") and not re.search(r"[/\\:]", name)


def _review_findings(review: Review) -> Iterator[Finding]:
    for code, sentence in review.reasons.items():
        at = ("review", "reasons", code)
        if not re.search(CODE, code) or len(code) > 40:
            yield Finding(
                at, "a reason's code has small letters, digits, - and _, such as known_customer"
            )
        elif not re.search(r"\w \w", sentence):
            yield Finding(at, "write a sentence that the client and the agency both understand")
    if review.holidays and not review.working_days:
        yield Finding(
            ("review", "holidays"), "count only with working_days = true; add it or take them out"
        )
    for number, day in enumerate(review.holidays):
        if day in review.holidays[:number]:
            yield Finding(("review", "holidays", number), "is listed twice; keep one")


def _duplicate_findings(duplicates: Duplicates, draft: Draft) -> Iterator[Finding]:
    for number, key in enumerate(duplicates.keys):
        at = ("duplicates", "keys", number)
        if key in duplicates.keys[:number]:
            yield Finding(at, "is listed twice; keep one")
        elif key is DuplicateKey.PHONE and "phone" not in draft.misshapen:
            phone = draft.fields.get("phone")
            if phone is None or phone.type is not FieldType.PHONE:
                yield Finding(at, 'the form asks for none; add [fields.phone] with type = "phone"')
