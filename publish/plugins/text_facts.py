"""What each text contributes to the rest of its site, noted by the plugins that make its page.

A build does not read a text again that has not changed (`publish.build.incremental`): the text is
*stored*, with all attributes that plugins have set and with these facts. So a plugin changes only
new texts, and takes from stored ones what it noted here.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass
class TextFacts:
    """The facts of one text. Paths are below the content folder if nothing else is said."""

    linked_files: frozenset[str] = frozenset()
    """Files that the text links to; Pelican publishes them."""
    shown_files: frozenset[str] = frozenset()
    """Pictures of which the text shows smaller files."""
    kept_originals: frozenset[str] = frozenset()
    """Files that the finished text links to, so that originals among them are published."""
    cached_files: dict[str, str] = field(default_factory=dict)
    """Made files: the published name below the site, and the path below CACHE_PATH."""
    forms: frozenset[tuple[str, str]] = frozenset()
    """Each form and call to action: its kind and its campaign."""
    open_forms: frozenset[str] = frozenset()
    """Campaigns whose open form is on the page."""
    language_versions: tuple[tuple[str, str], ...] = ()
    """Language and address of each translation that the HTML head names."""
    translations: tuple[str, ...] = ()
    """The files of these translations."""
    neighbours: bytes = b""
    """The hash of the neighbours of an article, to see whether they have changed."""
    sitemap_entry: tuple[str, tuple[str, ...]] | None = None
    """The date of the last change, and the pictures; None if search engines may not list it."""

    def __getstate__(self) -> dict[str, Any]:
        """Most texts have few facts. The others are left out, so that a text is loaded faster."""
        facts = {name: value for name, value in vars(self).items() if value}
        return {"cached_files": {}, **facts}  # the others have a default of the class


FORMER_TEXTS: Final = "GATEPOST_FORMER_TEXTS"
"""In a context: by path, the texts of the last build that are read again or are gone, as they were.

All stored texts are as that build has left them. Missing if this is not known.
"""
ONLY_EDITED: Final = "GATEPOST_ONLY_EDITED"
"""In a context that has only the edited texts.

Their places among all texts are the same, and so is everything that is made of all texts
(`publish.build.edits`).
"""


def has_all_texts(context: Mapping[str, Any]) -> bool:
    """Whether the context has all texts of the site, and not only edited ones."""
    return ONLY_EDITED not in context


def facts_of(text: Any) -> TextFacts:
    """The facts of an article or page."""
    facts: TextFacts | None = text.__dict__.get("text_facts")
    if facts is None:
        facts = text.text_facts = TextFacts()
    return facts


def is_stored(text: Any) -> bool:
    """Whether plugins have changed this text in an earlier build, so that it is finished."""
    return getattr(type(text), "is_stored", False)


def all_texts(context: MutableMapping[str, Any]) -> Iterator[Any]:
    """The articles and pages that could be read, drafts included."""
    return (text for text in context["generated_content"].values() if text is not None)


def new_texts(context: MutableMapping[str, Any]) -> Iterator[Any]:
    """The articles and pages that were read in this build."""
    return (text for text in all_texts(context) if not is_stored(text))
