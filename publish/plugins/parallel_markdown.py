"""A Pelican plugin, after `checks`, that converts the texts of a large site on all processors.

Pelican reads one file after the other. Child processes convert the texts meanwhile, and the reader
finds their HTML in the cache. It converts the rest itself: few texts, texts with extensions that
might read other files, and each text on which a child failed, so that it names the file.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any, Final

from pelican import signals

from publish.checks.post import Post
from publish.checks.project import WRITING
from publish.child_processes import ChildEnded
from publish.plugins.commonmark import TextConverter
from publish.plugins.kept_files import KEPT_FILES
from publish.plugins.markdown_cache import depends_on_text_alone, html_cache
from publish.plugins.signals import connect_last
from publish.shared_work import are_many, run_batches

_SECONDS: Final = 60
"""Processor time for a batch."""


def convert_all(pelican: Any) -> None:
    """Converts all texts, unless the build will say which ones it reads."""
    if KEPT_FILES not in pelican.settings:
        convert_texts(pelican.settings, pelican.settings[WRITING].posts)


def convert_texts(settings: MutableMapping[str, Any], posts: Iterable[Post]) -> None:
    """Converts texts that are not in the cache, and adds their HTML to it for the reader."""
    if not depends_on_text_alone(settings["MARKDOWN"]):
        return
    cache = html_cache(settings)
    texts = [text for text in dict.fromkeys(_texts(settings, posts)) if not cache.has(text)]
    if not are_many(texts):
        return
    converter = TextConverter(settings)
    converter.html("")  # the children inherit it ready

    def convert(text: str) -> str | None:
        try:
            return converter.html(text)
        except Exception:  # the reader will raise it again, and name the file
            return None

    def converted() -> Iterator[tuple[str, str]]:
        for _, batch, results in run_batches(convert, texts, _SECONDS):
            if not isinstance(results, ChildEnded):
                pairs = zip(batch, results, strict=True)
                yield from ((text, html) for text, html in pairs if html is not None)

    cache.add_all(converted())


def _texts(settings: MutableMapping[str, Any], posts: Iterable[Post]) -> Iterator[str]:
    """The texts that the reader will ask for."""
    for post in posts:
        yield post.front_matter.body
        yield from (
            str(value) for key, value in post.values.items() if key in settings["FORMATTED_FIELDS"]
        )


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.get_generators, convert_all)
