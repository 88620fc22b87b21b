"""A project folder with posts only: no Pelican, no theme, no pages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest
from pelican.settings import DEFAULT_CONFIG
from pelican.utils import slugify

from publish.checks.finding import Findings
from publish.checks.layout import layout_from
from publish.checks.post import PostReader, read_source
from publish.checks.project import Writing
from publish.checks.rules import check_writing
from tests.samples import CAMPAIGN, GUIDE, NOW

SETTINGS: Mapping[str, Any] = {
    "PATH": "content",
    "OUTPUT_PATH": "output/www",
    "ARTICLE_PATHS": ["posts"],
    "ARTICLE_EXCLUDES": [],
    "PAGE_PATHS": ["pages"],
    "PAGE_EXCLUDES": [],
    "STATIC_PATHS": ["images"],
    "IGNORE_FILES": ["**/.*"],
    "TIMEZONE": "America/New_York",
    "ARTICLE_URL": "{slug}/",
    "PAGE_URL": "{slug}/",
    "DEFAULT_LANG": "en",
    **dict.fromkeys(("ARTICLE_LANG_URL", "PAGE_LANG_URL"), "{lang}/{slug}/"),
    **dict.fromkeys(("ARTICLE_LANG_SAVE_AS", "PAGE_LANG_SAVE_AS"), "{lang}/{slug}/index.html"),
    "ARTICLE_SAVE_AS": "{slug}/index.html",
    "PAGE_SAVE_AS": "{slug}/index.html",
    "DIRECT_TEMPLATES": ["index"],
    "INDEX_SAVE_AS": "articles/index.html",
}
LISTS: Mapping[str, Any] = {
    "CATEGORY_SAVE_AS": "category/{slug}/index.html",
    "TAG_SAVE_AS": "tag/{slug}/index.html",
    "AUTHOR_SAVE_AS": "author/{slug}/index.html",
    "FEED_ALL_ATOM": "feed.xml",
}
SUBSTITUTIONS: Final = DEFAULT_CONFIG["SLUG_REGEX_SUBSTITUTIONS"]
CLIENT = """\
name = "Acme"
legal_name = "Acme, Inc."
address = ["1 Main Street"]
contacts = { notices = ["leads@acme.example"], bills = ["bills@acme.example"] }
"""
SUMMARY = "What a reader gets from this post, in one sentence of the right length."


class Desk:
    """A writer's project, and the findings of the rules."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root = root
        self.settings = {**SETTINGS, "CACHE_PATH": cache}
        self.now = NOW
        self.writes = 0
        self.category = "misc"
        """The category of a post that names none."""
        self.write("campaigns/guide.toml", CAMPAIGN)
        self.write("clients/acme.toml", CLIENT)
        self.write("content/gated/guide.pdf", GUIDE)
        self.write("content/images/dot.svg", "<svg/>")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def post(self, body: str = "Text.", *, name: str = "post", **front_matter: str | None) -> None:
        """Writes a post that is correct except for the arguments, with an empty first line."""
        data = {"Title": f"On {name}", "Date": "2026-11-02", "Summary": SUMMARY, "Slug": name}
        raw = {key.capitalize(): value for key, value in front_matter.items()}
        lines = [f"{k}: {v}" for k, v in {**data, **raw}.items() if v is not None]
        self.write(f"content/posts/{name}.md", "\n".join([*lines, "", body, ""]))

    def check(
        self, edited: Mapping[Path, bytes] = MappingProxyType({}), read: PostReader = read_source
    ) -> tuple[Writing, Findings]:
        content, output = self.root / "content", self.root / "output/www"
        settings = {**self.settings, "PATH": content, "OUTPUT_PATH": output}
        layout = layout_from(
            settings,
            lambda title: title.lower().replace(" ", "-"),
            category_of=lambda _: self.category,
            slugify_name=lambda _, name: slugify(name, SUBSTITUTIONS),
        )
        folders = (self.root / name for name in ("campaigns", "clients", "content/gated"))
        return check_writing(layout, *folders, self.now, edited=edited, read=read)

    def errors(self) -> list[str]:
        return [str(finding.problem) for finding in self.check()[1].errors]

    def warnings(self) -> list[str]:
        return [str(finding.problem) for finding in self.check()[1].warnings]

    def findings(self) -> list[str]:
        """Errors and warnings, without the rule `orphan`, which most posts of the tests break."""
        _, found = self.check()
        every = sorted((*found.errors, *found.warnings), key=lambda each: (each.path, each.line))
        return [str(finding.problem) for finding in every if finding.rule != "orphan"]

    def messages(self) -> list[str]:
        """The errors and warnings of one post, without its path."""
        return [line.removeprefix("content/posts/post.md:") for line in self.findings()]

    def is_clean(self) -> bool:
        return (self.errors(), self.warnings()) == ([], [])


@pytest.fixture
def desk(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.chdir(tmp_path)
    # The gated file is the same in each test, so it is opened once.
    return Desk(tmp_path, tmp_path_factory.getbasetemp() / "opened")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def linked(desk: Desk) -> Desk:
    """A project whose lists of tags, categories and authors have addresses."""
    desk.settings = {**desk.settings, **LISTS}
    return desk
