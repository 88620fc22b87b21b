"""The short way of a build: nothing has changed since the last one except bodies of some texts.

Most builds follow an edit of one body. Then all lists, feeds and neighbours have the same texts in
the same order, and show the same of them; only the pages that show the edited bodies differ. So
Pelican reads the edited texts alone, and its writer is only asked for pages that used their bodies.
All other texts are loaded one by one when something asks for them, for instance by a link.

The short way needs proof at each step, else the build begins again and makes all lists:

- Before it: `Surroundings` are those of the last build, every other file is the same, every file
  of the site is as the last build left it, and no text became due in the meantime.
- After the texts are read: what lists and plugins know of them (the core) is the same.
- For each page: all other values that its template used have the same fingerprints, and the
  template asked for no value that it did not use last time.
"""

import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from capture.errors import Problem, short_path
from publish.build.fingerprint import hash_of
from publish.build.sources import SourceFiles, stamp_of
from publish.build.stored_pages import PageInputs, Uses, Values, read_inputs
from publish.build.stored_texts import Core
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.plugins.text_facts import facts_of

MOST_EDITS: Final = 100
"""With more edited texts than this, a build makes all lists."""

Warned = tuple[str, int | None, str]
"""A warning about a text: file below the content folder, line and message."""


class MoreChangedError(Exception):
    """More has changed than bodies of texts: the build must make all lists."""


@dataclass(frozen=True)
class Surroundings:
    """What the last build knew of the site besides its texts and pages."""

    now: datetime | None = None
    """The time of the build."""
    due: datetime | None = None
    """The next time at which a text is due, or a form opens or closes."""
    key: bytes = b""
    """The fingerprint of `SiteKeys` and of the names of all files in the content folder."""
    unpublished: Mapping[str, bytes] = field(default_factory=dict)
    """By path of each text that the site does not show: the hash of its file."""
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """By name of each file beside the site: its stamp."""
    of_texts: Mapping[str, tuple[Warned, ...]] = field(default_factory=dict)
    """By path of each text with warnings: these."""
    of_site: tuple[Problem, ...] = ()
    """The warnings that are not about a text."""

    @classmethod
    def from_bytes(cls, data: bytes) -> "Surroundings":
        """The value of `to_bytes`; an empty one if there is none."""
        return cls(*pickle.loads(data)) if data else cls()  # noqa: S301 - our own file, sealed

    def to_bytes(self) -> bytes:
        """For the next build."""
        return pickle.dumps(tuple(vars(self).values()), pickle.HIGHEST_PROTOCOL)


def names_key(writing: Writing) -> bytes:
    """The fingerprint of the names of all files in the content folder."""
    files = writing.content_files
    links = (str(path) for path in (*files.links, *files.special))
    return hash_of(name.encode(errors="surrogateescape") + b"\0" for name in (*files.names, *links))


def stamps_beside(site: Path) -> dict[str, bytes]:
    """By name of each file beside the site: its stamp."""
    if not site.parent.is_dir():
        return {}
    files = (path for path in site.parent.iterdir() if path.name[0] != "." and path.is_file())
    return {path.name: stamp_of(path.stat()) for path in files}


def find_edits(
    writing: Writing,
    last: Surroundings,
    digests: Mapping[str, bytes],
    sources: SourceFiles,
) -> frozenset[str] | None:
    """The texts whose files have changed, by path; None if more has changed.

    `digests` are the hashes of all stored texts of the last build.
    """
    is_of_now = last.now is not None and last.now <= writing.now
    current = writing.digests
    if not is_of_now or (last.due is not None and last.due <= writing.now):
        return None
    if current.keys() != digests.keys() | last.unpublished.keys():
        return None
    for name, digest in last.unpublished.items():
        if current[name] != digest and not _is_unpublished(writing.text(name), writing):
            return None
    edited = frozenset(name for name, digest in digests.items() if current[name] != digest)
    return edited if len(edited) <= MOST_EDITS and sources.are_unchanged() else None


def _is_unpublished(post: Post | None, writing: Writing) -> bool:
    """Whether the site has no page of it: it is a draft, or not due, and has no preview."""
    if post is None:
        return False
    state = post.state(writing.now)
    return state == "skip" or (state in {"draft", "scheduled"} and not post.facts.preview)


def unpublished_texts(
    writing: Writing, known: Mapping[str, Any], last: Surroundings | None
) -> dict[str, bytes]:
    """The texts that the site does not show, with the hash of each one's file.

    `known` are Pelican's texts, `last` is what was known before the short way.
    """
    if last is None:
        names = [post.name for post in writing.files if _is_unpublished(post, writing)]
    else:
        names = list(last.unpublished)
    return {name: writing.digests[name] for name in names if known.get(name) is None}


class StoredTexts(dict[str, Any]):
    """Pelican's `generated_content` of the short way: the edited texts, by path.

    It has every other text too, which is loaded when something asks for it, but does not list it.
    """

    def __init__(self, paths: Iterable[str], load: Callable[[str], Any]) -> None:
        super().__init__()
        self._paths = frozenset(paths)
        self._load = load
        self._loaded: dict[str, Any] = {}

    def __contains__(self, path: object) -> bool:
        return super().__contains__(path) or path in self._paths

    def __missing__(self, path: str) -> Any:
        if path not in self._paths:
            raise KeyError(path)
        if path not in self._loaded:
            text = self._loaded[path] = self._load(path)
            text.translations = [self[other] for other in facts_of(text).translations]
        return self._loaded[path]

    def get(self, path: str, default: Any = None) -> Any:
        """The text with this path."""
        try:
            return self[path]
        except KeyError:
            return default


class EditedPages(PageInputs):
    """The pages that show more of the edited texts than lists do."""

    def __init__(
        self,
        known: Mapping[str, bytes],
        part_fingerprint: Callable[[str, str], bytes],
        uses: Uses,
        texts: Mapping[str, Any],
    ) -> None:
        super().__init__(known, part_fingerprint, uses)
        self._texts = texts
        every = {name: read_inputs(row) for name, row in known.items()}
        self._inputs = {name: inputs for name, inputs in every.items() if self.other_part(inputs)}
        self.changes = dict.fromkeys(self._inputs)

    def wants(self, name: str) -> bool:
        """Whether this is one of these pages."""
        return name in self._inputs

    def elements(self, name: str) -> Sequence[Any]:
        """The texts of a feed, as the last build has listed them."""
        return [self._texts[path] for path in self._inputs[name].elements]

    def why_render(self, name: str, values: Values) -> str:
        """Which text has changed. Raises `MoreChangedError` if any other value seems to differ."""
        if self.other_value(self._inputs[name], values):
            raise MoreChangedError
        return self.other_part(self._inputs[name])

    def keep(self, name: str, values: Values) -> None:
        """Notes what a page has used. Raises `MoreChangedError` for a value that is new to it."""
        if not self.uses.names <= {key for key, _ in self._inputs[name].names}:
            raise MoreChangedError
        super().keep(name, values)

    def check_all_rendered(self) -> None:
        """Raises `MoreChangedError` if Pelican did not ask for one of these pages."""
        if None in self.changes.values():
            raise MoreChangedError


def has_same_place(post: Post | None, core: Core, former: Any) -> bool:
    """Whether an edited text has no translations, which Pelican would have to find, and has the
    same front matter. So other edits are found early, before the text is read."""
    has_same_values = post is not None and core[3].values_hash == post.facts.values_hash
    return has_same_values and not facts_of(former).language_versions


def has_same_core(new: Core, old: Core) -> bool:
    """Whether lists and plugins know the same of a text as before."""
    return (
        new[0] == old[0]
        and new[1]["core"] == old[1]["core"]
        and new[2].get("text_facts") == old[2].get("text_facts")
        and new[3].address == old[3].address
    )


def cache_warnings(warnings: Iterable[Problem], settings: Mapping[str, Any]) -> list[Problem]:
    """The warnings about files of the cache folder."""
    cache = f"{short_path(Path(settings['CACHE_PATH']))}/"
    return [warning for warning in warnings if warning.path.startswith(cache)]


def site_warnings(
    warnings: Sequence[Problem],
    of_texts: Mapping[str, tuple[Warned, ...]],
    settings: Mapping[str, Any],
) -> tuple[Problem, ...]:
    """The warnings that are about no text, and about no file of the cache folder."""
    left_out = set(cache_warnings(warnings, settings))
    for name, line, message in (warned for own in of_texts.values() for warned in own):
        left_out.add(Problem(short_path(Path(settings["PATH"]) / name), line, message))
    return tuple(warning for warning in dict.fromkeys(warnings) if warning not in left_out)
