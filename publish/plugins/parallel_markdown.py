"""A Pelican plugin, after `checks`, that converts the texts of a large site on all processors.

Pelican reads one file after the other. Before it does, child processes convert the texts; the
reader takes their HTML. It converts the rest itself: few texts, texts with extensions that might
read other files, and each text on which a child failed, so that errors name their file as usual.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any, Final

from pelican import signals

from publish.checks.project import WRITING, Writing
from publish.child_processes import ChildEnded, Limits, processor_count, run_each
from publish.plugins.commonmark import TextConverter
from publish.plugins.markdown_cache import depends_on_text_alone, is_cached
from publish.plugins.signals import connect_last

MIN_TEXTS: Final = 100
"""Fewer are converted sooner than children start."""
_CONVERTED: Final = "GATEPOST_CONVERTED"  # the setting with the HTML by text
_BATCH_SIZE: Final = 20
_SECONDS: Final = 60
"""Processor time for a batch."""


def convert_texts(pelican: Any) -> None:
    """Converts all texts that are not in the cache. Keeps their HTML for the reader."""
    settings = pelican.settings
    converted: dict[str, str] = {}
    settings[_CONVERTED] = converted
    if processor_count() == 1 or not depends_on_text_alone(settings["MARKDOWN"]):
        return
    texts = [text for text in dict.fromkeys(_texts(settings)) if not is_cached(text, settings)]
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
            converted.update(zip(batch, pages, strict=True))


def _texts(settings: MutableMapping[str, Any]) -> Iterator[str]:
    """The texts that the reader will ask for."""
    writing: Writing = settings[WRITING]
    for post in writing.posts:
        yield post.front_matter.body
        yield from (
            str(value) for key, value in post.values.items() if key in settings["FORMATTED_FIELDS"]
        )


def take_converted(text: str, settings: MutableMapping[str, Any]) -> str | None:
    """The HTML of a text, once; None if no child has converted it."""
    converted: dict[str, str] = settings.get(_CONVERTED, {})
    return converted.pop(text, None)


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.get_generators, convert_texts)
