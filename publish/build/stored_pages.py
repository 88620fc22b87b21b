"""Decides which pages must be rendered again: those that used something which has changed.

While a template renders a page, its context notes each name that the template asks for, and stored
texts note which of their parts it asks for. The fingerprints of all these, and of the template
with all that it includes, are the *inputs* of the page. If they are the same in the next build, so
is the page. What a page may use besides is the same in both builds, or else
`publish.build.incremental` renders every page: settings, code, and functions that templates call.
"""

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from jinja2 import Environment, Template, TemplateNotFound, meta
from jinja2.runtime import Context
from pelican.paginator import Page, Paginator

from publish.build.build_store import PageRow
from publish.build.fingerprint import UnknownValue, fingerprint
from publish.build.stored_texts import PartName


class Inputs(NamedTuple):
    """What a page was made of."""

    template: bytes
    """The fingerprint of the template."""
    names: tuple[tuple[str, bytes], ...]
    """Each name that the template asked for, and the fingerprint of its value."""
    parts: tuple[tuple[str, str, bytes], ...]
    """The part of each text that the page shows: path, name and fingerprint."""
    elements: tuple[str, ...]
    """The texts of a feed, in its order."""


ELEMENTS: Final = "elements"
"""The name of the texts of a feed."""
_ABSENT: Final = "absent"
_LIST: Final = ".object_list"


class Values(NamedTuple):
    """What a template gets."""

    template: bytes
    """The fingerprint of the template."""
    own: Mapping[str, Any]
    """The values of this page."""
    shared: Mapping[str, Any]
    """The values of all pages."""


class Uses:
    """What a template asks for while it renders one page."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.parts: set[tuple[str, PartName]] = set()

    def clear(self) -> None:
        """Starts the next page."""
        self.names.clear()
        self.parts.clear()

    def note(self, path: str, part: PartName) -> None:
        """Notes a part of the text with this path."""
        self.parts.add((path, part))


def noting_context(uses: Uses) -> type[Context]:
    """A class of contexts for Jinja's environment that note each name."""

    class NotingContext(Context):
        def resolve_or_missing(self, key: str) -> Any:
            if key not in self.vars:  # the template has not set it itself
                uses.names.add(key)
            return super().resolve_or_missing(key)

    return NotingContext


class _NotedList:
    """Notes when a template asks for the articles of a list, not only for their number."""

    listed: Sequence[Any]
    """The articles, for ourselves."""
    _note: Callable[[], None]

    @property
    def object_list(self) -> Sequence[Any]:
        """The articles."""
        self._note()
        return self.listed

    @object_list.setter
    def object_list(self, articles: Sequence[Any]) -> None:
        self.listed = articles


class NotedPaginator(_NotedList, Paginator):  # type: ignore[misc]  # Pelican ships no types
    """Cuts a list into pages."""

    def __init__(self, *arguments: Any, note: Callable[[], None]) -> None:
        self._note = note
        self.plain = Paginator(*arguments)
        super().__init__(*arguments)
        self._count = self.plain.count
        own = (self.name, self.url, self.count, self.per_page)
        self.stored_fingerprint = fingerprint(own)
        """Of all but the articles, which are noted apart."""


class NotedPage(_NotedList, Page):  # type: ignore[misc]
    """One page of a list. Most are never rendered, so they have only what tells them apart.

    Pelican's own page is made when something asks for more.
    """

    def __init__(self, paginator: NotedPaginator, number: int, note: Callable[[], None]) -> None:
        self.paginator, self.number, self._note = paginator, number, note

    @property
    def stored_fingerprint(self) -> bytes:
        """Of all but the articles."""
        return b"%b%08d" % (self.paginator.stored_fingerprint, self.number)

    def __getattr__(self, name: str) -> Any:
        """Called for an attribute that is not there yet."""
        if "listed" in self.__dict__ or name[:2] == "__":
            raise AttributeError(name)
        page = vars(self.paginator.plain.page(self.number))
        self.__dict__.update(page, paginator=self.paginator, listed=page["object_list"])
        return getattr(self, name)


class TemplateFingerprints:
    """Of each template, with all that it includes, imports and extends."""

    def __init__(self, all_templates: bytes, kept: bytes | None) -> None:
        """`all_templates`: the fingerprint of all, for one that includes what only it knows.

        `kept`: the `data` of the last build.
        """
        self._all = all_templates
        self._known: dict[str, bytes] = {}
        if kept:
            of_all, known = pickle.loads(kept)  # noqa: S301 - our own file
            if of_all == all_templates:
                self._known = known

    @property
    def data(self) -> bytes:
        """The fingerprints, for the next build: parsing all templates takes longer than a page."""
        return pickle.dumps((self._all, self._known))

    def of(self, template: Template) -> bytes:
        """The fingerprint of a template. Raises `jinja2.TemplateError`."""
        name = str(template.name)
        if name not in self._known:
            self._known[name] = self._closure(template.environment, name)
        return self._known[name]

    def _closure(self, environment: Environment, name: str) -> bytes:
        todo, sources = [name], dict[str, str | None]()
        while todo:
            name = todo.pop()
            if name in sources:
                continue
            assert environment.loader  # noqa: S101 - Pelican's environments have one
            try:
                source, _, _ = environment.loader.get_source(environment, name)
            except TemplateNotFound:  # one that may be missing, and may be written later
                sources[name] = None
                continue
            sources[name] = source
            for other in meta.find_referenced_templates(environment.parse(source)):
                if other is None:
                    return self._all
                todo.append(other)
        return fingerprint(sources)


@dataclass(frozen=True)
class RenderedPage:
    """A page that was rendered, and why."""

    name: str
    reason: str


def read_inputs(row: bytes) -> Inputs:
    """The inputs in a row."""
    return Inputs(*pickle.loads(row))  # noqa: S301 - our own file


class PageInputs:
    """Finds whether the inputs of pages are those of the last build."""

    def __init__(
        self,
        known: Mapping[str, bytes],
        part_fingerprint: Callable[[str, str], bytes],
        uses: Uses,
    ) -> None:
        """`known`: the rows of the last build. Stored texts note their parts in `uses`."""
        self.uses = uses
        self.changes: dict[str, PageRow | None] = dict.fromkeys(known)
        """The rows to write, and None for those to remove."""
        self.are_all_known = True
        """Whether what was used is known of every page that was rendered."""
        self._known = known
        self._part_fingerprint = part_fingerprint
        self._shared: dict[str, bytes] = {}

    def why_render(self, name: str, values: "Values") -> str:
        """Why a page must be rendered; empty if it would be the same."""
        row = self._known.get(name)
        if row is None:
            return "it is new"
        inputs = read_inputs(row)
        if reason := self.other_value(inputs, values) or self.other_part(inputs):
            return reason
        self.changes.pop(name, None)
        return ""

    def wants(self, name: str) -> bool:
        """Whether the writer has to look at this page at all."""
        del name
        return True

    def elements(self, name: str) -> Sequence[Any] | None:
        """The texts of a feed, if Pelican does not know all of them."""
        del name
        return None

    def check_all_rendered(self) -> None:
        """Called at the end of the short way of a build."""

    def other_value(self, inputs: Inputs, values: "Values") -> str:
        """The first value that is not as it was; empty if all are the same."""
        if inputs.template != values.template:
            return "its template"
        changed = (key for key, old in inputs.names if self._of_name(key, values) != old)
        return next((f"`{key}`" for key in changed), "")

    def other_part(self, inputs: Inputs) -> str:
        """The first part of a text that is not as it was; empty if all are the same."""
        for path, part, old in inputs.parts:
            if self._part_fingerprint(path, part) != old:
                return f"{path} ({part})"
        return ""

    def keep(self, name: str, values: "Values") -> None:
        """Notes the inputs of a page that was rendered, unless one of them is not known."""
        names, parts = sorted(self.uses.names), sorted(self.uses.parts)
        try:
            inputs = Inputs(
                values.template,
                tuple((key, self._of_name(key, values)) for key in names),
                tuple((path, part, self._part_fingerprint(path, part)) for path, part in parts),
                tuple(text.relative_source_path for text in values.own.get(ELEMENTS, ())),
            )
        except UnknownValue:
            self.forget(name)
        else:
            row = pickle.dumps(tuple(inputs), pickle.HIGHEST_PROTOCOL)
            self.changes[name] = PageRow(row, {path for path, _ in parts})

    def forget(self, name: str) -> None:
        """For a page that each build must render, such as one that is written twice."""
        self.changes[name] = None
        self.are_all_known = False

    def _of_name(self, key: str, values: "Values") -> bytes:
        """Of the value that a template gets. Values of the complete site are computed once."""
        own = values.own
        if key in own:
            return fingerprint(own[key])
        if key.endswith(_LIST) and (name := key.removesuffix(_LIST)) in own:
            return fingerprint(own[name].listed)
        found = self._shared.get(key)
        if found is None:
            value = values.shared.get(key, _ABSENT)
            found = self._shared[key] = fingerprint(value)
        return found
