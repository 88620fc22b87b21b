"""The head of a text that is taken over: what the export says, and nothing that it does not."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from publish.checks.layout import Layout
from publish.checks.model import LONGEST_SUMMARY, LONGEST_TITLE, SHORTEST_SUMMARY
from publish.importers.model import Carrier, Item, Moment, listed
from publish.importers.text import line
from publish.new_file import TOKEN_BYTES

Value = str | tuple[str, ...] | bool
_SIZE = f"{SHORTEST_SUMMARY} to {LONGEST_SUMMARY} characters"


def head_of(
    item: Item, slug: str, carrier: Carrier, layout: Layout, now: datetime
) -> Mapping[str, Value]:
    """Keys in the order of the file. What is lacking or too long is told."""
    head: dict[str, Value] = {"title": _title(item, carrier) or slug}
    head |= _dates(item, carrier, layout)
    if item.kind == "post":
        head |= {
            "category": line(item.category),
            "tags": _words(item.tags, item.category),
            "author": _words(item.authors),
            "series": line(item.series),
        }
    else:
        _tell_unread(item, carrier)
    head |= {"slug": slug, "summary": _summary(item, carrier)}
    head |= _image(item, carrier)
    head["noindex"] = item.noindex
    if item.status != "published":
        head["status"] = item.status
    if item.status == "draft" or is_to_come(item, layout, now):
        head["preview"] = secrets.token_urlsafe(TOKEN_BYTES)
    return head


def _tell_unread(item: Item, carrier: Carrier) -> None:
    """What a page may not say here."""
    if words := _words((item.category, *item.tags)):
        carrier.note("tags", f"a page has no tags here: {listed(words)}")
    if names := _words((*item.authors, item.series)):
        carrier.note("authors", f"a page has no author and no series here: {listed(names)}")


def is_to_come(item: Item, layout: Layout, now: datetime) -> bool:
    """Whether a post would be held back."""
    return item.kind == "post" and local(item.date, layout) > local(now, layout)


def local(when: Moment | None, layout: Layout) -> str:
    """A date, or date and time in the site's zone, as a head has it; nothing if it holds none."""
    if when is None or not 1900 <= when.year <= 2999:
        return ""
    if isinstance(when, datetime):
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return aware.astimezone(layout.zone).strftime("%Y-%m-%d %H:%M")
    return when.isoformat()


def _title(item: Item, carrier: Carrier) -> str:
    title = line(item.title)
    if not title:
        carrier.note("title", "has none: write one")
    elif len(title) > LONGEST_TITLE:
        carrier.note("title", f"has {len(title)} characters: {LONGEST_TITLE} are shown")
    return title


def _dates(item: Item, carrier: Carrier, layout: Layout) -> Iterator[tuple[str, Value]]:
    published, modified = local(item.date, layout), local(item.modified, layout)
    if published:
        yield "date", published
    elif item.kind == "post":
        carrier.note("date", "has none: write one")
    if published and modified[:10] > published[:10]:
        yield "modified", modified[:10]


def _summary(item: Item, carrier: Carrier) -> str:
    """The first that is of the right length, else the first."""
    offered = [words for words in map(line, item.summaries) if words]
    fits = [text for text in offered if SHORTEST_SUMMARY <= len(text) <= LONGEST_SUMMARY]
    if not offered:
        carrier.note("summary", f"has none: write one of {_SIZE}")
    elif not fits:
        carrier.note("summary", f"has {len(offered[0])} characters: make it {_SIZE}")
    found = (fits or offered or [""])[0]
    if others := [words for words in dict.fromkeys(offered) if words != found]:
        carrier.note(
            "summary", f"one of {len(others) + 1} was taken; not carried: {listed(others)}"
        )
    return found


def _image(item: Item, carrier: Carrier) -> Iterator[tuple[str, Value]]:
    found = carrier.picture(item.image) if item.image else ""
    image, alt = found.removeprefix("{static}"), line(item.image_alt)
    if not found.startswith("{static}"):
        if alt:
            carrier.note("alt", f"what one sees on its picture was not carried: {alt}")
        return
    yield "image", image
    yield "image_alt", alt
    if not alt:
        carrier.note("alt", f"{image}: say what one sees on it, as `image_alt`")


def _words(words: tuple[str, ...], *but: str) -> tuple[str, ...]:
    """Each once, none empty."""
    return tuple(dict.fromkeys(word for word in map(line, words) if word and word not in but))
