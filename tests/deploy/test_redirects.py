"""Redirects of a built site in a real nginx: each alias leads to its post in one step.

One nginx serves all cases. The site is built once, and take-redirects installs its map.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest

from publish.checks.nginx import map_refusal
from publish.checks.redirects import (
    MAP_HASH_SIZES,
    MAX_KEY_BYTES,
    map_entries,
    paths_of,
    redirects_of,
)
from tests.deploy.web import Nginx
from tests.publish.checks.conftest import Desk
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
CSV = "a#b?c%d &é 100%25.csv"
"""The name of a file that a post links to."""
CASES = [(alias, slug) for slug, aliases in ALIASES.items() for alias in aliases]


@dataclass(frozen=True)
class RandomSite:
    """A site with random aliases that the rules accept."""

    lines: tuple[str, ...]
    targets: Mapping[str, str]
    """By path of an alias: the address of its post."""
    pages: tuple[str, ...]
    """The paths of posts, which are not redirected."""


def random_site(folder: Path, seed: int) -> RandomSite:
    """Posts with short slugs and aliases of few letters, so that many of them are alike."""
    random = Random(seed)
    desk = Desk(folder, folder / "cache")
    for number in range(4):
        slug = random.choice("abÄé") + random.choice(("", "a", "b", "é"))
        names = ["".join(random.choices("aAbBÄé.-", k=random.randint(1, 3))) for _ in range(5)]
        aliases = [f"/{name}{random.choice(('', '/', '/a/', '.html'))}" for name in names]
        place = {} if random.random() < 0.7 else {"url": "A/B/", "save_as": "A/B/index.html"}
        desk.post(name=f"p{number}", slug=slug.lower(), aliases=", ".join(aliases), **place)
    for _ in range(40):  # removes each post that a rule refuses
        errors = desk.errors()
        if not errors:
            break
        assert "nginx refuses" not in errors[0]
        (desk.root / errors[0].partition(":")[0]).unlink()
    writing, _ = desk.check()
    redirects = redirects_of(writing, writing.posts)
    return RandomSite(
        tuple(entry.line for entry in map_entries(writing, redirects)),
        {path: redirect.target for redirect in redirects for path in redirect.paths},
        tuple(path for post in writing.posts for path in paths_of(post.url)),
    )


@pytest.fixture(scope="module")
def random_sites(tmp_path_factory: pytest.TempPathFactory) -> list[RandomSite]:
    sites = (random_site(tmp_path_factory.mktemp("random"), seed) for seed in range(40))
    return [site for site in sites if site.lines]


@pytest.fixture(scope="module")
def nginx(random_sites: list[RandomSite]) -> Iterator[Nginx]:
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
        (folder / "content/posts").mkdir(parents=True)
        (folder / "content/posts" / CSV).write_text("a,b")
        posts["file-0"] += f"\n[csv]({quote(CSV)})\n"
        build(folder, posts)
        (Path(name) / "current").symlink_to(folder)
        server = SimpleNamespace(folder=Path(name), site=Path(name))
        service = SimpleNamespace(port=free_port())
        nginx = Nginx(cast("Any", server), cast("Any", service))
        with (nginx.folder / "site.conf").open("a") as config:
            config.write(random_maps(nginx, random_sites))
        with nginx.running():
            install(nginx)
            yield nginx


def random_maps(nginx: Nginx, sites: Sequence[RandomSite]) -> str:
    """A second server: `Host: NUMBER` asks for the redirect of a path in that site's map."""
    listen = f"listen 127.0.0.1:{nginx.port};"
    maps = (
        f'map $uri $target_{number} {{ default ""; {" ".join(site.lines)} }}\n'
        f'server {{ {listen} server_name {number}.site; return 200 "$target_{number}"; }}\n'
        for number, site in enumerate(sites)
    )
    return "".join(maps)


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


def test_a_file_with_signs_and_letters_outside_ascii_in_its_name_is_served(nginx: Nginx) -> None:
    page = nginx.get("/hello/").text
    links = re.findall(rf'href="{ORIGIN}([^"]*csv)"', page)
    assert links == [f"/posts/{quote(CSV)}"]
    assert nginx.get(links[0]).text == "a,b"


@pytest.mark.parametrize("path", ["/f/guide/", "/v"])
def test_no_alias_takes_over_an_address_of_the_service(nginx: Nginx, path: str) -> None:
    assert nginx.get(path).status == 503  # nginx asked the service, which does not run here


@pytest.mark.parametrize("path", ["/hEllo/", "/impressum/x/", "/FOO.HTML", "/Über/", "/GRÖSSE/"])
def test_what_is_no_alias_is_not_found(nginx: Nginx, path: str) -> None:
    assert get(nginx, path).status == 404


def test_capitals_in_a_request_do_not_matter_for_an_alias_in_small_letters(nginx: Nginx) -> None:
    assert get(nginx, "/2021/03/HELLO/").location == "/hello/"


def test_nginx_reads_the_maps_of_random_sites_as_the_rules_say(
    nginx: Nginx, random_sites: list[RandomSite]
) -> None:
    assert len(random_sites) > 20
    assert any('"~^' in line for site in random_sites for line in site.lines)
    for number, site in enumerate(random_sites):
        expected = dict.fromkeys(site.pages, "") | site.targets
        targets = {path: nginx.get(quote(path), Host=f"{number}.site").text for path in expected}
        assert targets == expected


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


def test_nginx_loads_a_map_as_a_user_without_rights_and_without_folders_of_nginx(
    nginx: Nginx,
) -> None:
    """As in `gatepost-build@.service`: only the folder for temporary files is writable."""
    del nginx
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user; CI runs as root")
    code = (
        "import sys; from publish.checks.nginx import map_refusal; print(map_refusal(sys.argv[1:]))"
    )
    user = ("--reuid=61002", "--regid=61002", "--clear-groups", "--bounding-set=-all")
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        Path(folder).chmod(0o777)
        for lines, expected in (
            (['"/a" /x/;'], "None"),
            (['"/a" /x/;', '"/A" /y/;'], "Refusal(reason='conflicting parameter \"/a\"', line=2, "),
        ):
            result = subprocess.run(
                ["setpriv", *user, "--no-new-privs", sys.executable, "-c", code, *lines],
                capture_output=True,
                text=True,
                check=True,
                cwd=ROOT,
                env={"TMPDIR": folder, "HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
            )
            assert result.stdout.startswith(expected), result.stderr


def test_the_longest_key_is_accepted(nginx: Nginx) -> None:
    del nginx
    assert map_refusal([f'"/{"a" * (MAX_KEY_BYTES - 1)}" /x/;']) is None


@pytest.mark.parametrize("file", ["nginx.conf", "take-redirects"])
def test_the_limits_of_the_map_are_the_same_everywhere(file: str) -> None:
    sizes = re.findall(r"(map_hash_\w+) (\d+);", (ROOT / "deploy" / file).read_text())
    assert {name: int(size) for name, size in sizes} == MAP_HASH_SIZES
