"""After each edit, a check with the facts of the last one finds what a check of all texts finds."""

import shutil
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publish.checks import text_store
from tests.long import rounds
from tests.publish.checks.text_edits import (
    BLOCKS,
    CORRECT,
    FILES,
    FRONT_MATTER,
    NAMES,
    Edit,
    delete,
    do_nothing,
    link,
    rename,
    reset,
    stored,
    wait,
    with_edits,
    write_file,
    write_text,
)
from tests.samples import CAMPAIGN

VALUES = st.sampled_from([(key, value) for key, values in FRONT_MATTER.items() for value in values])
CORRECT_VALUES = st.sampled_from(
    [[], [], [("tags", "alpha")], [("aliases", "old")], [("related", "two")]]
)
CORRECT_BLOCKS = st.lists(st.sampled_from(CORRECT), min_size=2, max_size=5, unique=True)
FIRST_TEXTS = st.tuples(
    *(st.builds(write_text, st.just(name), CORRECT_BLOCKS, CORRECT_VALUES) for name in NAMES)
)
CORRECT_TEXTS = st.builds(write_text, st.sampled_from(NAMES), CORRECT_BLOCKS, CORRECT_VALUES)
TEXTS = CORRECT_TEXTS | st.builds(
    write_text,
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(BLOCKS), max_size=3),
    st.lists(VALUES, max_size=2),
)
EDITS = st.one_of(
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(
        [write_file(path, content) for path, contents in FILES.items() for content in contents]
    ),
    st.builds(delete, st.sampled_from(NAMES)),
    st.builds(rename, st.sampled_from(NAMES), st.sampled_from(("five", "2026-11-01-six"))),
    st.builds(link, st.sampled_from(("one", "linked"))),
    st.builds(wait, st.sampled_from((0, 1, 40))),
)


@pytest.mark.long
@settings(
    max_examples=rounds(20, 1000), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=FIRST_TEXTS,
    edits=st.lists(EDITS, min_size=2, max_size=6),
    are_settled=st.booleans(),
)
def test_after_every_edit_it_finds_what_a_check_of_all_texts_finds(
    linked: Any, texts: tuple[Edit, ...], edits: list[Edit], are_settled: bool
) -> None:
    reset(linked)
    shutil.rmtree(linked.root / "cache", ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        if are_settled:  # as if each file had been written long before it was read
            patch.setattr(text_store, "is_settled", lambda *_: True)
        for text in texts:
            text(linked)
        for edit in (do_nothing, *edits, do_nothing):
            edit(linked)
            assert with_edits(stored(linked)) == with_edits(linked.check()[1])


@pytest.fixture(params=[True, False])
def settled_or_not(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either all files count as written long before they are read, or none."""
    monkeypatch.setattr(text_store, "is_settled", lambda *_: request.param)


TWO: Final = ("## Parts\n\n{% form guide %}", {"tags": "alpha", "aliases": "old"})


def two(body: str = TWO[0], **front_matter: str | None) -> Edit:
    """Writes the post `two` again."""
    return write_text("two", [body], list({**TWO[1], **front_matter}.items()))


@pytest.mark.usefixtures("settled_or_not")
@pytest.mark.parametrize(
    ("body", "front_matter", "edit"),
    [
        ("[x](two.md)", {}, delete("two")),
        ("[x](two.md)", {}, rename("two", "five")),
        ("[x](two.md)", {}, two(status="draft")),
        ("[x](two.md)", {}, two(date="2026-12-24")),
        ("[x]({filename}two.md#parts)", {}, two("## Others")),
        ("[x](two.md#form-guide)", {}, two("## Parts")),
        ("[x](/two/#parts)", {}, two("## Others")),
        ("[x](/two/)", {}, two(slug="other")),
        ("[x](/two)", {}, two(slug="other")),
        ("[x](../two)", {}, write_file("content/two", "A file.")),
        ("[x](/old/)", {}, two(aliases="older")),
        ("[x](/tag/alpha/)", {}, two(tags="beta")),
        ("[x](/tag/alpha/2/)", {}, two(tags="beta")),
        ("[x]({tag}alpha)", {}, two(tags="beta")),
        ("[x](/images/dot.svg)", {}, write_file("content/images/dot.svg", None)),
        ("[x](../images/dot.svg)", {}, write_file("content/images/dot.svg", None)),
        ("[x](/images/dot.svg)", {}, two(url="images/dot.svg")),
        ("![a]({static}/images/dot.svg)", {}, write_file("content/images/dot.svg", None)),
        ("![a](../images/dot.svg)", {}, write_file("content/images/dot.svg", "")),
        (
            "![a](../images/dot.svg)",
            {},
            write_file("content/images/dot.svg", "<svg><script/></svg>"),
        ),
        ("![a](/tag/alpha/x.txt)", {}, write_file("content/images/x.html", "<script></script>")),
        ("Text.", {"related": "two"}, two(status="hidden")),
        ("Text.", {"related": "two"}, two(slug="other")),
        (
            "Text.",
            {"image": "/images/dot.svg", "image_alt": "A"},
            write_file("content/images/dot.svg", None),
        ),
        (
            "{% form other %}",
            {},
            write_file("campaigns/other.toml", f'{CAMPAIGN}\ncloses = "2026-01-01"'),
        ),
        ("{% cta other %}", {}, write_file("campaigns/other.toml", None)),
        ("Text.", {"campaign": "other"}, write_file("campaigns/other.toml", None)),
        ("Text.", {"tags": "alpha"}, two(tags="Alpha")),
        ("Text.", {"tags": "alpha"}, two(tags="alphas")),
        ("Text.", {"category": "misc"}, two(category="Misc")),
        ("Text.", {"author": "Ann"}, two(author="ann")),
        ("Text.", {"title": "On things"}, two(title="A thing")),
        ("Text.", {"slug": "one"}, two(slug="one")),
        ("Text.", {"preview": "1234567890abcdef"}, two(preview="1234567890abcdef")),
        ("Text.", {"aliases": "first"}, two(aliases="first")),
        ("Text.", {"aliases": "first"}, two(slug="first")),
        ("Text.", {}, write_file("content/gone.txt", "No Slug")),
        ("Text.", {"tags": "C++"}, write_file("content/slugs.yaml", "tags:\n  C+: cpp\n")),
        ("Text.", {"date": "2026-11-24"}, wait(2)),
        ("Text.", {"date": "2026-11-02"}, link("linked")),
    ],
)
def test_a_change_elsewhere_is_found_in_a_text_that_did_not_change(
    linked: Any, body: str, front_matter: dict[str, str], edit: Edit
) -> None:
    linked.write("campaigns/other.toml", CAMPAIGN)
    two()(linked)
    linked.post(body, name="one", **front_matter)
    linked.post("[x](one.md)", name="three")
    before = stored(linked)
    edit(linked)
    after = stored(linked)
    assert with_edits(after) == with_edits(linked.check()[1])
    assert after != before
    reset(linked)
    two()(linked)
    linked.write("campaigns/other.toml", CAMPAIGN)
    linked.post(body, name="one", **front_matter)
    linked.post("[x](one.md)", name="three")
    assert with_edits(stored(linked)) == with_edits(before)
