"""Writes a new post, page or campaign, with default values from the project."""

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
from publish.checks.project import Writing
from publish.checks.values import is_slug

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
    """The writer's choices for a new text. An empty value is taken from the other posts."""

    category: str = ""
    author: str = ""
    yaml: bool = False


def choose_name(title: str, slug: str, title_slug: str) -> NewFile:
    """The title and slug of a new file.

    An empty `slug` means `title_slug`, which Pelican made from the title. Raises `Refused` if the
    title is empty or the slug is not valid.
    """
    title = " ".join(title.split())
    chosen = slug or slug_of(title_slug)
    if not title or not is_slug(chosen):
        example = "small letters, digits and single hyphens, such as what-pays"
        problem = f"`{chosen}` is not a slug" if chosen else f"no slug can be made from `{title}`"
        raise Refused(f"{problem}: give a slug of {example}")
    return NewFile(title, chosen)


def slug_of(text: str) -> str:
    """A slug from Pelican's slug of a title: without underscores, at most 80 characters."""
    return text.replace("_", "-").strip("-")[:_MAX_SLUG_LENGTH].rstrip("-")


def create_draft(
    kind: ContentKind, new_file: NewFile, defaults: FrontMatterDefaults, writing: Writing
) -> Path:
    """Writes a draft with a random preview address and returns its path.

    Raises `Refused` if the slug is in use, `Unavailable` if the file cannot be written.
    """
    existing = writing.by_slug.get(new_file.slug) or writing.by_address.get(f"{new_file.slug}/")
    if existing is not None:
        raise Refused(f"{existing.where} already has the slug `{new_file.slug}`: give another slug")
    today = writing.layout.address_date(None, writing.now)
    page_file = writing.layout.address(kind, new_file.slug, today, "")[1]
    if holder := writing.site_files.describe(page_file):
        raise Refused(f"/{new_file.slug}/ is {holder}: give another slug")
    front_matter = {"title": new_file.title}
    if kind == "post":
        front_matter |= {
            "date": today.date().isoformat(),
            "category": defaults.category or _default_value("category", writing),
            "tags": "",
            "author": defaults.author or _default_value("author", writing),
        }
    front_matter |= {
        "slug": new_file.slug,
        "summary": "",
        "status": "draft",
        "preview": secrets.token_urlsafe(TOKEN_BYTES),
    }
    text = _as_yaml(front_matter) if defaults.yaml else _as_pelican_lines(front_matter)
    path = writing.layout.folders[kind][0] / f"{new_file.slug}.md"
    if not writing.layout.paths.holds(path):
        problem = f"leads out of {writing.layout.content.name}/"
        raise Refused(f"{short_path(path.parent)} {problem}: replace the symbolic link by a folder")
    return _write_new(path, text)


def create_campaign(
    new_file: NewFile, client: str, catalogue: Catalogue, folder: Path, today: date
) -> Path:
    """Writes a closed campaign and returns its path. An empty `client` means the only client.

    Raises `Refused` if the client is unknown or not named, or if the file exists.
    """
    clients = catalogue.clients
    if not client and len(clients) != 1:
        if not clients:
            raise Refused("there is no client for the campaign: write a file into clients/ first")
        raise Refused(f"name the client of the campaign, one of: {', '.join(clients)}")
    chosen_client = catalogue.client(client or next(iter(clients)))
    same_client = [
        terms for terms in catalogue.campaigns.values() if terms.client == chosen_client.slug
    ]
    text = blank_campaign(
        new_file.title,
        chosen_client,
        currency=same_client[0].currency if same_client else "USD",
        time_zone=same_client[0].time_zone if same_client else "UTC",
        today=today,
    )
    return _write_new(folder / f"{new_file.slug}.toml", text)


def _default_value(key: str, writing: Writing) -> str:
    """The most common value of a key in the posts; empty if no post has the key."""
    values = [post.get(key) for post in writing.posts if post.kind == "post" and post.get(key)]
    counts = Counter(value if isinstance(value, str) else value[0] for value in values)
    return max(sorted(counts), key=counts.__getitem__, default="")


def _as_pelican_lines(front_matter: Mapping[str, str]) -> str:
    """Front matter as Pelican writes it: `Key: value` lines."""
    lines = (f"{key.capitalize()}: {value}".rstrip() for key, value in front_matter.items())
    return "\n".join(lines) + "\n\n"


def _as_yaml(front_matter: Mapping[str, str]) -> str:
    """Front matter as YAML. Text is quoted as JSON, which is valid YAML for any character."""
    quoted = {"title", "category", "author"}
    lines = (
        f"{key}: {json.dumps(value, ensure_ascii=False) if key in quoted else value}".rstrip()
        for key, value in front_matter.items()
    )
    return "\n".join(["---", *lines, "---"]) + "\n\n"


def _write_new(path: Path, text: str) -> Path:
    """Writes a new file. Raises `Refused` if it exists, `Unavailable` if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"{short_path(path)} already exists: give another slug") from None
    except OSError as error:
        raise Unavailable(f"{short_path(path)}: {error.strerror}; nothing was written") from None
    return path
