"""Fingerprints of what counts for the complete site: settings, code, theme, campaigns, files."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any

from publish.build.fingerprint import fingerprint, hash_of
from publish.build.sources import MISSING
from publish.checks.post import Post
from publish.checks.project import WRITING, Writing
from publish.plugins import PLUGINS
from publish.plugins.markdown_cache import depends_on_text_alone
from publish.plugins.project_settings import folders_of
from publish.plugins.settings_key import key_of_settings


def why_complete(settings: Mapping[str, Any]) -> str:
    """Why every text is read and every page rendered; empty if that is not needed."""
    strange = [name for name in settings["PLUGINS"] if name not in PLUGINS]
    functions = [
        name for name in ("JINJA_FILTERS", "JINJA_GLOBALS", "JINJA_TESTS") if settings[name]
    ]
    reasons = {
        f"the plugin {', '.join(strange)} is not one of Gatepost's": bool(strange),
        f"{', '.join(functions)} has functions of this site": bool(functions),
        "RELATIVE_URLS is on": settings["RELATIVE_URLS"],
        "dates come from files": settings.get("DEFAULT_DATE") == "fs",
        "Pelican's own cache is on": settings["CACHE_CONTENT"] or settings["LOAD_CONTENT_CACHE"],
        "an extension of Markdown may read other files": not depends_on_text_alone(
            settings["MARKDOWN"]
        ),
    }
    return next((reason for reason, is_true in reasons.items() if is_true), "")


def private_key(settings: Mapping[str, Any]) -> bytes:
    """Of the campaigns, clients and gated files."""
    return hash_of(part for folder in folders_of(settings) for part in _of_folder(folder))


class SiteKeys:
    """The fingerprints of one build. Each is made when it is first asked for."""

    def __init__(
        self, settings: Mapping[str, Any], context: Mapping[str, Any], private: bytes
    ) -> None:
        """`private` is `private_key`, from before the campaigns were read."""
        self._settings = settings
        self._context = context
        self.private = private

    @cached_property
    def texts(self) -> bytes:
        """Of what each text and each page depends on, besides its own inputs."""
        site = self._context["site"]
        icon = {name: url for name, url in site.assets.items() if name == "favicon.svg"}
        return hash_of(
            (
                key_of_settings(self._settings),
                fingerprint(site.model_copy(update={"assets": icon})),
                repr(self._writing.layout.name_slugs).encode(),
                _file_hash(Path(self._settings["THEME"]) / "share.typ"),
            )
        )

    @cached_property
    def all(self) -> bytes:
        """Of everything here, and of the files that the theme publishes."""
        theme = Path(self._settings["THEME"])
        static = [theme / name for name in self._settings["THEME_STATIC_PATHS"]]
        parts = (part for folder in static for part in _of_folder(folder))
        site = fingerprint(self._context["site"])
        return hash_of((self.texts, self.forms, self.templates, site, *parts))

    @cached_property
    def templates(self) -> bytes:
        """Of all templates."""
        folders = [Path(self._settings["THEME"]) / "templates"]
        folders += map(Path, self._settings["THEME_TEMPLATES_OVERRIDES"])
        return hash_of(part for folder in folders for part in _of_folder(folder))

    @cached_property
    def forms(self) -> bytes:
        """Of everything that a form shows."""
        catalogue = self._writing.catalogue
        campaigns = catalogue.campaigns.values() if catalogue else ()
        now = self._writing.now
        opened = sorted(campaign.slug for campaign in campaigns if campaign.is_open(now))
        return hash_of((self.private, self.templates, fingerprint(opened)))

    def address(self, post: Post) -> bytes:
        """Of what decides the address of a text."""
        own = (post.url, post.save_as, post.slug, post.get("lang"), post.get("preview"))
        others = "" if self._has_plain_addresses else repr(sorted(post.values.items()))
        return fingerprint((own, post.state(self._writing.now), others))

    @cached_property
    def _has_plain_addresses(self) -> bool:
        """Whether the checks know each field of the patterns of addresses."""
        patterns = (
            self._settings[f"{kind}_{language}URL"]
            for kind in ("ARTICLE", "PAGE", "DRAFT", "DRAFT_PAGE")
            for language in ("", "LANG_")
        )
        parts = (part for pattern in patterns for part in Formatter().parse(str(pattern)))
        names = {re.split(r"[.\[]", name)[0] for _, name, _, _ in parts if name}
        return names <= {"slug", "lang", "date", "category", "author"}

    @property
    def _writing(self) -> Writing:
        writing: Writing = self._settings[WRITING]
        return writing


def _of_folder(folder: Path) -> Iterator[bytes]:
    """The names and the content of all files below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix().encode()
            yield _file_hash(path)


def _file_hash(path: Path) -> bytes:
    try:
        return fingerprint(path.read_bytes())
    except OSError:
        return MISSING
