"""A project records its findings once; afterwards only new ones are shown."""

import json
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
    record(desk)
    assert list(json.loads(file.read_text())["content/posts/post.md"]) == ["headings"]


def test_the_record_is_the_same_for_the_same_findings(desk: Any) -> None:
    desk.post("# Eins und «zwei»", summary=SUMMARY)
    first = record(desk).read_bytes()
    assert record(desk).read_bytes() == first
    assert "«zwei»".encode() in first


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"b": 1}}', "{"])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(Unavailable, match=r"known-findings\.json: is damaged: put it back"):
        read_known_findings(tmp_path)
