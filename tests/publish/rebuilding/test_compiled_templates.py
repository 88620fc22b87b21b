"""Compiled templates are used only undamaged, and with the settings that they were compiled for."""

from pathlib import Path

import pytest

from tests.publish.rebuilding.rebuilds import RebuiltSite, Servers


@pytest.fixture
def rebuilt(builds: Servers, tmp_path: Path) -> RebuiltSite:
    """The sample site, built once."""
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.check()
    return rebuilt


def test_other_options_of_jinja_need_other_code(rebuilt: RebuiltSite) -> None:
    site = rebuilt.site
    line = "JINJA_ENVIRONMENT = {**JINJA_ENVIRONMENT, 'trim_blocks': False}\n"
    for settings in (site.settings_base + line, site.settings_base):
        site.write("pelicanconf.py", settings)
        rebuilt.check()


def test_another_extension_of_jinja_needs_other_code(rebuilt: RebuiltSite) -> None:
    site = rebuilt.site
    site.write("helpers/__init__.py", "")
    site.append("pelicanconf.py", "JINJA_ENVIRONMENT['extensions'] = ['helpers.words.Words']\n")
    for word in ("one", "two"):
        site.write(
            "helpers/words.py",
            "from jinja2.ext import Extension\nclass Words(Extension):\n"
            "    def preprocess(self, source, name, filename=None):\n"
            f"        return source.replace('</main>', '{word}</main>')\n",
        )
        rebuilt.check()
        assert f"{word}</main>" in (rebuilt.output / "www/404.html").read_text()


def test_damaged_code_is_not_run(rebuilt: RebuiltSite) -> None:
    site, templates = rebuilt.site, rebuilt.site.root / ".cache/templates"
    for place in (0.1, 0.4, 0.7):
        assert list(templates.iterdir())
        for path in templates.iterdir():
            content = bytearray(path.read_bytes())
            at = int(len(content) * place)
            content[at : at + 40] = b"\x93" * 40
            path.write_bytes(content)
        site.texts["posts/pi.md"].keys["title"] = f"Pi {place}"
        site.save("posts/pi.md")
        rebuilt.check()
