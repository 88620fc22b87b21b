"""Builds the front matter of an imported item from the values in its export."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from publish.checks.layout import Layout
from publish.checks.model import MAX_SUMMARY_LENGTH, MAX_TITLE_LENGTH, MIN_SUMMARY_LENGTH
from publish.importers.model import Item, LinkRewriter, Moment, join_names
from publish.importers.text import one_line
from publish.new_file import TOKEN_BYTES

Value = str | tuple[str, ...] | bool
_SUMMARY_LENGTH = f"{MIN_SUMMARY_LENGTH} to {MAX_SUMMARY_LENGTH} characters"


def build_front_matter(
    item: Item, slug: str, rewriter: LinkRewriter, layout: Layout, now: datetime
) -> Mapping[str, Value]:
    """The keys and values in the order of the file. Adds notes for missing and too long values."""
    front_matter: dict[str, Value] = {"title": _title(item, rewriter) or slug}
    front_matter |= _dates(item, rewriter, layout)
    if item.kind == "post":
        front_matter |= {
            "category": one_line(item.category),
            "tags": _unique_names(item.tags, item.category),
            "author": _unique_names(item.authors),
            "series": one_line(item.series),
        }
    else:
        _note_unused_keys(item, rewriter)
    front_matter |= {"slug": slug, "summary": _summary(item, rewriter)}
    front_matter |= _image(item, rewriter)
    front_matter["noindex"] = item.noindex
    if item.status != "published":
        front_matter["status"] = item.status
    if item.status == "draft" or is_future(item, layout, now):
        front_matter["preview"] = secrets.token_urlsafe(TOKEN_BYTES)
    return front_matter


def _note_unused_keys(item: Item, rewriter: LinkRewriter) -> None:
    """Adds notes for values that a page cannot have."""
    if topics := _unique_names((item.category, *item.tags)):
        rewriter.note("tags", f"a page has no tags here; not imported: {join_names(topics)}")
    if names := _unique_names((*item.authors, item.series)):
        rewriter.note(
            "authors", f"a page has no author and no series here; not imported: {join_names(names)}"
        )


def is_future(item: Item, layout: Layout, now: datetime) -> bool:
    """Whether the item is a post with a date after `now`."""
    return item.kind == "post" and local_date(item.date, layout) > local_date(now, layout)


def local_date(when: Moment | None, layout: Layout) -> str:
    """The date, or the date and time in the site's zone, for front matter.

    Empty without a date or outside the years 1900 to 2999. A time without a zone is UTC.
    """
    if when is None or not 1900 <= when.year <= 2999:
        return ""
    if isinstance(when, datetime):
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return aware.astimezone(layout.zone).strftime("%Y-%m-%d %H:%M")
    return when.isoformat()


def _title(item: Item, rewriter: LinkRewriter) -> str:
    title = one_line(item.title)
    if not title:
        rewriter.note("title", "the title is missing: write one")
    elif len(title) > MAX_TITLE_LENGTH:
        rewriter.note(
            "title", f"the title has {len(title)} characters: shorten it to {MAX_TITLE_LENGTH}"
        )
    return title


def _dates(item: Item, rewriter: LinkRewriter, layout: Layout) -> Iterator[tuple[str, Value]]:
    published, modified = local_date(item.date, layout), local_date(item.modified, layout)
    if published:
        yield "date", published
    elif item.kind == "post":
        rewriter.note("date", "the date is missing: write one")
    if published and modified[:10] > published[:10]:
        yield "modified", modified[:10]


def _summary(item: Item, rewriter: LinkRewriter) -> str:
    """The first summary of a valid length, else the first summary."""
    candidates = [words for words in map(one_line, item.summaries) if words]
    valid = [text for text in candidates if MIN_SUMMARY_LENGTH <= len(text) <= MAX_SUMMARY_LENGTH]
    if not candidates:
        rewriter.note("summary", f"the summary is missing: write one of {_SUMMARY_LENGTH}")
    elif not valid:
        rewriter.note(
            "summary", f"the summary has {len(candidates[0])} characters: make it {_SUMMARY_LENGTH}"
        )
    summary = (valid or candidates or [""])[0]
    if others := [words for words in dict.fromkeys(candidates) if words != summary]:
        rewriter.note(
            "summary",
            f"1 of {len(others) + 1} summaries was imported; not imported: {join_names(others)}",
        )
    return summary


def _image(item: Item, rewriter: LinkRewriter) -> Iterator[tuple[str, Value]]:
    address = rewriter.picture(item.image) if item.image else ""
    image, alt = address.removeprefix("{static}"), one_line(item.image_alt)
    if not address.startswith("{static}"):
        if alt:
            rewriter.note(
                "alt", f"the alternative text of its missing picture was not imported: {alt}"
            )
        return
    yield "image", image
    yield "image_alt", alt
    if not alt:
        rewriter.note("alt", f"{image} has no alternative text: write one as `image_alt`")


def _unique_names(names: tuple[str, ...], *excluded: str) -> tuple[str, ...]:
    """The names without duplicates, empty ones and those in `excluded`."""
    return tuple(
        dict.fromkeys(name for name in map(one_line, names) if name and name not in excluded)
    )
