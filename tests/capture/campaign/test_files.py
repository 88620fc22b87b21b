"""Files that are not campaigns: one clear message each, never a traceback."""

import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.campaign.files import parse_campaign, read_campaign
from capture.errors import FileErrors

G = "campaigns/guide.toml"
SHIPPED = (Path(__file__).parents[3] / "campaigns" / "acme-cloud-guide.toml").read_text()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is empty; copy one of the other files and change it"),
        (b" \r\n\t\n", "is empty; copy one of the other files and change it"),
        (b"\xef\xbb\xbftitle = 1", "begins with a byte-order mark; save it as UTF-8 without one"),
        (b"# " + b"x" * 256 * 1024, "is larger than 256 KiB; is it the right file?"),
        (b"x = " + b"[" * 5000, "has too many nested levels to be read"),
    ],
)
def test_a_file_that_is_not_a_campaign_is_reported_in_one_line(
    project, problems, raw, message
) -> None:
    (project / G).write_bytes(raw)
    assert problems() == [f"{G}: {message}"]


def test_invalid_utf_8_is_reported_with_its_line(project, problems) -> None:
    (project / G).write_bytes(b'title = "a"\nclient = "M\xfcller"\n')
    assert problems() == [f"{G}:2: is not UTF-8; save it in that encoding"]


@pytest.mark.parametrize("number", ["1" * 5000, "1e99999999999999999999"])
def test_a_huge_number_is_reported_in_one_line(problems_after_change, number) -> None:
    [problem] = problems_after_change(("rate = 50.00", f"rate = {number}"))
    assert problem.startswith(G)
    assert "\n" not in problem


@pytest.mark.parametrize("depth", [2, 100, 200, 300, 400, 450, 480, 500])
def test_deep_nesting_is_reported_in_one_line(problems_after_change, depth) -> None:
    [problem] = problems_after_change(("hours = 48", f"hours = {'[' * depth}{']' * depth}"))
    assert problem in (
        f"{G}:46: review.hours = [[...]]: must be a whole number without quotes",
        f"{G}: has too many nested levels to be read",
    )


def test_an_unclosed_text_is_reported_after_few_tries(
    project, problems, campaign_text, monkeypatch
) -> None:
    """Without the limit each of the 8,000 tables is one more try with a longer text."""
    tries: list[int] = []

    def loads(text: str, **options: Any) -> dict[str, Any]:
        tries.append(len(text))
        return tomllib.loads(text, **options)

    monkeypatch.setattr(
        "capture.campaign.problems.tomllib",
        SimpleNamespace(loads=loads),
    )
    many = "".join(f"[fields.f{number}]\nlabel = 'x'\n" for number in range(8000))
    (project / G).write_text(campaign_text.replace('"The guide"', '"""The guide') + many)
    assert problems() == [f"{G}:1: not TOML: a text is not closed; end it with a quote"]
    assert 0 < len(tries) < 500


def test_windows_line_ends_are_accepted_and_kept(project, problems, campaign_text) -> None:
    raw = campaign_text.replace("\n", "\r\n").encode()
    (project / G).write_bytes(raw)
    assert problems() == []
    campaign = read_campaign(project / G)
    assert campaign.text.encode() == raw
    assert campaign.version == sha256(raw).hexdigest()


def test_windows_line_ends_do_not_shift_the_line_of_a_mistake(project, problems, campaign_text):
    text = campaign_text.replace("rate = 50.00", "rate = 0").replace("\n", "\r\n")
    (project / G).write_bytes(text.encode())
    assert problems() == [f"{G}:43: price.rate = 0: must be more than 0"]


@pytest.mark.parametrize("name", ["Guide", "my_guide", "my guide", "guide-", "a--b", "ä", "a.b"])
def test_a_file_name_that_is_not_a_slug_is_refused_with_an_example(project, problems, name) -> None:
    (project / G).rename(project / "campaigns" / f"{name}.toml")
    assert problems() == [
        f"campaigns/{name}.toml: name it in small letters, digits and single hyphens, "
        "such as acme-demo.toml"
    ]


def test_a_folder_with_the_name_of_a_file_is_reported(project, problems) -> None:
    (project / "campaigns" / "other.toml").mkdir()
    assert problems() == ["campaigns/other.toml: is a folder; replace it with a file"]


def test_a_file_that_cannot_be_opened_is_reported_with_the_reason(project, problems) -> None:
    (project / "campaigns" / "other.toml").symlink_to("nowhere.toml")
    assert problems() == ["campaigns/other.toml: cannot be read: No such file or directory"]


def test_temporary_files_of_editors_are_ignored(project, problems) -> None:
    (project / "campaigns" / ".#guide.toml").symlink_to("someone@host:1")
    (project / "campaigns" / "guide.toml~").write_text("draft")
    assert problems() == []


def test_a_stored_text_gives_the_same_campaign(project) -> None:
    read = read_campaign(project / G)
    parsed = parse_campaign("guide", read.text, "version 1 of guide")
    assert (parsed, parsed.version) == (read, read.version)


def test_a_stored_text_is_read_without_checking_rules_and_references(campaign_text) -> None:
    text = campaign_text.replace('"acme"', '"gone"').replace("America/New_York", "Mars/Crater")
    text = text.replace("at_least = 51", "at_least = 101")
    assert parse_campaign("guide", text, "a lead's version").client == "gone"


def test_an_invalid_stored_text_is_reported_with_its_place() -> None:
    with pytest.raises(FileErrors, match=r"^version 1 of guide: title: is missing; add it above"):
        parse_campaign("guide", "summary = ''", "version 1 of guide")


def test_money_is_never_converted_to_a_float(project, problems_after_change) -> None:
    assert problems_after_change(("rate = 50.00", "rate = 0.10")) == []
    assert str(read_campaign(project / G).price.rate) == "0.10"


lines = st.sampled_from(
    [
        *("rate = 1e5", "[price]", "[[price]]", "price = 1", "fields = []", "[fields]", "]"),
        *("[fields.email]", 'x = """', "[criteria.x]", "equal = 1", "between = [1, 2]"),
        *("[review.reasons]", "a.b.c = 1", "reasons = { a = 1 }", "assets = [[]]", "opens = 1"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The shipped guide with lines added and removed at random."""
    text = SHIPPED.split("\n")
    for number, line in draw(st.lists(st.tuples(st.integers(0, 110), lines), max_size=4)):
        text.insert(number, line)
    start = draw(st.integers(0, 110))
    del text[start : start + draw(st.integers(0, 6))]
    return "\n".join(text)


@given(st.one_of(damaged(), st.text()))
def test_a_damaged_file_gives_messages_and_no_traceback(text) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "guide.toml"
        path.write_bytes(text.encode())
        try:
            read_campaign(path)
        except FileErrors as errors:
            messages = [str(problem) for problem in errors.problems]
        else:
            messages = ["sound"]
    assert messages
    assert not any("\n" in line for line in messages)
