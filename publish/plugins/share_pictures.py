"""A Pelican plugin that draws each article's share picture, which link previews show.

A picture has 1200 by 630 pixels and shows title, section and authors. typst draws it from
`theme/share.typ`. typst uses the fonts that it contains; for letters that these do not have, it
uses the fonts of the machine. Only a release has share pictures. Each picture is drawn once and
cached by the hash of its data.
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

from pelican import signals

from capture.errors import Refused, short_path
from publish.plugins.html_head import Picture
from publish.plugins.links import with_translations
from publish.plugins.picture_files import publish_cached_file, register_publishing
from publish.plugins.project_settings import RELEASE
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import is_stored

WIDTH, HEIGHT = 1200, 630
_UNDRAWABLE: Final = frozenset({"So", "Sk", "Cf", "Cc", "Co", "Cn"})  # Unicode's categories
_BATCH_SIZE: Final = 100  # pictures per run of typst
_REVISION: Final = 2
"""Counts the changes of this code after which cached pictures are drawn again."""
_LONG_WORD: Final = re.compile(r"\S{24,}")


def draw_all(generators: Any) -> None:
    """Draws the share picture of each published article, and sets its `share_picture`.

    Runs before the HTML heads are made: they name the picture.
    """
    context, settings = generators[0].context, generators[0].settings
    template = Path(settings["THEME"]) / "share.typ"
    if not settings.get(RELEASE) or not template.is_file():
        return
    folder = Path(settings["CACHE_PATH"]) / "share"
    pictures = {}
    recipe = f"{_REVISION} {version('typst')} {template.read_text(encoding='utf-8')}"
    for article in with_translations(context["articles"]):
        facts = _facts(article, context["site"].name)
        name = f"{_key(recipe, facts)}.png"
        pictures[folder / name] = facts
        publish_cached_file(settings, f"share/{name}", folder / name)
        if not is_stored(article):  # a stored one has this picture: it depends on nothing else
            article.share_picture = Picture(
                f"{context['site'].url}/share/{name}", WIDTH, HEIGHT, article.title
            )
    missing = {path: facts for path, facts in pictures.items() if not _is_drawn(path)}
    draw_pictures(missing, template)


def _is_drawn(path: Path) -> bool:
    """Whether the picture is in the cache; a power cut may leave an empty file."""
    return path.exists() and path.stat().st_size > 0


def draw_pictures(pictures: Mapping[Path, Mapping[str, str]], template: Path) -> None:
    """Draws each picture into its file. Raises `Refused` if typst cannot compile `template`."""
    todo = list(pictures.items())
    for start in range(0, len(todo), _BATCH_SIZE):
        _draw_batch(todo[start : start + _BATCH_SIZE], template)


def _draw_batch(todo: Sequence[tuple[Path, Mapping[str, str]]], template: Path) -> None:
    import typst  # noqa: PLC0415 - only a release with a new title needs it

    todo[0][0].parent.mkdir(parents=True, exist_ok=True)
    inputs = {"articles": json.dumps([facts for _, facts in todo])}
    with tempfile.TemporaryDirectory(dir=todo[0][0].parent) as folder:
        pattern = Path(folder) / "{p}.png"
        try:
            typst.compile(template, output=pattern, format="png", ppi=72, sys_inputs=inputs)
        except typst.TypstError as error:
            raise Refused(f"{short_path(template)}: cannot be drawn: {error.message}") from None
        images = sorted(Path(folder).iterdir(), key=lambda image: int(image.stem))
        for image, (path, _) in zip(images, todo, strict=True):
            image.replace(path)


def _facts(article: Any, site: str) -> dict[str, str]:
    return {
        "title": _drawable(article.title),
        "section": article.category.name,
        "authors": ", ".join(author.name for author in getattr(article, "authors", ())),
        "site": site,
    }


def _drawable(title: str) -> str:
    """The title without emoji, which few fonts have, and with very long words made breakable."""
    text = "".join(letter for letter in title if unicodedata.category(letter) not in _UNDRAWABLE)
    breakable = _LONG_WORD.sub(lambda word: "\u200b".join(re.findall(".{1,12}", word[0])), text)
    return breakable.strip() or "…"


def _key(recipe: str, facts: Mapping[str, str]) -> str:
    message = json.dumps([recipe, facts], sort_keys=True)
    return hashlib.sha256(message.encode()).hexdigest()[:16]


def register() -> None:
    """Called by Pelican."""
    register_publishing()
    connect_last(signals.all_generators_finalized, draw_all)
