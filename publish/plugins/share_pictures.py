"""A Pelican plugin that draws each article's share picture from its title, in the site's look.

Link previews show it, 1200 by 630 pixels. `theme/share.typ` is the look; typst draws it, with fonts
of its own wherever they have the letters. Drawn for a release alone, once, and kept in the cache by
the hash of all that goes into it.
"""

import hashlib
import json
import re
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import typst
from pelican import signals

from capture.errors import Refused, short_path
from publish.plugins import signals as made_files
from publish.plugins.html_head import Picture
from publish.plugins.links import with_translations
from publish.plugins.signals import listen, publish_file

RELEASE: Final = "GATEPOST_RELEASE"  # `publish.build.site` sets it
WIDTH, HEIGHT = 1200, 630
_CONTROL_CHARACTERS: Final = frozenset({"So", "Sk", "Cf", "Cc", "Co", "Cn"})  # Unicode's categories
_AT_ONCE: Final = 100  # pictures that one run of typst draws
_ENDLESS: Final = re.compile(r"\S{24,}")


def draw_all(generators: Any) -> None:
    """Gives each published article its `share_picture`, before heads are made."""
    context, settings = generators[0].context, generators[0].settings
    look = Path(settings["THEME"]) / "share.typ"
    if not settings.get(RELEASE) or not look.is_file():
        return
    folder = Path(settings["CACHE_PATH"]) / "share"
    wanted = {}
    for article in with_translations(context["articles"]):
        facts = _facts(article, context["site"].name)
        name = f"{_key(look, facts)}.png"
        wanted[folder / name] = facts
        publish_file(settings, f"share/{name}", folder / name)
        article.share_picture = Picture(
            f"{context['site'].url}/share/{name}", WIDTH, HEIGHT, article.title
        )
    draw_pictures({path: facts for path, facts in wanted.items() if not path.exists()}, look)


def draw_pictures(wanted: Mapping[Path, Mapping[str, str]], look: Path) -> None:
    """Draws each picture's facts into its file. Raises `Refused` if the look cannot be drawn."""
    todo = list(wanted.items())
    for start in range(0, len(todo), _AT_ONCE):
        _draw_some(todo[start : start + _AT_ONCE], look)


def _draw_some(todo: Sequence[tuple[Path, Mapping[str, str]]], look: Path) -> None:
    todo[0][0].parent.mkdir(parents=True, exist_ok=True)
    value = {"articles": json.dumps([facts for _, facts in todo])}
    with tempfile.TemporaryDirectory(dir=todo[0][0].parent) as folder:
        pattern = Path(folder) / "{p}.png"
        try:
            typst.compile(look, output=pattern, format="png", ppi=72, sys_inputs=value)
        except typst.TypstError as error:
            raise Refused(f"{short_path(look)}: cannot be drawn: {error.message}") from None
        # typst fills the numbers up with noughts, so that names sort as pages do
        for drawn, (path, _) in zip(sorted(Path(folder).iterdir()), todo, strict=True):
            drawn.replace(path)


def _facts(article: Any, site: str) -> dict[str, str]:
    return {
        "title": _drawable(article.title),
        "section": article.category.name,
        "authors": ", ".join(author.name for author in getattr(article, "authors", ())),
        "site": site,
    }


def _drawable(title: str) -> str:
    """Without emoji, for which few fonts have letters; a word without end may be broken."""
    shown = "".join(
        letter for letter in title if unicodedata.category(letter) not in _CONTROL_CHARACTERS
    )
    breakable = _ENDLESS.sub(lambda word: "\u200b".join(re.findall(".{1,12}", word[0])), shown)
    return breakable.strip() or "…"


def _key(look: Path, facts: Mapping[str, str]) -> str:
    message = json.dumps(
        [version("typst"), look.read_text(encoding="utf-8"), facts], sort_keys=True
    )
    return hashlib.sha256(message.encode()).hexdigest()[:16]


def register() -> None:
    """Called by Pelican."""
    made_files.register()
    listen(signals.all_generators_finalized, draw_all)
