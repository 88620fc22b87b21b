"""After any edits, a build that knows earlier ones writes what a clean build would write.

The clean build is made by the wheel's own `pelican.Pelican`, in a process of its own, with an empty
cache. Every byte of the output and the list of files are compared. `make test-rebuilding` makes
tens of thousands of edits.
"""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Final, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.publish.rebuilding.bounds import Step, too_many
from tests.publish.rebuilding.build_server import Interruption
from tests.publish.rebuilding.comparison import (
    LOCAL,
    PREVIEW,
    PRODUCTION,
    RELEASE,
    Mode,
    output_of,
)
from tests.publish.rebuilding.edits import TEXT_EDITS, Chance
from tests.publish.rebuilding.project_edits import PROJECT_EDITS
from tests.publish.rebuilding.rebuilds import RebuiltSite, Servers
from tests.publish.rebuilding.sample_site import DRAWING

pytestmark = pytest.mark.slow
MANY_STEPS: Final = int(os.environ.get("GATEPOST_REBUILDS", "0"))
"""Set by `make test-rebuilding`: about so many steps, others each time."""
EDITS: Final = TEXT_EDITS | PROJECT_EDITS
MODES: Final[Mapping[str, Mode]] = {
    "local": LOCAL,
    "production": PRODUCTION,
    "preview": PREVIEW,
}
BODIES: Final = (
    "\nText {number}.\n",
    "\n## Heading {number}\n\nText, see [another]({{filename}}/{other}).\n",
    "\n> [!NOTE]\n> Text {number}, see [alpha]({{filename}}/posts/alpha.md).\n",
    "\nText with `{{code}}` and a note.[^{number}]\n\n[^{number}]: A note.\n",
)
"""What an edit adds to a body. Links to other files would change what builds publish."""
AnEdit: TypeAlias = tuple[str, Sequence[int]]
_numbers = st.lists(st.integers(0, 999), min_size=8, max_size=8)
_text_edits = st.tuples(st.sampled_from(sorted(TEXT_EDITS)), _numbers)
_body_edits = st.tuples(
    st.sampled_from(["body", "body", "same_size_and_time", "part", "replaced_by_same_bytes"]),
    _numbers,
)
"""Lists do not show most of them."""
_project_edits = st.tuples(st.sampled_from(sorted(PROJECT_EDITS)), _numbers)
_edits = _text_edits | _project_edits
_seldom = st.sampled_from([False, False, True])


class Rebuilding(RuleBasedStateMachine):
    """Edits of one site, each followed by a build and a comparison."""

    builds: ClassVar[Servers]
    counts: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="rebuilding-"))
        self.rebuilt = RebuiltSite(self.builds, self.folder)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)
        steps, before = self.counts["steps"], self.counts["reported"]
        if MANY_STEPS and steps >= before + 1000:
            print(dict(self.counts), file=sys.__stderr__, flush=True)
            self.counts["reported"] = steps

    def _edit(self, *edits: AnEdit) -> None:
        for name, numbers in edits:
            EDITS[name](self.rebuilt.site, Chance(numbers))

    def _build(self, kind: str = "", **options: bool) -> None:
        """Builds and compares. After one edit of this kind, not too much may be rendered."""
        step = self.rebuilt.check(kind, **options)
        self.counts["steps"] += 1
        self.counts["accepted" if step.is_accepted else "refused"] += 1
        self.counts["without lists"] += not step.made_lists
        self.counts["bounded"] += bool(kind) and check_bound(kind, step)

    @initialize(plain=st.booleans(), attaches=_seldom, has_summaries=st.booleans())
    def first_build(self, plain: bool, attaches: bool, has_summaries: bool) -> None:
        if not attaches:
            self.rebuilt.detach(has_summaries=has_summaries)
        self._build(plain=plain)

    @rule(edit=_body_edits, plain=_seldom, is_compared=_seldom)
    def edited_body(self, edit: AnEdit, plain: bool, is_compared: bool) -> None:
        self._edit(edit)
        self._build(edit[0], plain=plain, is_compared=is_compared)

    @rule(edit=_text_edits, plain=_seldom, is_compared=_seldom)
    def edited_text(self, edit: AnEdit, plain: bool, is_compared: bool) -> None:
        self._edit(edit)
        self._build(edit[0], plain=plain, is_compared=is_compared)

    @rule(edit=_project_edits, plain=_seldom, is_compared=_seldom)
    def edited_project(self, edit: AnEdit, plain: bool, is_compared: bool) -> None:
        self._edit(edit)
        self._build(edit[0], plain=plain, is_compared=is_compared)

    @rule(edits=st.lists(_edits, min_size=2, max_size=3), is_compared=_seldom)
    def several_edits(self, edits: list[AnEdit], is_compared: bool) -> None:
        self._edit(*edits)
        self._build(is_compared=is_compared)

    @rule(edit=_body_edits)
    def edited_body_again(self, edit: AnEdit) -> None:
        """Without a comparison: the next one finds what is wrong."""
        self._edit(edit)
        self._build(edit[0], is_compared=False)

    @rule(plain=_seldom)
    def undone_edit(self, plain: bool) -> None:
        self._build(self.rebuilt.go_back(0), plain=plain)

    @rule(number=st.integers(0, 6), plain=_seldom)
    def earlier_sources(self, number: int, plain: bool) -> None:
        """All files are as they were some builds ago, as after `git checkout`."""
        self._build(self.rebuilt.go_back(number), plain=plain)

    @rule(first=_edits, second=_edits, changes=st.integers(1, 60), is_compared=_seldom)
    def edited_during_a_build(
        self, first: AnEdit, second: AnEdit, changes: int, is_compared: bool
    ) -> None:
        self._edit(first)
        self.rebuilt.build_during(lambda: self._edit(second), changes)
        self.counts["edited during a build"] += 1
        self._build(is_compared=is_compared)

    @rule(edit=_edits, changes=st.integers(1, 120), plain=_seldom, is_compared=_seldom)
    def killed_build(self, edit: AnEdit, changes: int, plain: bool, is_compared: bool) -> None:
        """A build that is killed before it changes a file; another edit may follow."""
        self._edit(edit)
        self.rebuilt.known_by = ""
        before = output_of(self.rebuilt.output)
        built = self.rebuilt.build(plain=plain, interruption=Interruption(changes))
        self.counts["steps"] += 1
        self.counts["killed"] += built.is_killed
        if is_compared and not plain:
            self.rebuilt.check_killed(before)

    @rule(
        what=st.sampled_from(["nothing", *MODES, "clean", "output", "cache"]),
        number=st.integers(0, 999),
        kind=st.sampled_from(["delete", "cut", "change", "folder"]),
        plain=_seldom,
    )
    def no_edit(self, what: str, number: int, kind: str, plain: bool) -> None:
        """Another mode, a clean build, or a damaged file of the output or of the cache."""
        if what in MODES:
            self.rebuilt.mode = MODES[what]
        elif what in {"output", "cache"}:
            damage(self.rebuilt.files_of(what), number, kind)
            self.rebuilt.known_by = ""
        is_clean = what == "clean"
        self._build("nothing" if what == "nothing" else "", plain=plain, clean=is_clean)


def check_bound(kind: str, step: Step) -> bool:
    """Asserts that a build has rendered only what an edit of this kind may change.

    False if it may render everything: it knew nothing, or was refused.
    """
    if step.rendered is None:
        return False
    unneeded = too_many(kind, step)
    assert not unneeded, f"{kind}: rendered without need: {unneeded}; {dict(step.rendered)}"
    return True


def damage(paths: Sequence[Path], number: int, kind: str) -> None:
    """Deletes one of the files, or its folder, or changes its content."""
    if not paths:
        return
    path = paths[number % len(paths)]
    content = path.read_bytes()
    if kind == "delete":
        path.unlink()
    elif kind == "folder":
        shutil.rmtree(path.parent)
    elif kind == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif content:  # as long as before
        place = number % len(content)
        path.write_bytes(content[:place] + b"\x93" * 40 + content[place + 40 :])


@pytest.mark.parametrize("process", range(2) if MANY_STEPS else [0])
def test_after_any_edits_a_build_writes_what_a_clean_build_would_write(
    builds: Servers, process: int
) -> None:
    del process  # two run side by side
    counts: Counter[str] = Counter()
    machine = type("Rebuilding", (Rebuilding,), {"builds": builds, "counts": counts})
    options: dict[str, Any] = {"max_examples": 4, "stateful_step_count": 40, "derandomize": True}
    if MANY_STEPS:
        options = {"max_examples": MANY_STEPS // 100, "stateful_step_count": 50}
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                deadline=None,
                database=None,
                phases=[Phase.generate, *([Phase.shrink] if MANY_STEPS else [])],
                suppress_health_check=list(HealthCheck),
                **options,
            ),
        )
    finally:
        print(dict(counts))  # noqa: T201 - pytest shows it with -s
    assert counts["accepted"] > 2 * counts["refused"]


def test_after_an_edit_of_each_kind_a_build_writes_what_a_clean_build_would_write(
    builds: Servers, tmp_path: Path
) -> None:
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.check()
    chance = Random(15)
    names = chance.sample(sorted(EDITS), len(EDITS))
    names.sort(key=lambda name: name == "template_use")  # last: then any page may use lists
    refused, bounded = [], 0
    for name in names:
        EDITS[name](rebuilt.site, Chance(chance.choices(range(1000), k=8)))
        step = rebuilt.check()
        bounded += check_bound(name, step)
        if not step.is_accepted:
            refused.append(name)
    print(len(names), "edits,", len(refused), "refused,", bounded, "bounded")  # noqa: T201
    assert len(refused) < len(names) / 5, refused


def test_releases_previews_and_local_builds_follow_each_other(
    builds: Servers, tmp_path: Path
) -> None:
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.detach()  # else each build reads a text again and makes lists
    for mode, name in (
        (RELEASE, "touch"),
        (RELEASE, "body"),
        (RELEASE, "title"),
        (RELEASE, "addition"),
        (RELEASE, "deletion"),
        (RELEASE, "tags"),
        (LOCAL, "title"),
        (RELEASE, "photo"),
        (PREVIEW, "deletion"),
        (LOCAL, "category"),
        (PREVIEW, "body"),
        (RELEASE, "campaign_file"),
        (RELEASE, "template_text"),
    ):
        rebuilt.mode = mode
        EDITS[name](rebuilt.site, Chance([5, 1, 2, 1]))
        assert rebuilt.check().is_accepted, name


def test_a_preview_leaves_what_builds_know_of_their_site(builds: Servers, tmp_path: Path) -> None:
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.detach()
    for mode in (LOCAL, PREVIEW):
        rebuilt.mode = mode
        assert rebuilt.check().is_accepted
    shutil.rmtree(rebuilt.output)  # as the preview does at its end
    rebuilt.mode = LOCAL
    rebuilt.site.texts["pages/about.md"].body += "\nSeen.\n"
    rebuilt.site.save("pages/about.md")
    assert set(rebuilt.check().rendered or ()) == {"about/index.html"}


def test_after_a_killed_release_a_release_writes_what_a_clean_one_would_write(
    builds: Servers, tmp_path: Path
) -> None:
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.detach()
    rebuilt.mode = RELEASE
    rebuilt.check()
    killed = 0
    for changes in (12, 30, 60):  # before the index, while files are replaced, or at the end
        EDITS["body"](rebuilt.site, Chance([5, 1, changes]))
        before = output_of(rebuilt.output)
        killed += rebuilt.build(interruption=Interruption(changes)).is_killed
        rebuilt.check_killed(before)
        rebuilt.check()
    assert killed >= 2


def test_after_edits_of_bodies_a_build_makes_no_list_and_writes_what_a_clean_build_would_write(
    builds: Servers, tmp_path: Path
) -> None:
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.detach(has_summaries=True)  # else the first paragraphs are the summary
    paths = sorted(rebuilt.site.texts)
    rebuilt.check()
    made_lists = []
    for number, path in enumerate(paths):
        text, other = rebuilt.site.texts[path], paths[number - 1]
        text.body += BODIES[number % len(BODIES)].format(number=number, other=other)
        rebuilt.site.save(path)
        if rebuilt.check().made_lists:
            made_lists.append(path)
    slugs = Counter(text.keys["slug"] for text in rebuilt.site.texts.values())
    expected = [
        path
        for path in paths
        # Lists find translations; the start page shows a list, and the essay counts all articles.
        if slugs[rebuilt.site.texts[path].keys["slug"]] > 1
        or path == "pages/home.md"
        or "template" in rebuilt.site.texts[path].keys
    ]
    assert made_lists == expected
    rebuilt.site.save(paths[0])  # its time alone is another
    assert not rebuilt.check().made_lists


def test_an_edit_that_changes_a_summary_renders_translations_and_lists(
    builds: Servers, tmp_path: Path
) -> None:
    """Found by random edits: a summary shows the picture, or is the edited first paragraph."""
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.check()
    rebuilt.site.write("content/images/line.svg", DRAWING.format(470))
    step = rebuilt.check()
    assert check_bound("drawing", step)
    assert {"about/index.html", "de/about/index.html"} <= set(step.rendered or ())
    post = rebuilt.site.texts["posts/results/omicron.md"]
    post.body = post.body.replace("Its", "Ita")
    rebuilt.site.save("posts/results/omicron.md")
    step = rebuilt.check()
    assert check_bound("same_size_and_time", step)
    assert {"omicron/index.html", "articles/index.html"} <= set(step.rendered or ())


def test_after_killed_builds_a_build_writes_what_a_clean_build_would_write(
    builds: Servers, tmp_path: Path
) -> None:
    rebuilt = RebuiltSite(builds, tmp_path)
    rebuilt.check()
    killed = 0
    for number, name in enumerate(("title", "addition", "template_text", "tags", "photo")):
        EDITS[name](rebuilt.site, Chance([number + 2, 1, 3]))
        assert not rebuilt.expected().is_refused
        before = output_of(rebuilt.output)
        built = rebuilt.build(interruption=Interruption(5 + 8 * number))
        killed += built.is_killed
        rebuilt.check_killed(before)
        rebuilt.check(plain=number == 3)
    assert killed >= 3
