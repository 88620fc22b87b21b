"""Exports as the three systems write them, and a project folder that imports them."""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from publish.build.pelican_run import settings_from
from publish.checks.front_matter import FrontMatter, read_front_matter
from publish.checks.project import Writing
from publish.import_cli import import_
from publish.plugins.project_settings import layout_of
from tests.publish.conftest import TinySite

EXPORTS = Path(__file__).parent / "exports"


class ImportProject:
    """A project that imports an export, and the imported files."""

    def __init__(self, site: TinySite) -> None:
        self.site = site

    def writing(self) -> Writing:
        """The current content of the project."""
        layout = layout_of(settings_from(Path("pelicanconf.py"), {}))
        return Writing.read(layout, datetime.now(UTC), None, Path("content/gated"))

    def run(self, *args: str | Path) -> Result:
        return CliRunner().invoke(import_, [str(arg) for arg in args], catch_exceptions=False)

    def notes(self, *args: str | Path) -> dict[str, list[str]]:
        """Imports, and returns the notes as `where: message` by kind."""
        messages: dict[str, list[str]] = {}
        for note in json.loads(self.run(*args, "--json").stdout)["not_carried"]:
            messages.setdefault(note["kind"], []).append(f"{note['where']}: {note['message']}")
        return messages

    def front_matter(self, name: str) -> Mapping[str, Any]:
        return self._read(name).values

    def body(self, name: str) -> str:
        return self._read(name).body

    def _read(self, name: str) -> FrontMatter:
        return read_front_matter((self.site.root / "content" / name).read_text(encoding="utf-8"))

    def import_html(self, html: str, **more: object) -> str:
        """Imports a post with this HTML, and returns its Markdown."""
        self.run("ghost", self.write_ghost({"slug": "one", "title": "One", "html": html, **more}))
        return self.body("posts/one.md").strip("\n")

    def picture(self, path: str) -> None:
        """Writes a small picture into the project."""
        file = self.site.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9)).save(file)

    def write_ghost(self, *posts: Mapping[str, object], **tables: object) -> Path:
        """Writes a Ghost export with these posts and tables."""
        rows = [
            {
                "id": str(number),
                "status": "published",
                "published_at": "2026-03-02T09:30:00.000Z",
                **post,
            }
            for number, post in enumerate(posts)
        ]
        data = {"db": [{"meta": {"version": "5.94.0"}, "data": {"posts": rows, **tables}}]}
        return self.site.write("export.json", json.dumps(data))


@pytest.fixture
def project(site: TinySite) -> ImportProject:
    config = (site.root / "pelicanconf.py").read_text()
    extras = '"markdown.extensions.extra": {}, "markdown.extensions.codehilite": {}'
    site.write(
        "pelicanconf.py",
        config.replace(
            "MARKDOWN = {", 'MARKDOWN = {"extensions": ["publish.plugins.prose"], '
        ).replace(
            '"markdown.extensions.extra": {}',
            f'{extras}, "markdown.extensions.toc": {{}}, "markdown.extensions.sane_lists": {{}}',
        ),
    )
    site.write("theme/templates/moved.html", "{{ address }}")
    return ImportProject(site)


@pytest.fixture
def hugo_site(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXPORTS / "hugo", tmp_path / "old-hugo"))


@pytest.fixture
def wxr_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(EXPORTS / "wordpress.xml", tmp_path / "wordpress.xml"))
