"""A sample site that is edited and built again and again, each time compared with a clean build."""

import copy
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.publish.rebuilding.bounds import Step, edited_texts, users_of
from tests.publish.rebuilding.build_server import BuildServer, Built
from tests.publish.rebuilding.comparison import (
    LOCAL,
    Mode,
    build_reference,
    differences,
    output_of,
)
from tests.publish.rebuilding.sample_site import SampleSite

_SOURCES: Final = ("content", "theme", "overrides", "helpers", "campaigns", "clients")
_MADE_AGAIN: Final = re.compile(r"Everything was made again|The next build makes everything again")
"""What a build prints after which the next one knows nothing."""
_NO_LISTS: Final = "no list was made again"
_PAGE: Final = re.compile(r"^(?P<page>[^\s:]+): (?P<reason>.+)$", re.MULTILINE)
_WORK: Final = re.compile(
    r"^read (\d+), rendered (\d+), written (\d+), removed (\d+) in ", re.MULTILINE
)


@dataclass(frozen=True)
class Expected:
    """The reference build: what it printed, and its output."""

    built: Built
    output: Mapping[str, bytes]

    @property
    def is_refused(self) -> bool:
        return self.built.code != 0


class RebuiltSite:
    """The sample site, its output folder, and the reference build of its current sources."""

    def __init__(self, builds: BuildServer, folder: Path) -> None:
        self.site = SampleSite(folder / "project")
        self.site.create()
        self.mode = LOCAL
        self._builds = builds
        self._reference = folder / "reference"
        self._known: dict[str, Expected] = {}
        self._last_sources = self._sources()
        self._last_site = copy.deepcopy(self.site)
        self.known_by = ""
        """The settings with which the last build has made the site, if nobody has
        changed the output or the cache since. Then the next one needs to make only what changed."""

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
        """The reference build of the sources as they are."""
        key = self._key()
        if key not in self._known:
            now, root = self.site.now, self.site.root
            built = build_reference(self._builds, root, self._reference, now, self._mode())
            self._known[key] = Expected(built, {} if built.code else output_of(self._reference))
        return self._known[key]

    def build(self, *, plain: bool = False, clean: bool = False, changes: int = 0) -> Built:
        """Builds with `gatepost build`, or plain `pelican`; a kill is that of `BuildServer.run`."""
        mode = self._mode()
        options = ("--explain", "--clean") if clean else ("--explain",)
        command = mode.pelican if plain and mode.pelican else (*mode.gatepost, *options)
        root, now, environment = self.site.root, self.site.now, mode.environment
        return self._builds.run(command, root, now, environment, changes=changes)

    def check(self, *, plain: bool = False, clean: bool = False, is_compared: bool = True) -> Step:
        """Builds, and compares the result with the reference. A refused edit is undone.

        Without a comparison only a refused build needs the reference.
        """
        before, times, known_by = output_of(self.output), self._times(), self.known_by
        plain = plain and bool(self.mode.pelican)
        built = self.build(plain=plain, clean=clean)
        if built.code or is_compared:
            self._compare(built, before)
        if built.code:
            self.undo()
            return Step(is_accepted=False)
        after = output_of(self.output)
        changed = {path for path in after if after[path] != before.get(path)}
        if not plain:
            same = {path for path, time in self._times().items() if times.get(path, time) != time}
            assert same <= changed, f"written again as they were: {same - changed}"
        sources = self._sources()
        counts_for_all = any(
            path.endswith(".py") and content != self._last_sources.get(path)
            for path, content in sources.items()
        )
        knows_nothing = counts_for_all or _MADE_AGAIN.search(built.out + built.err)
        self.known_by = "" if knows_nothing else self.mode.settings
        is_bounded = self.known_by and self.known_by == known_by and not self.site.shows_others
        edited = edited_texts(self._last_site.texts, self.site.texts)
        templates = self._edited_templates(sources)
        self._last_sources, self._last_site = sources, copy.deepcopy(self.site)
        return Step(
            is_accepted=True,
            changed=frozenset(path.removeprefix("www/") for path in changed),
            texts=tuple(self.site.texts.values()),
            edited=edited,
            templates=templates,
            rendered=_rendered(built) if is_bounded and not plain else None,
            made_lists=_NO_LISTS not in built.out,
        )

    def _compare(self, built: Built, before: Mapping[str, bytes]) -> None:
        expected = self.expected()
        if expected.is_refused:
            assert built.code == 1, f"the reference refuses:\n{expected.built.err}"
            refusals = _refusals(expected.built)  # none if Pelican logs an error of its own
            assert not refusals or _refusals(built) == refusals
            found = differences(output_of(self.output), before)
            assert not found, f"a refused build has changed the site:\n{found}"
        else:
            assert built.code == 0, f"{built.out}{built.err}"
            found = differences(output_of(self.output), expected.output)
            assert not found, found

    def check_killed(self, before: Mapping[str, bytes]) -> None:
        """Each file of the site is complete after a kill: that of before, or the new one."""
        new = self.expected().output
        for path, content in output_of(self.output).items():
            versions = (before.get(path), new.get(path))
            assert content in versions, f"{path} is incomplete after a kill"

    def undo(self) -> None:
        """Takes back all edits since the last build that was not refused."""
        now = self._sources()
        for path in now.keys() - self._last_sources.keys():
            (self.site.root / path).unlink()
        for path, content in self._last_sources.items():
            if now.get(path) != content:
                self.site.write(path, content)
        self.site = copy.deepcopy(self._last_site)

    def _edited_templates(self, sources: Mapping[str, bytes]) -> frozenset[str]:
        """The templates that were edited since the last build, and all that use them."""
        edited, texts = set(), dict[str, str]()
        last = self._last_sources
        for path in sources.keys() | last.keys():
            if path.startswith(("theme/templates/", "overrides/")):
                name = path.rpartition("/")[2]
                versions = (last.get(path, b""), sources.get(path, b""))
                texts[name] = texts.get(name, "") + b"".join(versions).decode()
                if versions[0] != versions[1]:
                    edited.add(name)
        return users_of(edited, texts)

    def _mode(self) -> Mode:
        url = {"GATEPOST_CAPTURE_URL": self.site.capture_url} if self.site.capture_url else {}
        return replace(self.mode, environment={**self.mode.environment, **url})

    def _times(self) -> dict[str, tuple[int, int]]:
        """By path of each file of the output: its time and the number of its inode."""
        paths = [path for path in (self.output / "www").rglob("*") if path.is_file()]
        stats = ((str(path.relative_to(self.output)), path.stat()) for path in paths)
        return {path: (status.st_mtime_ns, status.st_ino) for path, status in stats}

    def _sources(self) -> dict[str, bytes]:
        """Every file that a clean build may read, by path below the project."""
        root = self.site.root
        paths = [path for name in _SOURCES for path in (root / name).rglob("*")]
        paths += root.glob("*.py")
        return {str(path.relative_to(root)): path.read_bytes() for path in paths if path.is_file()}

    def _key(self) -> str:
        """A hash of everything that decides the reference."""
        published = self.output / "published.json"  # the next build compares with it
        facts = [self.site.now, self._mode(), published.exists() and published.read_bytes()]
        digest = hashlib.sha256(repr(facts).encode())
        for path, content in sorted(self._sources().items()):
            digest.update(f"{path}\n{len(content)}\n".encode())
            digest.update(content)
        return digest.hexdigest()


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
