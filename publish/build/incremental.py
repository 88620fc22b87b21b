"""A Pelican that reads only texts and renders only pages that have changed since its last build.

Set it in `pelicanconf.py` as PELICAN_CLASS, by the name "publish.IncrementalPelican"; `gatepost
build` always uses it. The site is byte for byte what Pelican alone makes of the same files:

- Each text is read once, with the effect that all plugins have on it. Afterwards it is a *stored
  text* (`stored_texts`), as long as all is the same that it was made of: its file, the files that
  it uses, the addresses that it links to, the forms in it, and whether its date has come.
- Pelican makes all lists, and asks its writer for all pages, as always. The writer renders a page
  only if something has changed that the page used when it was rendered last (`stored_pages`).
  What a render uses is noted while it happens, so that nothing has to be declared by hand.
- Campaigns and clients count for the texts with a form, and for feeds. If one of them or a gated
  file changes, all files of the site are compared with the gated files again.
- If only bodies of texts were edited, no list is made at all, so that the work does not grow with
  the number of other texts (`edits`).
- Settings, plugins, our code and libraries count for the complete site: if one of them changes,
  everything is made again. So it is if a site uses something whose effect cannot be known, such as
  a plugin that is not one of ours; `why_complete` says what.
- New files are written beside the site and then put in place one by one (`site_folder`).

What is known is kept in one file (`build_store`); the live preview has another, so that it and
other builds do not forget each other's site. It is written last, and each file of the site is
compared with it by size, time and inode. So a build that is killed, or a file that somebody else
has changed, only means that more pages are rendered.
"""

import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pelican import Pelican, signals
from pelican.generators import ArticlesGenerator, Generator, PagesGenerator, StaticGenerator

from capture.errors import Problem
from publish.build.build_store import FILE, STORE, BuildStore, StoreDamaged
from publish.build.compiled_templates import CompiledTemplates
from publish.build.edits import MoreChangedError, cache_warnings
from publish.build.generators import (
    STORED_SITE,
    KeepingArticlesGenerator,
    KeepingPagesGenerator,
    KeepingStaticGenerator,
)
from publish.build.site_folder import COMPRESSIONS, SiteFolder
from publish.build.site_writer import SiteWriter
from publish.build.stored_pages import RenderedPage
from publish.build.stored_site import StoredSite
from publish.checks.layout import PUBLISHED, published_file
from publish.checks.project import WRITING
from publish.plugins.kept_files import KEPT_FILES, NOT_COMPARED
from publish.plugins.problems import get_report
from publish.plugins.settings_key import key_of_settings

BUILD_WORK: Final = "GATEPOST_BUILD_WORK"
"""The setting in which a build leaves its `BuildWork`."""
LOCK: Final = "site.lock"
"""The file, in CACHE_PATH, that a build locks while it uses what is known."""
TEMPLATES: Final = "templates"
"""The folder of compiled templates, in CACHE_PATH."""
FINISH: Final = "GATEPOST_FINISH"
"""The setting with a function that adds files to a `SiteFolder`, for a release."""
ON_REPLACED: Final = "GATEPOST_ON_REPLACED"
"""The setting with a function that is called with the site when it is complete."""
ON_WAIT: Final = "GATEPOST_ON_WAIT"
"""The setting with a function that is called when another build is running."""
WORK_FOLDER: Final = ".build"
"""The folder beside the site in which new files are staged."""


@dataclass(frozen=True)
class BuildWork:
    """What a build has done."""

    texts_read: int
    rendered: tuple[RenderedPage, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    why_complete: str
    """Why everything was made again; empty if only what changed was."""
    unnamed_warning: str
    """A warning of Pelican for which the next build makes everything again; or empty."""
    made_lists: bool
    """Whether all lists were made: not if only bodies of texts had changed."""


class IncrementalPelican(Pelican):  # type: ignore[misc]  # Pelican ships no types
    """See the module's docstring."""

    def run(self) -> None:
        """Builds the site."""
        site = Path(self.output_path).absolute()
        site.parent.mkdir(parents=True, exist_ok=True)
        cache = Path(self.settings["CACHE_PATH"])
        cache.mkdir(parents=True, exist_ok=True)
        on_wait: Callable[[], None] = self.settings.get(ON_WAIT, lambda: None)
        others_froze = gc.get_freeze_count() > 0
        with (
            build_lock(site.parent / ".build.lock", on_wait),
            build_lock(cache / LOCK, on_wait),  # a build of another site may have this cache
            _empty_folder(site.parent / WORK_FOLDER) as work,
        ):
            staging = work / site.name
            path = cache / self.settings.get(STORE, FILE)
            store = BuildStore(path)
            try:
                self._build_from(store, site, staging)
            finally:
                store.close()
                if not others_froze:
                    gc.unfreeze()  # what the generators have frozen
            if store.problem:
                get_report(self.settings).warn(path, None, store.problem)

    def _build_from(self, store: BuildStore, site: Path, staging: Path) -> None:
        """Builds the site in the short way if possible; else again, with all lists."""
        settings, may_be_short = dict(self.settings), True
        damaged: list[Problem] = []
        while True:
            staging.mkdir()
            try:
                self._build(site, staging, store, may_be_short=may_be_short)
            except MoreChangedError:
                may_be_short = False
            except StoreDamaged as error:
                store.give_up(error)
            else:
                get_report(self.settings).warnings += damaged
                return
            # They are deleted, so the next attempt does not find them again.
            damaged += cache_warnings(get_report(self.settings).warnings, settings)
            shutil.rmtree(staging)
            self.settings.clear()
            self.settings.update(settings)

    def _build(self, site: Path, staging: Path, store: BuildStore, *, may_be_short: bool) -> None:
        settings = self.settings
        last = Path(os.fsdecode(store.facts().get("site", b"")))
        self._folder = folder = SiteFolder(site, staging, last, store.files())
        self._stored = StoredSite(
            settings,
            store,
            staging.stat().st_mtime_ns,
            lambda: may_be_short and not self._has_compressed_files() and folder.is_as_left(),
        )
        settings.setdefault(PUBLISHED, str(published_file(settings)))  # of the last build
        settings[STORED_SITE] = self._stored
        settings[KEPT_FILES] = self._keep_file
        settings[NOT_COMPARED] = self._files_not_compared
        settings["OUTPUT_PATH"] = self.output_path = str(staging)
        retained = settings["OUTPUT_RETENTION"] if settings["DELETE_OUTPUT_DIRECTORY"] else None
        keys: list[bytes] = []

        def keep_compiled(generator: Generator) -> None:
            if not keys:  # Jinja has loaded its extensions now
                keys.append(key_of_settings(settings))
            folder = Path(settings["CACHE_PATH"]) / TEMPLATES
            generator.env.bytecode_cache = CompiledTemplates(folder, keys[0])

        try:
            with signals.generator_init.connected_to(keep_compiled):
                super().run()
            if self._stored.edits is not None:
                self._stored.pages.check_all_rendered()
                folder.keep_others()
            if finish := settings.get(FINISH):
                folder.may_keep = self._stored.keeps_files
                finish(folder, Path(settings["CACHE_PATH"]))
            self._publish(store, retained)
        finally:
            settings["OUTPUT_PATH"] = self.output_path = str(site)
            for name in (STORED_SITE, KEPT_FILES, NOT_COMPARED):
                settings.pop(name, None)

    def _publish(self, store: BuildStore, retained: Any) -> None:
        folder = self._folder
        if not folder.is_in_place:
            folder.complete()
        staged = folder.staged()
        unwanted = folder.unwanted(staged)
        # Of a file that is known already, the stamp says after a kill whether it was replaced.
        store.announce(name for name in staged if name not in folder.known)
        published = folder.publish(staged, unwanted)
        removed = list(published.removed)
        if not folder.is_in_place and retained is not None:
            removed += folder.clear(staged, retained)
        for path in folder.staging.parent.iterdir():  # such as site.json, beside the site
            if path != folder.staging:
                target = folder.site.parent / path.name
                if not target.is_file() or target.read_bytes() != path.read_bytes():
                    path.replace(target)
        self._stored.save(folder, published.stamps, unwanted)
        if on_replaced := self.settings.get(ON_REPLACED):
            on_replaced(folder.site)
        self.settings[BUILD_WORK] = BuildWork(
            self._stored.texts_read,
            tuple(self._writer.rendered),
            published.written,
            tuple(removed),
            self._stored.why_complete,
            self._stored.unnamed_warning,
            self._stored.edits is None,
        )

    def _keep_file(self, name: str) -> bool:
        if FINISH in self.settings and name.endswith(COMPRESSIONS):
            return False  # a release may have replaced it with a compressed file
        return self._stored.keeps_files and self._folder.keep_current(name)

    def _has_compressed_files(self) -> bool:
        """Whether the writer has a compressed file, which a release may have to put back."""
        names = self.settings[WRITING].content_files.names
        return FINISH in self.settings and any(name.endswith(COMPRESSIONS) for name in names)

    def _files_not_compared(self) -> dict[str, Path]:
        return {} if self._stored.has_same_private_files else self._folder.kept()

    def _get_generator_classes(self) -> list[type[Generator]]:
        ours = {
            ArticlesGenerator: KeepingArticlesGenerator,
            PagesGenerator: KeepingPagesGenerator,
            StaticGenerator: KeepingStaticGenerator,
        }
        return [ours.get(found, found) for found in super()._get_generator_classes()]

    def _get_writer(self) -> SiteWriter:
        """Called by Pelican when all texts are complete, and before the first page."""
        self._stored.store_new_texts()
        self._writer = SiteWriter(self.settings, self._folder, self._stored)
        return self._writer


@contextmanager
def build_lock(lock: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Holds an exclusive lock. The kernel releases it when the process ends."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _empty_folder(folder: Path) -> Iterator[Path]:
    """A folder that is removed at the end; a killed build may have left it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
