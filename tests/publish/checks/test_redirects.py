"""Rules for aliases: each is one address for nginx, and takes nothing over."""

from pathlib import Path

import pytest

from publish.checks import nginx
from publish.checks.redirects import MAX_KEY_BYTES, map_entries, redirects_of
from publish.checks.rules import redirects as rules
from tests.needs import needs
from tests.publish.checks.conftest import LISTS, Desk


def lines(desk: Desk) -> list[str]:
    writing, findings = desk.check()
    assert findings.errors == ()
    return [entry.line for entry in map_entries(writing, redirects_of(writing, writing.posts))]


def test_an_alias_that_differs_from_an_address_by_case_alone_is_compared_exactly(
    desk: Desk,
) -> None:
    desk.post(name="hello", aliases="/Hello/")
    desk.post(name="about")
    desk.post(name="other", aliases="/About/, /Old.html, older")
    assert lines(desk) == [
        '"~^/Hello/$" /hello/;',
        '"~^/Hello$" /hello/;',
        '"~^/About/$" /other/;',
        '"~^/About$" /other/;',
        '"~^/Old[.]html$" /other/;',
        '"/older/" /other/;',
        '"/older" /other/;',
    ]


def test_two_aliases_that_differ_by_case_alone_are_both_compared_exactly(desk: Desk) -> None:
    desk.post(name="a", aliases="/foo/")
    desk.post(name="b", aliases="/Foo/")
    assert lines(desk) == [
        '"~^/foo/$" /a/;',
        '"~^/foo$" /a/;',
        '"~^/Foo/$" /b/;',
        '"~^/Foo$" /b/;',
    ]


@pytest.mark.parametrize("taken", ["url", "static", "list"])
def test_an_alias_in_small_letters_leaves_an_address_with_capitals_alone(
    desk: Desk, taken: str
) -> None:
    match taken:
        case "url":
            desk.post(name="a", url="Guide/", save_as="Guide/index.html")
        case "static":
            desk.settings["STATIC_PATHS"] = ["Guide"]
            desk.write("content/Guide/index.html", "")
        case _:
            desk.settings |= LISTS | {"TAG_SAVE_AS": "Guide/index.html"}
            desk.post(name="a", tags="one")
    desk.post(name="b", aliases="/guide/")
    assert '"~^/guide/$" /b/;' in lines(desk)


def test_addresses_outside_ascii_are_written_as_nginx_decodes_them(desk: Desk) -> None:
    desk.post(name="a", slug="größe", aliases="/%C3%BCber/, /U\u0308ber/, 事实")
    assert lines(desk) == [
        '"/über/" /gr%C3%B6%C3%9Fe/;',
        '"/über" /gr%C3%B6%C3%9Fe/;',
        '"/Über/" /gr%C3%B6%C3%9Fe/;',
        '"/Über" /gr%C3%B6%C3%9Fe/;',
        '"/事实/" /gr%C3%B6%C3%9Fe/;',
        '"/事实" /gr%C3%B6%C3%9Fe/;',
    ]


def test_an_address_that_one_post_names_in_two_ways_is_one_redirect(desk: Desk) -> None:
    desk.post(aliases="old, /old, /old/")
    assert lines(desk) == ['"/old/" /post/;', '"/old" /post/;']


@pytest.mark.parametrize(
    ("alias", "other"), [("/old", "/old/"), ("old", "/old/"), ("/a.html", "/a.html/")]
)
def test_two_posts_cannot_have_one_old_address_in_two_spellings(
    desk: Desk, alias: str, other: str
) -> None:
    desk.post(name="a", aliases=alias)
    desk.post(name="b", aliases=other)
    assert desk.errors() == [
        f"content/posts/b.md:5: `aliases`: `{other}` already leads to content/posts/a.md: "
        "keep one of them"
    ]


@pytest.mark.parametrize(
    ("alias", "owner"),
    [
        ("/own/", "content/posts/b.md"),
        ("/guide", "content/posts/a.md"),
        ("/g/index.html/x/", "content/posts/a.md"),
        ("/g", "the site's own service page"),
        ("/file.html/part/", "content/posts/b.md"),
        ("/v", "the lead service"),
        ("/healthz", "the site's own service page"),
        ("/gated-files/x/", "the folder gated-files/"),
        ("/.well-known/x", "the folder .well-known/"),
    ],
)
def test_an_alias_that_shadows_an_address_is_an_error(desk: Desk, alias: str, owner: str) -> None:
    desk.post(name="a", url="guide/", save_as="h/g/index.html")
    desk.post(
        name="b", slug="own", aliases=f"/file.html, {alias.replace('/g/index', '/h/g/index')}"
    )
    (line,) = desk.errors()
    assert line.startswith("content/posts/b.md:5: `aliases`: `")
    assert line.endswith(f"` is the address of {owner}: remove it")


@pytest.mark.parametrize(
    ("alias", "problem"),
    [
        ("/" + "a/" * 249, "has 499 bytes, but nginx redirects at most 494"),
        ("/" + "事" * 86 + "/", "has a part that is too long for the name of a folder"),
    ],
)
def test_an_alias_that_is_too_long_is_an_error(desk: Desk, alias: str, problem: str) -> None:
    desk.post(aliases=alias)
    assert desk.messages() == [f"5: `aliases`: `{alias}` {problem}: remove it"]


def test_a_slug_that_is_too_long_for_a_file_is_an_error(desk: Desk) -> None:
    desk.post(slug="a" * 256)
    assert desk.messages() == [
        "4: `slug` gives an address that is too long for a file: add a shorter `Slug: ...`"
    ]


def test_what_nginx_refuses_is_an_error_with_nginxs_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("nginx", "nginx-light")
    monkeypatch.setattr(rules, "MAX_KEY_BYTES", MAX_KEY_BYTES + 1)
    desk.post(aliases="/" + "a/" * (MAX_KEY_BYTES // 2))
    assert desk.messages() == [
        "5: `aliases`: nginx refuses the aliases of all posts; this is the first: "
        "could not build map_hash, you should increase map_hash_bucket_size: 512"
    ]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("#!/bin/sh\necho 'nginx: [emerg] open() failed in /x:3' >&2\nexit 1\n", "open() failed"),
        ("#!/bin/sh\nexit 1\n", "no reason given"),
        ("no program", "Exec format error"),
    ],
)
def test_an_nginx_that_does_not_run_here_is_a_warning(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, reason: str
) -> None:
    path = tmp_path / "bin/nginx"
    path.parent.mkdir()
    path.write_text(program)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=":")
    desk.post(aliases="/old/")
    assert desk.errors() == []
    (warning,) = (line for line in desk.warnings() if "nginx" in line)
    start, _, end = warning.partition(": nginx does not run here, so no redirect is proven: ")
    assert start == "content/posts/post.md:5: `aliases`"
    assert reason in end


def test_without_nginx_nothing_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nginx, "FOLDERS", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    desk.post(aliases="/old/")
    assert [line for line in (*desk.errors(), *desk.warnings()) if "aliases" in line] == []
