"""Redirects of a built site in a real nginx: each alias leads to its post in one step.

One nginx serves all cases. The site is built once, and take-redirects installs its map.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest

from publish.checks.nginx import map_refusal
from publish.checks.redirects import MAP_HASH_SIZES, MAX_KEY_BYTES
from tests.deploy.web import Nginx
from tests.publish.test_html_head import ORIGIN, build, post
from tests.service import ROOT, Answer, free_port

LONG = "x" * 200
LONGEST = f"/{LONG}/{LONG}/{'y' * (MAX_KEY_BYTES - 404)}/"
ALIASES = {
    "hello": ["/Hello/", "/HELLO", "/2021/03/hello/"],
    "other": ["/About/", "/old/", "/FOO/", "/foo.html", LONGEST],
    "more": ["older", "/OLD/", "/foo/", "/fooxhtml/", "/Foo.html", "/F/guide/", "/V"],
    "größe": ["/%C3%BCber/", "/Größe/alt/", "/事实/", "/हिन्दी/", "/Stra%C3%9Fe.html"],
    "about": ["/impressum/"],
}
"""By slug: aliases that differ from addresses and from each other by case, or are not ASCII."""
CASES = [(alias, slug) for slug, aliases in ALIASES.items() for alias in aliases]


@pytest.fixture(scope="module")
def nginx() -> Iterator[Nginx]:
    posts = {
        f"file-{number}": post(
            f"Post {slug}", slug, front_matter=f"Aliases: {', '.join(aliases)}\n"
        )
        for number, (slug, aliases) in enumerate(ALIASES.items())
    }
    with (
        tempfile.TemporaryDirectory(prefix="gatepost-") as name,
        pytest.MonkeyPatch.context() as patch,
    ):
        Path(name).chmod(0o755)
        folder = Path(name) / "releases/first"
        patch.setenv("GATEPOST_SITE_URL", ORIGIN)
        build(folder, posts)
        (Path(name) / "current").symlink_to(folder)
        server = SimpleNamespace(folder=Path(name), site=Path(name))
        service = SimpleNamespace(port=free_port())
        with Nginx(cast("Any", server), cast("Any", service)).running() as nginx:
            install(nginx)
            yield nginx


def install(nginx: Nginx) -> None:
    old_workers = nginx.workers()
    result = nginx.take_redirects()
    assert result.returncode == 0, result.stderr
    nginx.until(lambda: not old_workers & nginx.workers())


def get(nginx: Nginx, path: str) -> Answer:
    return nginx.get(quote(path, safe="/%"))


@pytest.mark.parametrize(("alias", "slug"), CASES)
def test_an_alias_leads_to_its_post_in_one_step(nginx: Nginx, alias: str, slug: str) -> None:
    path = alias if alias.startswith("/") else f"/{alias}/"
    for old in {path, path.rstrip("/")}:
        answer = get(nginx, old)
        assert (answer.status, answer.location) == (301, f"/{quote(slug)}/"), old
    page = nginx.get(answer.location)
    assert page.status == 200
    assert f">Post {slug}</h1>" in page.text


@pytest.mark.parametrize("slug", ALIASES)
def test_no_alias_takes_over_a_page(nginx: Nginx, slug: str) -> None:
    answer = get(nginx, f"/{slug}/")
    assert answer.status == 200
    assert f">Post {slug}</h1>" in answer.text


@pytest.mark.parametrize("path", ["/f/guide/", "/v"])
def test_no_alias_takes_over_an_address_of_the_service(nginx: Nginx, path: str) -> None:
    assert nginx.get(path).status == 503  # nginx asked the service, which does not run here


@pytest.mark.parametrize("path", ["/hEllo/", "/impressum/x/", "/FOO.HTML", "/Über/", "/GRÖSSE/"])
def test_what_is_no_alias_is_not_found(nginx: Nginx, path: str) -> None:
    assert get(nginx, path).status == 404


def test_capitals_in_a_request_do_not_matter_for_an_alias_in_small_letters(nginx: Nginx) -> None:
    assert get(nginx, "/2021/03/HELLO/").location == "/hello/"


def test_all_lines_of_the_build_reach_nginx(nginx: Nginx) -> None:
    written = (nginx.folder.parent / "current/output/redirects.map").read_text()
    assert nginx.map.read_text() == written
    assert written.count("\n") == sum(1 if a.endswith(".html") else 2 for a, _ in CASES)


def test_a_map_that_nginx_refuses_is_not_installed_and_nginx_still_starts(nginx: Nginx) -> None:
    written = nginx.folder.parent / "current/output/redirects.map"
    good, installed = written.read_text(), nginx.map.read_text()
    for bad in ('"/twice/" /a/;\n"/Twice/" /b/;\n', f'"/{"z" * MAX_KEY_BYTES}/" /a/;\n'):
        written.write_text(good + bad)
        result = nginx.take_redirects()
        assert result.returncode == 1
        assert "so the earlier redirects stay" in result.stderr
        assert nginx.map.read_text() == installed
        assert not nginx.map.with_suffix(".map.new").exists()
        assert get(nginx, "/Hello/").status == 301
    written.write_text(f'{good}"/later/" /hello/;\n')
    install(nginx)
    assert get(nginx, "/later/").location == "/hello/"
    written.write_text(good)
    install(nginx)


@pytest.mark.parametrize(
    "line",
    [
        '"~^/a.b$" /x/;',
        '"~^/.*$" /x/;',
        '"~^/(a|b)$" /x/;',
        '"~^/a" /x/;',
        '"~*^/a$" /x/;',
        '"~/a$" /x/;',
        '"~^/[ab]$" /x/;',
        '"~^/a$" /$host/;',
        '"/a\\\\b/" /x/;',
        '"/a\u0007/" /x/;',
        '"/a;/" /x/;',
    ],
)
def test_take_redirects_leaves_out_every_other_line(nginx: Nginx, line: str) -> None:
    written = nginx.folder.parent / "current/output/redirects.map"
    good = written.read_text()
    written.write_text(f"{good}{line}\n")
    assert nginx.take_redirects().returncode == 0
    written.write_text(good)
    assert nginx.map.read_text() == good


@pytest.mark.parametrize(
    ("lines", "reason", "line"),
    [
        (['"/a" /x/;', '"/A" /y/;'], 'conflicting parameter "/a"', 2),
        ([f'"/{"a" * MAX_KEY_BYTES}" /x/;'], "could not build map_hash", None),
        (['"/a" /x/;', '"/b /y/;'], "unexpected end of file", 3),
    ],
)
def test_the_reason_of_a_refusal_is_nginxs_own(
    nginx: Nginx, lines: list[str], reason: str, line: int | None
) -> None:
    del nginx
    refusal = map_refusal(lines)
    assert refusal is not None
    assert refusal.reason.startswith(reason)
    assert refusal.line == line


def test_the_longest_key_is_accepted(nginx: Nginx) -> None:
    del nginx
    assert map_refusal([f'"/{"a" * (MAX_KEY_BYTES - 1)}" /x/;']) is None


@pytest.mark.parametrize("file", ["nginx.conf", "take-redirects"])
def test_the_limits_of_the_map_are_the_same_everywhere(file: str) -> None:
    sizes = re.findall(r"(map_hash_\w+) (\d+);", (ROOT / "deploy" / file).read_text())
    assert {name: int(size) for name, size in sizes} == MAP_HASH_SIZES
