"""The facts about the site that every public page needs, in one frozen object.

The build writes it to `site.json` and the lead service reads it from there, so pages of both use
the same `theme/templates/base.html` with the same names.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from capture.errors import Hint, Unavailable


class Link(BaseModel):
    """One entry of the navigation."""

    model_config = ConfigDict(frozen=True)

    title: str
    url: str


class Site(BaseModel):
    """Names, addresses and links that public pages may show. No data about leads."""

    model_config = ConfigDict(frozen=True)

    name: str
    tagline: str
    language: str
    url: str = Field(description="Where the site is published, without a trailing slash.")
    capture_url: str = Field(
        default="", description="Origin of the lead service; empty: the site's own."
    )
    publisher: str
    navigation: tuple[Link, ...] = ()
    footer: tuple[Link, ...] = ()
    feed_url: str = ""
    assets: Mapping[str, str] = Field(
        default_factory=dict, description="Theme file to its published, fingerprinted address."
    )
    form_pages: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Campaign to the pages that carry its form."
    )
    titles: Mapping[str, str] = Field(
        default_factory=dict, description="Path of each published page to its title."
    )
    dates: Mapping[str, str] = Field(
        default_factory=dict, description="Path of each published article to its date (ISO 8601)."
    )

    def asset(self, name: str) -> str:
        """The published address of a theme file. Raises KeyError for an unknown file."""
        return self.assets[name]

    def form_action(self, campaign_slug: str) -> str:
        """Where a campaign's form is shown and posted to."""
        return f"{self.capture_url}/f/{campaign_slug}"

    @property
    def own_data_page(self) -> str:
        """The URL of the page where a person requests their own data."""
        return f"{self.capture_url}/privacy/me"

    def write(self, path: Path) -> None:
        """Writes `site.json` atomically: a reader sees the old file or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads what the last build wrote. Raises `Unavailable` if there is none."""
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise Unavailable(f"{path}: no such file", Hint.BUILD_FIRST) from None
        except (ValueError, ValidationError):
            raise Unavailable(f"{path}: not a valid site.json", Hint.BUILD) from None
