"""Writes the pages and feeds that have changed; the others stay in the site as they are.

Many pages are rendered by child processes, once Pelican has asked for all of them. The first page
of each template is rendered at once, so that children inherit the template ready, and the
fingerprints of values that all pages share.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, NamedTuple

from jinja2 import Template
from pelican import signals
from pelican.writers import Writer

from publish.build.build_store import PageRow
from publish.build.fingerprint import UnknownValue
from publish.build.site_folder import SiteFolder
from publish.build.stored_pages import (
    ELEMENTS,
    NotedPage,
    NotedPaginator,
    RenderedPage,
    Values,
    noting_context,
)
from publish.build.stored_site import StoredSite
from publish.plugins.form_tags import FORMS
from publish.plugins.text_facts import facts_of
from publish.progress import show_progress, with_progress
from publish.shared_work import share

_FEED: Final = b"feed"
_LISTS: Final = ("articles", "dates")
"""The lists that Pelican cuts into pages."""
_PAGES: Final = ("previous_page", "page", "next_page")
_MOST_COLLECTED: Final = 2000
"""Pages that wait in memory."""


class _Page(NamedTuple):
    """A page to render."""

    name: str
    values: Values
    write: Callable[[], Any]
    is_override: bool


class SiteWriter(Writer):  # type: ignore[misc]  # Pelican ships no types
    """Pelican's writer, which is asked for every page, and renders only what has changed."""

    def __init__(self, settings: Mapping[str, Any], folder: SiteFolder, site: StoredSite) -> None:
        super().__init__(str(folder.staging), settings=settings)
        self._folder = folder
        self._staging = str(folder.staging)
        self._inputs = site.pages
        self._templates = site.templates
        self._forms = site.forms
        is_silent = not logging.getLogger("pelican").isEnabledFor(logging.INFO)
        self._may_share = (
            is_silent and not site.why_complete and not signals.content_written.receivers
        )
        """Whether pages may be rendered in child processes: no log line or signal differs then."""
        self._context_class = noting_context(site.pages.uses)
        self._asked: set[str] = set()
        self._shared: Any = None
        self._collected: list[_Page] | None = None
        """The pages to render at the end of `collecting`; None outside of it."""
        self._ready: set[bytes] = set()
        """The templates that this process has used."""
        self.rendered: list[RenderedPage] = []

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Lets child processes render the pages that Pelican asks for in the block, at its end.

        Nothing in the block may read the written files, or change what pages show.
        """
        self._collected = [] if self._may_share else None
        try:
            yield
            self._render_collected()
        finally:
            self._collected = None

    def write_file(  # noqa: PLR0913, PLR0917 - Pelican calls it
        self,
        name: str,
        template: Template,
        context: Any,
        relative_urls: bool = False,
        paginated: Mapping[str, Any] | None = None,
        template_name: str | None = None,
        override_output: bool = False,
        url: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Writes a page, or each page of a list, unless it would be the same as before."""
        if not name:
            return
        template.environment.context_class = self._context_class
        if paginated is None:
            paginated = {key: kwargs[key] for key in _LISTS if key in kwargs}
        pages: Iterator[tuple[str, Mapping[str, Any]]] = iter([(name, {})])
        if paginated and template_name in self.settings["PAGINATED_TEMPLATES"]:
            per_page = (
                self.settings["PAGINATED_TEMPLATES"][template_name]
                or self.settings["DEFAULT_PAGINATION"]
            )
            pages = self._pages(name, url, paginated, per_page)
        for page_name, page_values in pages:
            if not self._inputs.wants(page_name):
                continue
            values = {**kwargs, **page_values}
            write = partial(
                super().write_file,
                page_name,
                template,
                context,
                relative_urls,
                {},  # it is one page
                override_output=override_output,
                **values,
            )
            own = {**values, "output_file": page_name}
            self._write(
                page_name,
                self._values(self._templates.of(template), own, context),
                write,
                override=override_output,
            )

    def write_feed(  # noqa: PLR0913, PLR0917 - Pelican calls it
        self,
        elements: Any,
        context: Any,
        path: str | None = None,
        url: str | None = None,
        feed_type: str = "atom",
        override_output: bool = False,
        feed_title: str | None = None,
    ) -> Any:
        """Writes a feed, unless it would be the same as before. Returns None then."""
        if path and not self._inputs.wants(path):
            return None
        shown = context
        if path and (known := self._inputs.elements(path)) is not None:
            elements, shown = known, {**context, "articles": known, FORMS: _forms_of(known)}
        write = partial(
            super().write_feed, elements, shown, path, url, feed_type, override_output, feed_title
        )
        if not path:
            return write()
        texts = list(elements[: self.settings["FEED_MAX_ITEMS"]])
        forms = _forms_of(texts)  # a plugin replaces them with links
        own = {
            ELEMENTS: texts,
            "feed": (url, feed_type, feed_title),
            FORMS: (forms, self._forms) if forms else (),
        }
        self._inputs.uses.clear()
        values = self._values(_FEED, own, context)
        names = (*own, "site", "SITENAME", "SITESUBTITLE", "FEED_DOMAIN")

        def write_noted() -> None:
            write()
            self._inputs.uses.names.update(names)

        self._write(path, values, write_noted, override=override_output)
        return None

    def _pages(
        self, name: str, url: str | None, paginated: Mapping[str, Any], per_page: int
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Name and values of each page of a list."""
        note = {
            key: partial(self._inputs.uses.names.add, f"{key}.object_list")
            for kind in paginated
            for key in (f"{kind}_paginator", *(f"{kind}_{page}" for page in _PAGES))
        }
        paginators = {
            kind: NotedPaginator(
                name, url, articles, self.settings, per_page, note=note[f"{kind}_paginator"]
            )
            for kind, articles in paginated.items()
        }
        first, last = next(iter(paginators)), next(reversed(paginators))
        count = paginators[first].num_pages
        # Pelican names a page as the last list does. It is the same name if both are as long.
        naming = first if paginators[last].num_pages == count else last
        for number in range(1, count + 1):
            values: dict[str, Any] = {}
            for kind, paginator in paginators.items():
                values[f"{kind}_paginator"] = paginator
                for place, other in enumerate(_PAGES, start=number - 1):
                    key = f"{kind}_{other}"
                    is_there = 1 <= place <= count
                    values[key] = NotedPage(paginator, place, note[key]) if is_there else None
            yield values[f"{naming}_page"].save_as, values

    def _values(self, template: bytes, own: Mapping[str, Any], context: Any) -> Values:
        """The first context is that of the site. Others are copies of it, with more in them."""
        if self._shared is None:
            self._shared = context
        if context is self._shared:
            return Values(template, own, context)
        return Values(template, {**context, **own}, context)

    def _write(
        self, name: str, values: Values, write: Callable[[], Any], *, override: bool
    ) -> None:
        page = _Page(name, values, write, override)
        if name in self._asked:
            self._render_collected()
            write()
            self._inputs.forget(name)
            self.rendered.append(RenderedPage(name, "another page has its name"))
            return
        self._asked.add(name)
        reason = self._reason(name, values)
        if not reason:
            self._folder.keep(name)
            self._note_written(page)
            return
        self.rendered.append(RenderedPage(name, reason))
        if self._collected is not None and values.template in self._ready:
            self._collected.append(page)
            if len(self._collected) >= _MOST_COLLECTED:
                self._render_collected()
        else:
            self._render(page)
            self._ready.add(values.template)
            show_progress("Rendering pages", len(self.rendered))

    def _render(self, page: _Page) -> PageRow | None:
        """Renders a page; returns its inputs, if they are known."""
        self._inputs.uses.clear()
        page.write()
        self._inputs.keep(page.name, page.values)
        return self._inputs.changes[page.name]

    def _render_collected(self) -> None:
        """Renders the collected pages, on all processors if there are many."""
        if not self._collected:
            return
        pages, self._collected = self._collected, []
        made = with_progress("Rendering pages", share(self._render, pages), len(pages))
        for page, inputs in zip(pages, made, strict=True):
            if inputs is None:
                self._inputs.forget(page.name)
            else:
                self._inputs.changes[page.name] = inputs
            self._note_written(page)

    def _note_written(self, page: _Page) -> None:
        """For Pelican, which refuses to write a page twice."""
        path = f"{self._staging}/{os.path.normpath(page.name)}"
        self._written_files.add(path)
        if page.is_override:
            self._overridden_files.add(path)

    def _reason(self, name: str, values: Values) -> str:
        if not self._folder.is_current(name):
            return "it is new" if name not in self._folder.known else "its file has changed"
        try:
            return self._inputs.why_render(name, values)
        except UnknownValue as error:
            return f"a value of type {error}"


def _forms_of(texts: Iterable[Any]) -> list[tuple[str, str]]:
    """The forms and calls to action of these texts: each one's kind and campaign."""
    return sorted({form for text in texts for form in facts_of(text).forms})
