"""A small site that has each kind of content once, with the project's own theme and settings."""

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PIL import Image

from tests.publish.conftest import CLIENT
from tests.publish.rebuilding.sample_texts import Text, sample_texts
from tests.samples import CAMPAIGN, GUIDE
from tests.service import ROOT

NOW: Final = datetime(2040, 3, 5, 12, 0, tzinfo=UTC)
"""The time of builds: later than the time at which any file is written."""
DRAWING: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{}"><path d="M0 0"/></svg>\n'
)
SLUGS: Final = "tags:\n  C++: cpp\n  C#: c-sharp\n  安装: install\ncategories:\n  R&D: research\n"
STORE_LINES: Final = """
import os

GATEPOST_STORE = os.environ.get("STORE", "site.sqlite")
"""
ESSAY: Final = """\
{% extends "article.html" %}
{% block head %}{{ super() }}
<meta name="essay" content="{{ article.slug }}, one of {{ articles|length }}">
{% endblock %}
"""


@dataclass
class SampleSite:
    """A project folder, and its posts and pages by path below `content`."""

    root: Path
    texts: dict[str, Text] = field(default_factory=dict)
    now: datetime = NOW
    capture_url: str = ""
    """The value of a variable of the environment that the settings read."""
    settings_base: str = ""
    """The settings without the lines that edits add."""
    shows_others: bool = False
    """Whether an edit of a template makes its pages show other texts than they did."""
    numbers: int = 0
    """How many numbers edits have used."""

    def create(self) -> None:
        """Writes the project."""
        shutil.copytree(ROOT / "theme", self.root / "theme")
        for name in ("pelicanconf.py", "publishconf.py"):
            shutil.copy(ROOT / name, self.root)
        self.append("pelicanconf.py", STORE_LINES)
        self.settings_base = (self.root / "pelicanconf.py").read_text("utf-8")
        self.write_templates()
        files: Mapping[str, str] = {
            "clients/acme.toml": CLIENT,
            "campaigns/guide.toml": CAMPAIGN,
            "content/gated/guide.pdf": GUIDE,
            "content/slugs.yaml": SLUGS,
            "content/images/bars.svg": DRAWING.format(320),
            "content/images/line.svg": DRAWING.format(480),
            "content/posts/kappa/costs.csv": "name,cost\na,1\n",
            "content/posts/shared.csv": "name,cost\nb,2\n",
        }
        for name, text in files.items():
            self.write(name, text)
        self.write_picture("content/posts/kappa/photo.png", 1)
        self.texts = sample_texts()
        for path in self.texts:
            self.save(path)

    def write_templates(self) -> None:
        """Writes all templates as they are at first."""
        folder = ROOT / "theme/templates"
        for path in folder.iterdir():
            if path.is_file():
                self.write(f"theme/templates/{path.name}", path.read_bytes())
        self.write("theme/templates/essay.html", ESSAY)

    def count(self) -> int:
        """The next number, for a text that no file has yet."""
        self.numbers += 1
        return self.numbers

    def settings_lines(self) -> list[str]:
        """The lines that edits have added to the settings."""
        text = (self.root / "pelicanconf.py").read_text("utf-8")
        return text.removeprefix(self.settings_base).splitlines(keepends=True)

    def append(self, path: str, text: str) -> None:
        """Adds a text at the end of a file."""
        file = self.root / path
        self.write(path, (file.read_text("utf-8") if file.exists() else "") + text)

    def write(self, path: str, content: str | bytes) -> Path:
        """Writes a file, given by its path below the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def write_picture(self, path: str, shade: int, width: int = 24) -> None:
        """Writes a small photo in one colour."""
        file = io.BytesIO()
        Image.new("RGB", (width, 16), (shade % 256, 90, 160)).save(file, "PNG")
        self.write(path, file.getvalue())

    def detach(self) -> None:
        """Makes the attached file a linked one: each build reads the texts that attach files."""
        text = self.texts["posts/kappa/index.md"]
        text.body = text.body.replace("{attach}", "")
        self.save("posts/kappa/index.md")

    def save(self, path: str) -> None:
        """Writes the file of a post or page."""
        self.write(f"content/{path}", self.texts[path].source())
