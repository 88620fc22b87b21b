"""New files for writers: a post, a page or a campaign, with all filled in that can be known."""

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
"""Of a preview that nobody can guess."""
_MAX_SLUG_LENGTH: Final = 80


@dataclass(frozen=True)
class NewFile:
    """What the new file shall be called."""

    title: str
    slug: str


@dataclass(frozen=True)
class FrontMatterDefaults:
    """What the writer said of a new text; the rest is found out."""

    category: str = ""
    author: str = ""
    yaml: bool = False


def requested_name(title: str, slug: str, text: str) -> NewFile:
    """A wish of one line. `made` is the slug of the title. Raises `Refused` if there is none."""
    title = " ".join(title.split())
    fitting = slug or slug_of(text)
    if not title or not SLUG.fullmatch(fitting):
        example = "small letters, digits and single hyphens, such as what-pays"
        what = f"`{fitting}` is no slug" if fitting else f"no slug can be made of `{title}`"
        raise Refused(f"{what}: give one with --slug: {example}")
    return NewFile(title, fitting)


def slug_of(text: str) -> str:
    """What was made of a title, without signs that no slug of ours holds, and not long."""
    return text.replace("_", "-").strip("-")[:_MAX_SLUG_LENGTH].rstrip("-")


def new_text(
    kind: ContentKind, new_file: NewFile, data: FrontMatterDefaults, writing: Writing
) -> Path:
    """Writes a draft with a preview that nobody can guess. Raises `Refused` if it is taken."""
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
    return _written(path, text)


def new_campaign(
    new_file: NewFile, client: str, catalogue: Catalogue, folder: Path, today: date
) -> Path:
    """Writes a closed campaign of a client; of the only one, if none is named. Raises `Refused`."""
    clients = catalogue.clients
    if not client and len(clients) != 1:
        there = ", ".join(clients) or "none: write one into clients/ first"
        raise Refused(f"say whose campaign it is with --client; there are: {there}")
    lookup = catalogue.client(client or next(iter(clients)))
    others = [terms for terms in catalogue.campaigns.values() if terms.client == lookup.slug]
    text = blank_campaign(
        new_file.title,
        lookup,
        currency=others[0].currency if others else "USD",
        time_zone=others[0].time_zone if others else "UTC",
        today=today,
    )
    return _written(folder / f"{new_file.slug}.toml", text)


def _default_value(key: str, writing: Writing) -> str:
    """What most posts say under the key; nothing if there are none."""
    parts = [post.get(key) for post in writing.posts if post.kind == "post" and post.get(key)]
    words = Counter(value if isinstance(value, str) else value[0] for value in parts)
    return max(sorted(words), key=words.__getitem__, default="")


def _in_pairs(head: Mapping[str, str]) -> str:
    lines = (f"{key.capitalize()}: {value}".rstrip() for key, value in head.items())
    return "\n".join(lines) + "\n\n"


def _in_yaml(head: Mapping[str, str]) -> str:
    """Text in quotes of JSON, which YAML reads too: no sign in a title can break the head."""
    quoted = {"title", "category", "author"}
    lines = (
        f"{key}: {json.dumps(value, ensure_ascii=False) if key in quoted else value}".rstrip()
        for key, value in head.items()
    )
    return "\n".join(["---", *lines, "---"]) + "\n\n"


def _written(path: Path, text: str) -> Path:
    """Writes a file that is not there yet."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"{short_path(path)} is there already: give another --slug") from None
    except OSError as error:
        raise Unavailable(f"{short_path(path)}: {error.strerror}; nothing was written") from None
    return path
