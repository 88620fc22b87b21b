"""A plain copy of another site: `check` prints lines that a person can read, `fix` fixes them."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from publish.check_cli import check as check_command
from publish.checks.edit import BREAK
from publish.checks.front_matter import read_front_matter
from publish.fix_cli import fix as fix_command
from tests.publish.conftest import TinySite
from tests.publish.markdown_structure import site_markdown, structure
from tests.publish.plain_copy import write_plain_copy

_FINDING = r"^(?:warning: )?(content/.+?\.md):(?:\d+: )?.+ \[([a-z-]+)\]$"


@dataclass(frozen=True)
class Copy:
    """What the commands printed, and the files before and after `fix`."""

    first: str
    complete: str
    fixed: str
    again: str
    complete_after: str
    before: dict[Path, bytes]
    after: dict[Path, bytes]
    modes: tuple[list[int], list[int]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    folder = tmp_path_factory.mktemp("copy")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        site = TinySite(folder)
        site.set("WRITING_RULES = {}; CACHE_PATH = 'cache'")
        files = write_plain_copy(folder / "content")
        before = {path: path.read_bytes() for path in files}
        modes = [path.stat().st_mode for path in files]
        first, complete, fixed = check(), check("--all"), fix()
        complete_after, again = check("--all"), fix()
        after = {path: path.read_bytes() for path in files}
        modes_after = [path.stat().st_mode for path in files]
        assert not [name for _, _, names in os.walk("content") for name in names if "new" in name]
        yield Copy(
            first, complete, fixed, again, complete_after, before, after, (modes, modes_after)
        )


def check(*options: str) -> str:
    return CliRunner().invoke(check_command, options).stderr


def fix(*options: str) -> str:
    return CliRunner().invoke(fix_command, options).stdout


def test_hundreds_of_warnings_are_a_few_lines(copy: Copy) -> None:
    assert len(copy.before) > 300
    warnings = [line for line in copy.first.splitlines() if line.startswith("warning: ")]
    assert copy.complete.count("\nwarning: ") > 900
    assert len(warnings) < 40
    hidden = map(int, re.findall(r"^warning: … and (\d+) more of the rule", copy.first, re.M))
    assert sum(hidden) + len(warnings) - copy.first.count("warning: … and ") == copy.complete.count(
        "warning: "
    )


def test_a_rule_with_many_errors_is_shortened_and_the_last_lines_count_all(copy: Copy) -> None:
    listed, errors = (
        [line for line in text.splitlines() if re.match(_FINDING, line) and line[0] == "c"]
        for text in (copy.first, copy.complete)
    )
    assert set(listed) <= set(errors)
    rests = re.findall(r"^… and (\d+) more of the rule", copy.first, re.M)
    assert sum(map(int, rests)) + len(listed) == len(errors)
    by_rule = Counter(line.rpartition("[")[2] for line in listed)
    assert max(by_rule.values()) <= 20
    assert len(listed) < 150
    counts = re.search(r"^(\d+) errors: (.+)$", copy.first, re.M)
    assert counts is not None
    numbers = re.findall(r"(\d+) ([a-z-]+)", counts[2])
    assert int(counts[1]) == sum(int(number) for number, _ in numbers) == len(errors)
    found = Counter(line.rpartition("[")[2].rstrip("]") for line in errors)
    assert found == {rule: int(number) for number, rule in numbers}


def test_check_and_fix_agree_on_the_number_of_fixes(copy: Copy) -> None:
    promised = re.search(r"^([\d,]+) findings can be fixed by `gatepost fix`$", copy.first, re.M)
    assert promised is not None
    assert copy.fixed.splitlines()[-1].startswith(f"Fixed {promised[1]} findings in ")
    assert "can be fixed by" not in copy.complete_after
    assert copy.again.startswith("Nothing to fix; ")
    assert int(promised[1]) > 300


def test_a_fix_makes_no_new_finding(copy: Copy) -> None:
    unreadable = {  # nothing else was found in them before
        path.name
        for path, raw in copy.before.items()
        if read_front_matter(raw.decode("utf-8-sig")).is_unreadable
    }
    before, after = (
        Counter(
            (found[1], found[2])
            for found in re.finditer(_FINDING, text, re.M)
            if Path(found[1]).name not in unreadable
            and found[2] != "preview"  # `draft: true` becomes a draft, which has none yet
        )
        for text in (copy.complete, copy.complete_after)
    )
    assert after <= before
    assert sum(after.values()) < sum(before.values())


def test_line_breaks_byte_order_marks_and_permissions_stay(copy: Copy) -> None:
    assert copy.modes[0] == copy.modes[1]
    changed = [path for path in copy.before if copy.before[path] != copy.after[path]]
    assert len(changed) > 100
    for path in changed:
        before, after = copy.before[path], copy.after[path]
        assert before.startswith(b"\xef\xbb\xbf") is after.startswith(b"\xef\xbb\xbf")
        assert set(BREAK.findall(after.decode())) <= set(BREAK.findall(before.decode()))


def test_the_pages_differ_only_in_what_was_fixed(copy: Copy) -> None:
    markdown = site_markdown()
    for path, before in copy.before.items():
        if before != copy.after[path]:
            first, last = (
                rendered(markdown.reset().convert(body(raw))) for raw in (before, copy.after[path])
            )
            assert first == last, path


def body(raw: bytes) -> str:
    """The text without what is wrong before and right afterwards: tags of forms, and `&#0;`."""
    front_matter = read_front_matter(raw.decode("utf-8-sig"))
    text = front_matter.body
    if front_matter.is_unreadable:
        text = re.split(r"^(?:---|\+\+\+)\r?$", raw.decode("utf-8-sig"), maxsplit=2, flags=re.M)[2]
    text = text.replace("&#0;", "")  # a control character, which is deleted
    return re.sub(r"^\{[{%].*[%}]\}$", "", f"\n{text}", flags=re.M)


def rendered(html: str) -> list[object]:
    """The structure without levels of headings and addresses."""
    return [
        re.sub(r"\bh[1-6]\b|'(?:href|src)', '[^']*'", "", repr(token)) for token in structure(html)
    ]
