"""A sample site that is edited and built again and again, each time compared with a clean build."""

import copy
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.publish.rebuilding.bounds import Step, edited_texts, users_of
from tests.publish.rebuilding.build_server import BuildServer, Built, Interruption
from tests.publish.rebuilding.comparison import (
    LOCAL,
    Mode,
    OutputFile,
    build_reference,
    differences,
    files_of,
    output_of,
)
from tests.publish.rebuilding.sample_site import SampleSite

_SOURCES: Final = ("content", "theme", "overrides", "helpers", "campaigns", "clients")
_MADE_AGAIN: Final = re.compile(
    r"Everything was made again|[Tt]he next build makes (?:everything again|all anew)"
)
"""What a build prints after which the next one knows nothing."""
_NO_LISTS: Final = "no list was made again"
_PAGE: Final = re.compile(r"^(?P<page>[^\s:]+): (?P<reason>.+)$", re.MULTILINE)
_WORK: Final = re.compile(
    r"^read (\d+), rendered (\d+), written (\d+), removed (\d+) in ", re.MULTILINE
)


_KEPT_STATES: Final = 8
"""The states of the sources to which a test may go back."""


@dataclass(frozen=True)
class Servers:
    """The processes that fork our builds and the reference builds."""

    ours: BuildServer
    reference: BuildServer


@contextmanager
def build_servers() -> Iterator[Servers]:
    """Ends them after the block."""
    with BuildServer() as ours, BuildServer(is_reference=True) as reference:
        yield Servers(ours, reference)


@dataclass(frozen=True)
class Expected:
    """The reference build: what it printed, and its output."""

    built: Built
    output: Mapping[str, bytes]

    @property
    def is_refused(self) -> bool:
        return self.built.code != 0


@dataclass(frozen=True)
class State:
    """The sources of a build that was not refused."""

    sources: Mapping[str, bytes]
    site: SampleSite
    kind: str
    """The kind of the only edit since the state before; empty if there were others."""


class RebuiltSite:
    """The sample site, its output folder, and the reference build of its current sources."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.site = SampleSite(folder / "project")
        self.site.create()
        self.mode = LOCAL
        self._servers = servers
        self._folder = folder
        self._known: dict[str, Expected] = {}
        self._builds = 0
        self._states = [State(self._sources(), copy.deepcopy(self.site), "")]
        self.known_by = ""
        """The settings with which the last build has made the site, if nobody has
        changed the output or the cache since. Then the next one needs to make only what changed."""

    def detach(self, *, has_summaries: bool = False) -> None:
        """Attaches no file: a site that does reads its text at each build, and makes all lists.

        With summaries, no list shows the body of a text.
        """
        self.site.detach()
        for path in sorted(self.site.texts) if has_summaries else ():
            self.site.texts[path].keys.setdefault("summary", "What lists show.")
            self.site.save(path)
        self._states = [State(self._sources(), copy.deepcopy(self.site), "")]

    @property
    def output(self) -> Path:
        return self.site.root / self.mode.output

    def files_of(self, what: str) -> list[Path]:
        """The files of the output, or those of the cache in which builds keep what they know."""
        if what == "output":
            files = [*(self.output / "www").rglob("*"), self.output / "site.json"]
        else:
            cache = self.site.root / ".cache"
            files = [path for path in cache.rglob("*") if "pictures" not in path.parts]
        return sorted(path for path in files if path.is_file())

    def expected(self) -> Expected:
        """The reference build of the sources as they are.

        One of sixteen is made a second time, without the compiled templates of earlier ones.
        """
        sources = self._sources()
        key = self._key(sources)
        if key not in self._known:
            code = [(path, text) for path, text in sources.items() if path.endswith(".py")]
            compiled = hashlib.sha256(repr((code, self._mode())).encode()).hexdigest()
            expected = self._build_reference(self._folder / "compiled" / compiled)
            if key.startswith("0"):
                assert self._build_reference(None) == expected
            self._known[key] = expected
        return self._known[key]

    def _build_reference(self, compiled: Path | None) -> Expected:
        folder, now = self._folder / "reference", self.site.now
        built = build_reference(
            self._servers.reference, self.site.root, folder, now, self._mode(), compiled=compiled
        )
        return Expected(built, {} if built.code else output_of(folder))

    def build(
        self, *, plain: bool = False, clean: bool = False, interruption: Interruption | None = None
    ) -> Built:
        """Builds with `gatepost build`, or plain `pelican`.

        One of three builds shares its work over several processes.
        """
        mode = self._mode()
        options = ("--explain", "--clean") if clean else ("--explain",)
        command = mode.pelican if plain and mode.pelican else (*mode.gatepost, *options)
        self._builds += 1
        return self._servers.ours.run(
            command,
            self.site.root,
            self.site.now,
            mode.environment,
            interruption=interruption,
            shares_work=self._builds % 3 == 1,
        )

    def check(
        self,
        kind: str = "",
        *,
        plain: bool = False,
        clean: bool = False,
        is_compared: bool = True,
    ) -> Step:
        """Builds, and compares the result with the reference. A refused edit is undone.

        `kind` is that of the only edit since the last build. Without a comparison only a refused
        build needs the reference.
        """
        before, known_by = files_of(self.output), self.known_by
        plain = plain and bool(self.mode.pelican)
        built = self.build(plain=plain, clean=clean)
        after = files_of(self.output)
        if built.code or is_compared:
            self._compare(built, before, after)
        if built.code:
            self.undo()
            return Step(is_accepted=False)
        changed = {path for path, file in after.items() if _content(before, path) != file.content}
        if not plain:
            same = {
                path
                for path, file in after.items()
                if path.startswith("www/") and path in before and file.stamp != before[path].stamp
            }
            assert same <= changed, f"written again as they were: {same - changed}"
        last, sources = self._states[-1], self._sources()
        counts_for_all = any(
            path.endswith(".py") and content != last.sources.get(path)
            for path, content in sources.items()
        )
        knows_nothing = counts_for_all or _MADE_AGAIN.search(built.out + built.err)
        self.known_by = "" if knows_nothing else self.mode.settings
        is_bounded = self.known_by and self.known_by == known_by and not self.site.shows_others
        only_edit = kind if known_by else ""
        self._states.append(State(sources, copy.deepcopy(self.site), only_edit))
        del self._states[:-_KEPT_STATES]
        return Step(
            is_accepted=True,
            changed=frozenset(path.removeprefix("www/") for path in changed),
            texts=tuple(self.site.texts.values()),
            start=self.site.texts.get("pages/home.md"),
            edited=edited_texts(last.site.texts, self.site.texts),
            templates=_edited_templates(last.sources, sources),
            rendered=_rendered(built) if is_bounded and not plain else None,
            made_lists=_NO_LISTS not in built.out,
        )

    def _compare(
        self, built: Built, before: Mapping[str, OutputFile], after: Mapping[str, OutputFile]
    ) -> None:
        expected = self.expected()
        if expected.is_refused:
            assert built.code == 1, f"the reference refuses:\n{expected.built.err}"
            refusals = _refusals(expected.built)  # none if Pelican logs an error of its own
            assert not refusals or _refusals(built) == refusals
            found = differences(_contents(after), _contents(before))
            assert not found, f"a refused build has changed the site:\n{found}"
        else:
            assert built.code == 0, f"{built.out}{built.err}"
            found = differences(_contents(after), expected.output)
            assert not found, found

    def check_killed(self, before: Mapping[str, bytes]) -> None:
        """Each file of the site is complete after a kill: that of before, or the new one."""
        new = self.expected().output
        for path, content in output_of(self.output).items():
            versions = (before.get(path), new.get(path))
            assert content in versions, f"{path} is incomplete after a kill"

    def build_during(self, edit: Callable[[], None], changes: int) -> None:
        """Builds, and makes an edit before change number `changes` that the build makes of a file.

        The site is then of sources before the edit, after it, or of both; the next build must find
        what it has missed.
        """
        old = self._sources()
        edit()
        new = self._sources()
        edited = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
        edits = {str(self.site.root / path): new.get(path) for path in edited}
        self._write_sources(old)
        self.build(interruption=Interruption(changes, edits))
        self._write_sources(new)
        self.known_by = ""

    def undo(self) -> None:
        """Takes back all edits since the last build that was not refused."""
        self._restore(self._states[-1])

    def go_back(self, number: int) -> str:
        """Restores the sources of an earlier build; returns the kind of the edit if it was one."""
        place = max(-len(self._states), -2 - number)
        kind = self._states[-1].kind if place == -2 else ""
        self._restore(self._states[place])
        return kind

    def _restore(self, state: State) -> None:
        self._write_sources(state.sources)
        numbers = self.site.numbers
        self.site = copy.deepcopy(state.site)
        self.site.numbers = numbers

    def _write_sources(self, sources: Mapping[str, bytes]) -> None:
        now = self._sources()
        for path in now.keys() - sources.keys():
            (self.site.root / path).unlink()
        for path, content in sources.items():
            if now.get(path) != content:
                self.site.write(path, content)

    def _mode(self) -> Mode:
        url = {"GATEPOST_CAPTURE_URL": self.site.capture_url} if self.site.capture_url else {}
        return replace(self.mode, environment={**self.mode.environment, **url})

    def _sources(self) -> dict[str, bytes]:
        """Every file that a clean build may read, by path below the project."""
        root = self.site.root
        paths = [*root.glob("*.py")]
        for source in _SOURCES:
            for place, _, names in os.walk(root / source):
                paths += [Path(place, name) for name in names]
        return {str(path.relative_to(root)): path.read_bytes() for path in paths}

    def _key(self, sources: Mapping[str, bytes]) -> str:
        """A hash of everything that decides the reference."""
        published = self.output / "published.json"  # the next build compares with it
        facts = [self.site.now, self._mode(), published.exists() and published.read_bytes()]
        return hashlib.sha256(repr([facts, sorted(sources.items())]).encode()).hexdigest()


def _content(files: Mapping[str, OutputFile], path: str) -> bytes | None:
    return files[path].content if path in files else None


def _contents(files: Mapping[str, OutputFile]) -> dict[str, bytes]:
    return {path: file.content for path, file in files.items()}


def _edited_templates(last: Mapping[str, bytes], sources: Mapping[str, bytes]) -> frozenset[str]:
    """The templates that were edited since the last build, and all that use them."""
    edited, texts = set(), dict[str, str]()
    for path in sources.keys() | last.keys():
        if path.startswith(("theme/templates/", "overrides/")):
            name = path.rpartition("/")[2]
            versions = (last.get(path, b""), sources.get(path, b""))
            texts[name] = texts.get(name, "") + b"".join(versions).decode()
            if versions[0] != versions[1]:
                edited.add(name)
    return users_of(edited, texts)


def _refusals(built: Built) -> list[str]:
    """The lines that say why a build was refused."""
    lines = [line.strip() for line in built.err.splitlines()]
    return [line for line in lines if line and not line.startswith("warning: ")]


def _rendered(built: Built) -> Mapping[str, str]:
    """The pages that a build says it has rendered, each with its reason."""
    work = _WORK.search(built.out)
    if work is None:
        assert built.out.startswith("Nothing has changed: "), built.out
        return {}
    pages = {match["page"]: match["reason"] for match in _PAGE.finditer(built.out)}
    assert len(pages) == int(work[2]), built.out
    return pages
