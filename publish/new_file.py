"""Writes new files: a post, a page or a campaign, with defaults taken from the project."""

import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from capture.campaign.catalogue import Catalogue
from capture.campaign.template import blank_campaign
from capture.errors import Refused, Unavailable, short_path
from publish.checks.layout import ContentKind
from publish.checks.model import SLUG
from publish.checks.project import Writing

TOKEN_BYTES: Final = 16
"""Random bytes of a preview address: 16 cannot be guessed."""
_MAX_SLUG_LENGTH: Final = 80


@dataclass(frozen=True)
class NewFile:
    """Title and slug of a new file."""

    title: str
    slug: str


@dataclass(frozen=True)
class FrontMatterDefaults:
    """The writer's choices for a new text; an empty one is taken from other posts."""

    category: str = ""
    author: str = ""
    yaml: bool = False


def requested_name(title: str, slug: str, title_slug: str) -> NewFile:
    """Title and slug of a new file. `title_slug`, made of the title, is used if `slug` is empty.

    Raises `Refused` if there is no title or no valid slug.
    """
    title = " ".join(title.split())
    chosen = slug or slug_of(title_slug)
    if not title or not SLUG.fullmatch(chosen):
        example = "small letters, digits and single hyphens, such as what-pays"
        what = f"`{chosen}` is not a slug" if chosen else f"no slug can be made of `{title}`"
        raise Refused(f"{what}: give one with --slug: {example}")
    return NewFile(title, chosen)


def slug_of(text: str) -> str:
    """Pelican's slug of a title, without underscores, cut to 80 characters."""
    return text.replace("_", "-").strip("-")[:_MAX_SLUG_LENGTH].rstrip("-")


def new_text(
    kind: ContentKind, new_file: NewFile, data: FrontMatterDefaults, writing: Writing
) -> Path:
    """Writes a draft with a random preview address. Raises `Refused` if the slug is in use."""
    used = writing.by_slug.get(new_file.slug) or writing.by_address.get(f"{new_file.slug}/")
    if used is not None:
        raise Refused(
            f"{used.where} has the slug `{new_file.slug}` already: give another with --slug"
        )
    today = writing.layout.dated(None, writing.now)
    file = writing.layout.address(kind, new_file.slug, today, "")[1]
    if holder := writing.site_files.holder(file):
        raise Refused(f"/{new_file.slug}/ is {holder}: give another with --slug")
    head = {"title": new_file.title}
    if kind == "post":
        head |= {
            "date": today.date().isoformat(),
            "category": data.category or _default_value("category", writing),
            "tags": "",
            "author": data.author or _default_value("author", writing),
        }
    head |= {
        "slug": new_file.slug,
        "summary": "",
        "status": "draft",
        "preview": secrets.token_urlsafe(TOKEN_BYTES),
    }
    text = _in_yaml(head) if data.yaml else _in_pairs(head)
    path = writing.layout.folders[kind][0] / f"{new_file.slug}.md"
    if not writing.layout.paths.holds(path):
        out = f"leads out of {writing.layout.content.name}/"
        raise Refused(f"{short_path(path.parent)} {out}: put a folder in the link's place")
    return _write_new(path, text)


def new_campaign(
    new_file: NewFile, client: str, catalogue: Catalogue, folder: Path, today: date
) -> Path:
    """Writes a closed campaign for a client; without a name, for the only client.

    Raises `Refused` if the client is unknown or must be named, or the file exists.
    """
    clients = catalogue.clients
    if not client and len(clients) != 1:
        there = ", ".join(clients) or "none: write one into clients/ first"
        raise Refused(f"name the client of the campaign with --client; there are: {there}")
    lookup = catalogue.client(client or next(iter(clients)))
    others = [terms for terms in catalogue.campaigns.values() if terms.client == lookup.slug]
    text = blank_campaign(
        new_file.title,
        lookup,
        currency=others[0].currency if others else "USD",
        time_zone=others[0].time_zone if others else "UTC",
        today=today,
    )
    return _write_new(folder / f"{new_file.slug}.toml", text)


def _default_value(key: str, writing: Writing) -> str:
    """The most common value of a key in the posts; empty if there is none."""
    given = [post.get(key) for post in writing.posts if post.kind == "post" and post.get(key)]
    counts = Counter(value if isinstance(value, str) else value[0] for value in given)
    return max(sorted(counts), key=counts.__getitem__, default="")


def _in_pairs(head: Mapping[str, str]) -> str:
    lines = (f"{key.capitalize()}: {value}".rstrip() for key, value in head.items())
    return "\n".join(lines) + "\n\n"


def _in_yaml(head: Mapping[str, str]) -> str:
    """Text is quoted as JSON, which is valid YAML too: any character in a title is safe."""
    quoted = {"title", "category", "author"}
    lines = (
        f"{key}: {json.dumps(value, ensure_ascii=False) if key in quoted else value}".rstrip()
        for key, value in head.items()
    )
    return "\n".join(["---", *lines, "---"]) + "\n\n"


def _write_new(path: Path, text: str) -> Path:
    """Writes a file that does not exist yet."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"{short_path(path)} exists already: give another --slug") from None
    except OSError as error:
        raise Unavailable(f"{short_path(path)}: {error.strerror}; nothing was written") from None
    return path
