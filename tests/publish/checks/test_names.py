"""Categories, tags and authors: each name has its own address, with a slug of its own if needed."""

import re
from typing import Any

import pytest

from publish.checks.name_slugs import spelling_key
from tests.publish.checks.conftest import LISTS, Desk

KEYS = [
    ("category", "category", "categories"),
    ("tags", "tag", "tags"),
    ("author", "author", "authors"),
]


@pytest.fixture
def names(desk: Desk) -> Desk:
    """A project whose names get the slugs that Pelican makes."""
    desk.settings |= LISTS
    return desk


def test_two_names_with_one_address_are_an_error_that_says_how_to_tell_them_apart(
    names: Desk,
) -> None:
    names.post(name="a", tags="C++, Café")
    names.post(name="b", tags="C, Cafe")
    names.post(name="k", tags="C++")
    assert names.errors() == [
        "content/posts/a.md:5: `tags`: `C++`, as in 1 more post, has the same address as `C` of "
        "content/posts/b.md, /tag/c/: use one name, or give it a slug: `C++: ...` below `tags:` "
        "in content/slugs.yaml",
        "content/posts/a.md:5: `tags`: `Café` has the same address as `Cafe` of "
        "content/posts/b.md, /tag/cafe/: use one name, or give it a slug: `Café: ...` below "
        "`tags:` in content/slugs.yaml",
    ]


@pytest.mark.parametrize("name", ["Q: A", "'s", "@home"])
def test_the_line_for_slugs_yaml_can_be_copied_as_it_is(names: Desk, name: str) -> None:
    names.post(name="a", category=re.sub(r"[^\w ]", "", name).strip())
    names.post(name="b", category=name)
    (line,) = names.errors()
    entry = re.search(r"give it a slug: `(.*): \.\.\.`", line)
    assert entry
    names.write("content/slugs.yaml", f"categories:\n  {entry[1]}: own\n")
    assert names.errors() == []


@pytest.mark.parametrize(("key", "kind", "section"), KEYS)
def test_a_slug_in_slugs_yaml_tells_two_names_apart(
    names: Desk, key: str, kind: str, section: str
) -> None:
    for name, value in (("a", "事实"), ("b", "实事")):
        names.post(name=name, **{key: value})
    (line,) = names.errors()
    assert line.startswith(
        f"content/posts/b.md:5: `{key}`: `实事` has the same address as `事实` of "
        f"content/posts/a.md, /{kind}/shi-shi/: use one name, or give it a slug: `实事: ...` "
        f"below `{section}:`"
    )
    names.write("content/slugs.yaml", f"{section}:\n  实事: 实事\n")
    assert names.errors() == []
    files = names.check()[0].site_files.named
    assert {f"{kind}/shi-shi/index.html", f"{kind}/实事/index.html"} <= files.keys()


def test_a_category_that_a_folder_names_counts_too(names: Desk) -> None:
    names.category = "C"
    names.post(name="a")
    names.post(name="b", category="C#")
    (line,) = names.errors()
    assert line.startswith("content/posts/b.md:5: `category`: `C#` has the same address as `C` of")


def test_a_post_may_have_no_category(names: Desk) -> None:
    names.category = ""
    names.post()
    assert names.errors() == []


def test_names_that_have_no_list_may_share_a_slug(desk: Desk) -> None:
    desk.post(tags="C, C#")
    assert desk.errors() == []


def test_one_name_in_two_spellings_is_a_warning(names: Desk) -> None:
    links = "[a]({filename}a.md) [b]({filename}b.md) [k]({filename}k.md)"
    names.post(links, name="a", category="Lead Costs", author="Ann")
    names.post(links, name="b", category="lead-costs", author="ANN")
    names.post(links, name="k", category="Lead Costs", author="Ann")
    assert names.errors() == []
    assert names.warnings() == [
        "content/posts/b.md:5: the category `lead-costs` is spelt `Lead Costs` elsewhere: "
        "keep one spelling",
        "content/posts/b.md:6: the author `ANN` is spelt `Ann` elsewhere: keep one spelling",
    ]


def test_tags_with_slugs_of_their_own_are_not_spellings_of_another(names: Desk) -> None:
    links = "[a]({filename}a.md) [b]({filename}b.md)"
    names.post(links, name="a", tags="C, C++")
    names.post(links, name="b", tags="C#")
    names.write("content/slugs.yaml", "tags:\n  C++: cpp\n  c#: c-sharp\n")
    assert names.is_clean()


def test_a_name_without_letters_needs_a_slug(names: Desk) -> None:
    names.post(tags="+++")
    assert names.messages() == [
        "5: `tags`: `+++` gives no address: use letters or digits, or give it a slug: "
        "`+++: ...` below `tags:` in content/slugs.yaml"
    ]
    names.write("content/slugs.yaml", 'tags: {"+++": plus}')
    assert names.errors() == []


def test_a_name_that_is_too_long_for_a_file_needs_a_slug(names: Desk) -> None:
    name = "a" * 256
    names.post(tags=name)
    assert names.messages() == [
        f"5: `tags`: `{name}` gives an address that is too long for a file: shorten it, or give "
        f"it a slug: `{name}: ...` below `tags:` in content/slugs.yaml"
    ]
    names.write("content/slugs.yaml", f"tags: {{{name}: long}}")
    assert names.errors() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tag:\n  a: b\n", "1: `tag` is not a known key; did you mean `tags`?"),
        ("tags: c\n", "1: `tags` must hold lines such as `C++: cpp`"),
        ("tags:\n  C#: C Sharp\n", "2: `C#` has no slug: write one of small letters, digits and"),
        ("tags:\n  a: b\n  a: d\n", "3: `a` is already on line 2: keep one of them"),
        ("- a\n", "1: must be lines such as `key: value`"),
    ],
)
def test_a_mistake_in_slugs_yaml_is_reported_with_its_line(
    names: Desk, text: str, expected: str
) -> None:
    names.write("content/slugs.yaml", text)
    (line,) = names.errors()
    assert line.startswith(f"content/slugs.yaml:{expected}")


def test_a_misspelt_name_in_slugs_yaml_is_a_warning(names: Desk) -> None:
    names.post(tags="Pricing")
    names.write("content/slugs.yaml", "tags:\n  Priceing: prices\n  Later: later\n")
    assert names.warnings() == [
        "content/slugs.yaml:2: no post has the tag `Priceing`; did you mean `Pricing`?"
    ]


def test_a_link_to_a_list_must_name_what_a_published_post_has(names: Desk) -> None:
    names.post(
        "[x]({tag}C%23) [y]({tag}c++) [z]({tag}Pricng) [ok]({tag}C#) [a]({author}Ann%20B)",
        tags="C#, Pricing",
        author="Ann B",
    )
    assert names.messages() == [
        "8: `{tag}Pricng` leads to no list of a published post; did you mean `{tag}Pricing`?",
        "8: `{tag}c++` leads to no list of a published post: correct the name",
    ]


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("Price models", "price-MODELS"),
        ("Cafe\u0301", "café"),
        ("\uff23\uff0b\uff0b", "c++"),
        ("Straße", "strasse"),
    ],
)
def test_spellings_of_one_name_have_one_key(name: str, same: str) -> None:
    assert spelling_key(name) == spelling_key(same)


@pytest.mark.parametrize(("name", "other"), [("C", "C++"), ("Café", "Cafe"), ("事实", "实事")])
def test_different_names_have_different_keys(name: str, other: str) -> None:
    assert spelling_key(name) != spelling_key(other)


@pytest.mark.parametrize("slug", ["事实", "हिन्दी", "ภาษาไทย", "größe", "čaj"])
def test_a_slug_may_have_letters_of_any_script(desk: Any, slug: str) -> None:
    desk.post(slug=slug, aliases=f"/{slug}/alt/")
    assert desk.errors() == []
