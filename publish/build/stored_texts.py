"""Articles and pages that need not be read again: they come from the last build, as they then were.

A stored text is one of Pelican's articles or pages in three parts. Its *core* is what lists show:
it is loaded for every text, so it is small. Its *fields* are all other attributes, and its
*content* is the HTML. Both are loaded when something asks for them, and then the page that is being
rendered is noted to depend on them. So are texts that were just read: before anything is rendered,
all texts are stored texts.
"""

import io
import os
import pickle
import zlib
from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property
from importlib import import_module
from types import FunctionType
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from pelican.contents import Article, Content, Page
from pelican.urlwrappers import Author, Category, Tag, URLWrapper

from publish.build.build_store import TextRow
from publish.build.fingerprint import hash_of
from publish.build.read_texts import PLACE

PartName: TypeAlias = Literal["fields", "content"]
Load: TypeAlias = Callable[[str, PartName], Mapping[str, Any]]
"""Loads a part of the text with this path."""
Note: TypeAlias = Callable[[str, PartName], None]
"""Notes that a page has used a part of the text with this path."""
CORE: Final = (
    *("title", "date", "slug", "lang", "_status", "template", "url", "save_as", "summary"),
    *("override_save_as", "override_url", "category", "tags", "author", "authors"),
    *("locale_date", "modified", "locale_modified", "in_default_lang", "series", "related"),
    *("source_path", "relative_source_path", "text_facts"),
)
"""The attributes that are known, or known to be absent, without loading a part."""
_CORE: Final = frozenset(CORE)
_CONTENT: Final = ("_content", "content")
_OF_THE_BUILD: Final = frozenset(
    {
        *("settings", "_context", "translations", "get_summary", "source_path"),
        *("relative_source_path", "timezone", "stored_fingerprint", "html_file", PLACE),
    }
)
"""Attributes that each build sets anew."""
_SHOWN: Final = tuple(name for name in CORE if name not in _OF_THE_BUILD | {"text_facts"})
"""The attributes of the core that templates show."""
_NOT_FIELDS: Final = _CORE.union(_CONTENT, _OF_THE_BUILD, ["_parts"])
_Name: TypeAlias = tuple[str, str, str | None]
"""Of a category, tag, author or zone: type, name, and the slug if it does not follow from that."""
_NAMES: Final[Mapping[str, type[URLWrapper]]] = {
    "Category": Category,
    "Tag": Tag,
    "Author": Author,
}
_TYPES: Final[Mapping[str, Collection[str]]] = {
    "builtins": ("frozenset", "object", "set"),
    "copyreg": ("_reconstructor",),
    "datetime": ("datetime", "timedelta", "timezone"),
    "dateutil.tz.tz": ("tzlocal", "tzoffset", "tzutc"),
    "markupsafe": ("Markup",),
    "pelican.utils": ("SafeDatetime",),
    "publish.build.stored_texts": ("TextInputs",),
    "publish.plugins.article_nav": ("Heading", "Neighbours", "Reference", "Series"),
    "publish.plugins.html_head": ("HtmlHead", "LanguageVersion", "Picture"),
    "publish.plugins.text_facts": ("TextFacts",),
}
"""By module: the types that a stored attribute may have, besides Python's simple ones."""


class TextInputs(NamedTuple):
    """What a text was made of, besides its settings and our code."""

    text: bytes
    """The hash of its file."""
    values_hash: str
    """The hash of its front matter."""
    files: Mapping[str, bytes]
    """The hash of each other file that it shows, links to, or does not find."""
    links: frozenset[str]
    """The texts that it links to, by path below the content folder."""
    address: bytes
    """The fingerprint of the front matter, which decides the address that others link to."""
    forms: bytes
    """The fingerprint of all campaigns, if it has a form; else empty."""
    is_due: bool
    """Whether its date had come."""
    warnings: tuple[tuple[str, int | None, str], ...]
    """The warnings about it: file, line and message."""


Core: TypeAlias = tuple[str, Mapping[str, bytes], Mapping[str, Any], TextInputs]
"""Kind, fingerprint of each part, values, inputs."""


class NotStorable(Exception):
    """A text with an attribute that cannot be kept. It is read in each build."""


class Parts:
    """The fields and the content of one text; the build notes which page asks for them."""

    __slots__ = ("_load", "_loaded", "_note", "fingerprints", "is_changed", "path")

    def __init__(
        self,
        path: str,
        fingerprints: Mapping[str, bytes],
        load: Load,
        note: Note,
    ) -> None:
        self.path = path
        self.fingerprints = fingerprints
        self._load = load
        self._note = note
        self._loaded: dict[PartName, dict[str, Any]] = {}
        self.is_changed = False
        """Whether a plugin has set an attribute in this build."""

    def values(self, part: PartName) -> dict[str, Any]:
        """All attributes of a part."""
        if part not in self._loaded:
            self._loaded[part] = dict(self._load(self.path, part))
        return self._loaded[part]

    def get(self, name: str) -> Any:
        """The value of an attribute. Raises `AttributeError`."""
        part: PartName = "content" if name in _CONTENT else "fields"
        self._note(self.path, part)
        try:
            return self.values(part)[name]
        except KeyError:
            raise AttributeError(f"{self.path} has no {name}") from None


class StoredContent:
    """What stored articles and pages have in common. It goes before Pelican's class.

    Attributes in place of Pelican's properties: addresses and summary are ready.
    """

    is_stored = True
    url = ""
    save_as = ""
    summary = ""

    def __getattr__(self, name: str) -> Any:
        """Called for an attribute that is not part of the core."""
        if name in _CORE or name[:2] == "__" or "_parts" not in self.__dict__:
            raise AttributeError(name)
        return self.__dict__["_parts"].get(name)

    def __setattr__(self, name: str, value: object) -> None:
        """Called when a plugin sets an attribute: it becomes part of the row."""
        parts: Parts = self.__dict__["_parts"]
        if name in _CORE or name in _OF_THE_BUILD:
            self.__dict__[name] = value
        else:
            parts.values("content" if name in _CONTENT else "fields")[name] = value
        parts.is_changed = parts.is_changed or name not in _OF_THE_BUILD

    @property
    def content(self) -> str:
        """The HTML, with the addresses of this site."""
        html: str = self.__getattr__("content")
        return html

    def get_content(self, siteurl: str) -> str:
        """The HTML; `siteurl` is that of the settings, the only one that stored texts have."""
        del siteurl
        return self.content

    def get_summary(self, siteurl: str) -> str:
        """The summary, like `get_content`."""
        del siteurl
        return self.summary

    def refresh_metadata_intersite_links(self) -> None:
        """Called by Pelican. It was done before the text was stored."""

    def get_static_links(self) -> frozenset[str]:
        """Called by Pelican: the files that the text links to."""
        return frozenset(self.__dict__["text_facts"].linked_files)

    def get_relative_source_path(self, source_path: str | None = None) -> str | None:
        """The path of the file below the content folder."""
        if source_path is None:
            own: str = self.__dict__["relative_source_path"]
            return own
        other: str | None = Content.get_relative_source_path(self, source_path)
        return other

    @cached_property
    def stored_fingerprint(self) -> bytes:
        """The fingerprint of all that this text shows without loading a part.

        Asked for when plugins no longer change texts; then lists ask for it often.
        """
        own: bytes = self.__dict__["_parts"].fingerprints["core"]
        translations = self.__dict__["translations"]
        if not translations:
            return own
        others = (text.__dict__["_parts"].fingerprints["core"] for text in translations)
        return hash_of((own, *others))


class StoredArticle(StoredContent, Article):  # type: ignore[misc]  # Pelican ships no types
    """An article of the last build."""


class StoredPage(StoredContent, Page):  # type: ignore[misc]
    """A page of the last build."""


def _forget_memo(text: Content) -> None:
    """Deletes the HTML and the summary that Pelican remembers of a text as long as it runs."""
    for method in (Content.get_content, Content.get_summary):
        method.cache.pop((text, text.get_siteurl()), None)


class TextFormat:
    """Turns texts into rows and back, for one build."""

    def __init__(self, settings: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        self._settings = settings
        self._context = context
        self._names = _Names(settings)
        self._root = os.path.abspath(settings["PATH"])  # noqa: PTH100 - as Pelican does
        self._zone = ZoneInfo(settings["TIMEZONE"])

    def row(self, content: Any, inputs: "TextInputs") -> TextRow:
        """A text as a row. Raises `NotStorable` for an attribute of a type that is not known."""
        if isinstance(content, StoredContent):
            parts: Parts = content.__dict__["_parts"]
            values = content.__dict__ | parts.values("fields") | parts.values("content")
        else:
            values = dict(vars(content))
            names = ("url", "save_as", "summary", *_CONTENT)
            values |= {name: getattr(content, name) for name in names}
            _forget_memo(content)
        if values["timezone"] != self._zone:
            raise NotStorable("a time zone of its own")
        shown = {name: values[name] for name in _SHOWN if name in values}
        facts = {name: values[name] for name in ("text_facts",) if name in values}
        fields = {name: values[name] for name in sorted(values) if name not in _NOT_FIELDS}
        kind = "page" if isinstance(content, Page) else "article"
        try:
            rows = {
                "core": _canonical(shown),
                "fields": zlib.compress(_canonical(fields), 1),
                "content": zlib.compress(_canonical({name: values[name] for name in _CONTENT}), 1),
            }
            prints = {name: hash_of((data,)) for name, data in rows.items()}
            rest = _pickled((kind, prints, facts, inputs))
        except (TypeError, AttributeError, ValueError, pickle.PicklingError) as error:
            raise NotStorable(str(error)) from error
        return TextRow(inputs.text, rows["core"] + rest, rows["fields"], rows["content"])

    def core(self, data: bytes) -> Core:
        """The core of a row."""
        unpickler = _Unpickler(io.BytesIO(data), self._names)
        shown = unpickler.load()
        kind, prints, facts, inputs = unpickler.load()
        return kind, prints, shown | facts, inputs

    def part(self, data: bytes) -> Any:
        """The fields or the content of a row."""
        return _Unpickler(io.BytesIO(zlib.decompress(data)), self._names).load()

    def text(self, path: str, core: Core, load: Load, note: Note) -> Any:
        """A stored text with this core. `path` is below the content folder."""
        kind, prints, values, _ = core
        text = object.__new__(StoredPage if kind == "page" else StoredArticle)
        self._fill(text, path, values, Parts(path, prints, load, note))
        return text

    def replace(self, content: Any, core: Core, load: Load, note: Note) -> None:
        """Makes a text that was just read a stored text: whoever has it, keeps it."""
        path, translations = content.get_relative_source_path(), content.translations
        _forget_memo(content)
        _, prints, values, _ = core
        content.__class__ = StoredPage if isinstance(content, Page) else StoredArticle
        content.__dict__.clear()
        self._fill(content, path, values, Parts(path, prints, load, note))
        content.__dict__["translations"] = translations

    def _fill(self, text: Any, path: str, values: Mapping[str, Any], parts: Parts) -> None:
        text.__dict__.update(
            values,
            settings=self._settings,
            _context=self._context,
            translations=[],
            timezone=self._zone,
            source_path=f"{self._root}/{path}",
            relative_source_path=path,
            _parts=parts,
        )


class _Names(dict[_Name, URLWrapper | ZoneInfo]):
    """The categories, tags, authors and zones: one object for all texts."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self._settings = settings

    def __missing__(self, key: _Name) -> URLWrapper | ZoneInfo:
        kind, name, slug = key
        if kind == "ZoneInfo":
            self[key] = ZoneInfo(name)
        else:
            self[key] = found = _NAMES[kind](name, self._settings)
            if slug is not None:
                found.slug = slug
        return self[key]


def _pickled(value: object, *, is_canonical: bool = False) -> bytes:
    stream = io.BytesIO()
    pickler = _Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.fast = is_canonical
    pickler.dump(value)
    return stream.getvalue()


def _canonical(value: object) -> bytes:
    """A pickle that is the same for equal values, so that its hash is a fingerprint.

    Other pickles depend on which of the equal values in them are one object in memory. Here each
    value is written where it occurs. Raises `ValueError` if a value contains itself. A set alone
    has another order in each process: then the page of the text is rendered once more.
    """
    return _pickled(value, is_canonical=True)


class _Pickler(pickle.Pickler):
    """Refers to categories, tags, authors and zones by their names."""

    def persistent_id(self, obj: Any) -> _Name | None:
        """Called for each value: the name that stands in its place."""
        if isinstance(obj, URLWrapper):
            slug = None if obj._slug_from_name else obj.slug
            return type(obj).__name__, obj.name, slug
        return ("ZoneInfo", obj.key, None) if isinstance(obj, ZoneInfo) else None

    def reducer_override(self, obj: Any) -> Any:
        """Called for all that is not one of Python's simple values or collections."""
        if isinstance(obj, Content):
            raise pickle.PicklingError(f"refers to {obj}")
        kind = obj if isinstance(obj, type | FunctionType) else type(obj)
        if not _is_known(kind.__module__, kind.__name__):
            raise pickle.PicklingError(f"has a {kind.__module__}.{kind.__name__}")
        return NotImplemented


def _is_known(module: str, name: str) -> bool:
    return name in _TYPES.get(module, ())


@cache
def _find_class(module: str, name: str) -> Any:
    """A type or function in a pickle. Most pickles have the same."""
    if not _is_known(module, name):
        raise pickle.UnpicklingError(f"{module}.{name} is not a value of a text")
    return getattr(import_module(module), name)


class _Unpickler(pickle.Unpickler):
    find_class = staticmethod(_find_class)

    def __init__(self, stream: io.BytesIO, names: "_Names") -> None:
        super().__init__(stream)
        self.persistent_load = names.__getitem__  # type: ignore[method-assign]
