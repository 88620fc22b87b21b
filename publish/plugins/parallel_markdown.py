"""A Pelican plugin, after `checks`, that converts the texts of a large site on all processors.

Pelican reads one file after the other. Before it does, child processes convert the texts, and the
reader finds their HTML in the cache. It converts the rest itself: few texts, texts with extensions
that might read other files, and each text on which a child failed, so that it names the file.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any, Final

from pelican import signals

from publish.checks.post import Post
from publish.checks.project import WRITING
from publish.child_processes import ChildEnded, Limits, processor_count, run_each
from publish.plugins.commonmark import TextConverter
from publish.plugins.kept_files import KEPT_FILES
from publish.plugins.markdown_cache import depends_on_text_alone, html_cache
from publish.plugins.signals import connect_last

MIN_TEXTS: Final = 100
"""Fewer are converted sooner than children start."""
_BATCH_SIZE: Final = 20
_SECONDS: Final = 60
"""Processor time for a batch."""


def convert_all(pelican: Any) -> None:
    """Converts all texts, unless the build will say which ones it reads."""
    if KEPT_FILES not in pelican.settings:
        convert_texts(pelican.settings, pelican.settings[WRITING].posts)


def convert_texts(settings: MutableMapping[str, Any], posts: Iterable[Post]) -> None:
    """Converts texts that are not in the cache, and adds their HTML to it for the reader."""
    if processor_count() == 1 or not depends_on_text_alone(settings["MARKDOWN"]):
        return
    cache = html_cache(settings)
    texts = [text for text in dict.fromkeys(_texts(settings, posts)) if not cache.has(text)]
    if len(texts) < MIN_TEXTS:
        return
    converter = TextConverter(settings)
    converter.html("")  # the children inherit it ready

    def convert(batch: list[str]) -> list[str] | None:
        try:
            return [converter.html(text) for text in batch]
        except Exception:  # the reader will raise it again, and name the file
            return None

    batches = [texts[place : place + _BATCH_SIZE] for place in range(0, len(texts), _BATCH_SIZE)]
    for batch, pages in run_each(convert, batches, Limits(_SECONDS)):
        if pages is not None and not isinstance(pages, ChildEnded):
            for text, html in zip(batch, pages, strict=True):
                cache.add(text, html)


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
