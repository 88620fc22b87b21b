"""A small complete site: real Pelican, a tiny theme, one campaign, one gated file."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import blinker
import pytest
from pelican import signals

from capture.errors import FileErrors
from publish.build.pelican_run import CheckResult, check
from publish.build.site import BuildResult, build
from tests.samples import CAMPAIGN, GUIDE

CONFIG = """\
PATH = "content"
OUTPUT_PATH = "output/www"
THEME = "theme"
SITENAME = "Tiny"
SITEURL = ""
FEED_DOMAIN = "https://tiny.example"
FEED_ALL_ATOM = "feed.xml"
CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
TIMEZONE = "UTC"
DEFAULT_DATE_FORMAT = "%Y-%m-%d"
ARTICLE_PATHS, PAGE_PATHS, STATIC_PATHS = ["posts"], ["pages"], ["images"]
ARTICLE_URL = PAGE_URL = "{slug}/"
ARTICLE_SAVE_AS = PAGE_SAVE_AS = "{slug}/index.html"
TAG_SAVE_AS = AUTHOR_SAVE_AS = ""
DIRECT_TEMPLATES = ["index"]
DELETE_OUTPUT_DIRECTORY = True
THEME_STATIC_PATHS = []
MARKDOWN = {"extension_configs": {"markdown.extensions.extra": {}}, "output_format": "html"}
WRITING_RULES = dict.fromkeys(("summary", "missing-summary", "orphan"), "off")
WRITING_RULES["alt"] = "warning"
PLUGINS = ["publish.plugins." + name for name in ("problems", "checks", "front_matter", "drafts")]
PLUGINS += ["publish.plugins." + name for name in ("theme", "form_tags", "links", "redirects")]
PLUGINS += ["publish.plugins." + name for name in ("article_order", "encoded_addresses", "gated")]
"""
CLIENT = """\
name = "Acme"
legal_name = "Acme, Inc."
address = ["1 Main Street"]
contacts = { notices = ["leads@acme.example"], bills = ["bills@acme.example"] }
"""
THEME = {
    "index.html": "{% for a in articles %}<li>{{ a.title }}: {{ a.summary }}</li>{% endfor %}",
    "article.html": "<h1>{{ article.title }}</h1>{{ article.content }}",
    "page.html": "<h1>{{ page.title }}</h1>{{ page.content }}",
    "_form.html": '{% macro lead_form(form, campaign, site) %}<form id="form-{{ campaign.slug }}">'
    '{{ campaign.title }}{{ form["email"]() }}</form>{% endmacro %}',
    "_cta.html": "{% macro call_to_action(campaign, site) %}"
    '<a class="cta" href="{{ site.form_action(campaign.slug) }}">{{ campaign.title }}</a>'
    "{% endmacro %}"
    '{% macro closed_campaign(campaign, site) %}<p class="closed">{{ campaign.title }} is closed.'
    "</p>{% endmacro %}",
}


class TinySite:
    """A project folder, which is also the working directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.site = root / "output" / "www"
        self.write("pelicanconf.py", CONFIG)
        self.write("theme/static/style.css", "body {}")
        for name, template in THEME.items():
            self.write(f"theme/templates/{name}", template)
        self.write("clients/acme.toml", CLIENT)
        self.write("campaigns/guide.toml", CAMPAIGN)
        self.write("content/gated/guide.pdf", GUIDE)
        self.write("content/images/dot.svg", "<svg/>")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def post(self, body: str, *, name: str = "post", front_matter: str = "") -> None:
        """Writes an article; its body begins on line 4, or below the lines of `front_matter`."""
        self.write(
            f"content/posts/{name}.md", f"Title: {name}\nDate: 2026-11-02\n{front_matter}\n{body}"
        )

    def set(self, line: str) -> None:
        """Adds a line to Pelican's settings."""
        self.write("pelicanconf.py", (self.root / "pelicanconf.py").read_text() + line + "\n")

    def build(self) -> BuildResult:
        return build(Path("pelicanconf.py"), {})

    def check(self) -> CheckResult:
        return check(Path("pelicanconf.py"), {}, datetime.now(UTC))

    def mistakes(self) -> list[str]:
        """The messages of a check and a build, which must be the same."""
        checked = [str(finding.problem) for finding in self.check().findings.errors]
        assert checked == self._refusals()
        return checked

    def mistakes_of_build(self) -> list[str]:
        """The messages of a build, when a check finds nothing."""
        assert self.check().findings.errors == ()
        return self._refusals()

    def _refusals(self) -> list[str]:
        with pytest.raises(FileErrors) as built:
            self.build()
        return str(built.value).split("\n")

    def page(self, slug: str = "post") -> str:
        """The published page of an article."""
        return (self.site / slug / "index.html").read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """The published site, byte for byte."""
        return {
            str(path.relative_to(self.site)): path.read_bytes()
            for path in sorted(self.site.rglob("*"))
            if path.is_file()
        }

    def pelican(self) -> "subprocess.CompletedProcess[str]":
        """Plain `pelican`, as a writer may run it."""
        command = [sys.executable, "-m", "pelican", "-s", "pelicanconf.py"]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def disconnected_signals() -> None:
    """Disconnects Pelican's signals, which live as long as the process, after each test."""
    for signal in vars(signals).values():
        if isinstance(signal, blinker.Signal):
            for receiver in list(signal.receivers_for(blinker.ANY)):
                signal.disconnect(receiver)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinySite]:
    """A small project. Its settings and plugins do not stay in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pelicanconf", None)  # Pelican puts ours there: undone later
    yield TinySite(tmp_path)
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]
