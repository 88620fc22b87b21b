"""A project records its findings once; afterwards only new ones are shown."""

from pathlib import Path
from typing import Any

import pytest

from capture.errors import Unavailable
from publish.checks.known_findings import FILE, read_known_findings, write_known_findings

SUMMARY = "Too short."


def record(desk: Any) -> Path:
    return write_known_findings(desk.root / "content", desk.check()[1].recordable)


def test_recorded_findings_are_neither_errors_nor_warnings(desk: Any) -> None:
    desk.post("# One\n\n# One", summary=SUMMARY)
    assert (len(desk.findings()), len(desk.check()[1].known)) == (3, 0)
    record(desk)
    assert desk.findings() == []
    assert len(desk.check()[1].known) == 3


def test_a_known_finding_may_move_to_another_line(desk: Any) -> None:
    desk.post("# One")
    record(desk)
    desk.post("New.\n\nNew.\n\n# One")
    assert desk.findings() == []


def test_a_new_finding_is_shown(desk: Any) -> None:
    desk.post("# One")
    record(desk)
    desk.post("# One\n\n# Two")
    (message,) = desk.messages()
    assert message.startswith("8: `# Two`: ")


def test_the_same_finding_once_more_is_new(desk: Any) -> None:
    desk.post("# One")
    record(desk)
    desk.post("# One\n\n# One")
    assert len(desk.findings()) == 1


def test_the_same_finding_in_another_file_is_new(desk: Any) -> None:
    desk.post("# One")
    record(desk)
    desk.post("# One", name="other")
    assert [line[:22] for line in desk.findings()] == ["content/posts/other.md"]


@pytest.mark.parametrize(
    "body", ["[x]({filename}none.md)", "<script>x</script>", "a\x07b", "{% form none %}"]
)
def test_what_breaks_or_endangers_the_site_is_never_known(desk: Any, body: str) -> None:
    desk.post(body)
    record(desk)
    assert len(desk.errors()) == 1


def test_a_broken_gated_file_is_never_known(desk: Any) -> None:
    desk.post()
    desk.write("content/gated/guide.pdf", "no PDF")
    record(desk)
    assert len(desk.errors()) == 1


def test_a_fixed_finding_leaves_the_record_when_it_is_made_again(desk: Any) -> None:
    desk.post("# One", summary=SUMMARY)
    file = record(desk)
    desk.post("# One")
    before = file.read_text().splitlines()
    record(desk)
    after = file.read_text().splitlines()
    (fixed,) = set(before) - set(after)
    assert fixed.endswith(" tell the reader what to expect [summary]")
    assert [line for line in before if line != fixed] == after


def test_a_finding_stays_known_if_a_line_that_it_names_moves(desk: Any) -> None:
    desk.post("[a]\n\n## One {#x}\n\n<b id='x'>y</b>")
    found = desk.findings()
    assert any(" line " in message for message in found)
    record(desk)
    desk.post("[a]\n\nNew.\n\n## One {#x}\n\n<b id='x'>y</b>")
    assert desk.findings() == []


def test_the_record_has_a_sorted_line_for_each_finding(desk: Any) -> None:
    desk.post("# Eins und «zwei»\n\n# A\n\n# A", summary=SUMMARY)
    first = record(desk).read_bytes()
    assert record(desk).read_bytes() == first
    comment, *lines = first.decode().splitlines()
    assert comment.startswith("# Written by `gatepost check --baseline`")
    assert lines == sorted(lines)
    assert [line.partition(": ")[2][:25] for line in lines] == [
        "`# A`: the title is the o",
        "`# A`: the title is the o",
        "`# Eins und «zwei»`: the ",
        "`summary` has 10 characte",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [("{}", 1), ("# Comment\n<<<<<<< ours\na.md: x [alt]", 2), ("a.md: x [alt]\na.md: y", 2)],
)
def test_a_damaged_record_is_named(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / FILE).write_text(text)
    message = (
        rf"known-findings\.txt:{line}: is no finding: put the file back, or delete it and run "
    )
    with pytest.raises(Unavailable, match=message):
        read_known_findings(tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff")
    with pytest.raises(Unavailable, match=r"known-findings\.txt: cannot be read as text: put"):
        read_known_findings(tmp_path)


def test_lines_of_both_sides_of_a_merge_are_a_correct_record(desk: Any) -> None:
    desk.post("# One")
    ours = record(desk).read_text()
    desk.post("# Two", name="other")
    file = record(desk)
    file.write_text(ours + file.read_text())
    assert desk.findings() == []
