"""Aliases from `git push` to nginx: good ones redirect, bad ones are refused before the release."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest

from tests.deploy.server import Server, Writer
from tests.deploy.test_push import refusal
from tests.deploy.web import Nginx
from tests.service import free_port

GOOD = {
    "hello": "/Hello/, /HELLO, /2021/03/hello.html",
    "other": "/About/, /foo/, older",
    "größe": "/Foo/, /%C3%BCber/, /事实/",
}
"""By slug: aliases that differ from addresses and from each other by case, or are not ASCII."""
BAD = {
    "loop-a": ("/loop-b/", "is the address of content/posts/loop-b.md: remove it"),
    "loop-b": ("/loop-a/", "is the address of content/posts/loop-a.md: remove it"),
    "itself": ("/itself", "is the address of content/posts/itself.md: remove it"),
    "page": ("/about/", "is the address of content/pages/about.md: remove it"),
    "list": ("/tag/cpl/", "is the address of the list of the tag `cpl`: remove it"),
    "service": ("/healthz", "is the address of the site's own service page: remove it"),
    "twice": ("/Über/", "already leads to content/posts/encoded.md: keep one of them"),
    "spaces": (
        "/a b/",
        "is neither a slug nor a path, `/a b/`: write what-pays, or /2021/03/what-pays/ for an "
        "address of another system",
    ),
}
"""By file: an alias, and what the writer reads about it."""
REFUSING_NGINX = """\
#!/bin/sh
while [ "$1" != -p ]; do shift; done
if grep -q refused-by-nginx "$2/redirects.map"; then
    echo 'nginx: [emerg] conflicting parameter "/x" in redirects.map:1' >&2
    exit 1
fi
"""


@pytest.fixture(scope="module")
def nginx(server: Server, first: Writer) -> Iterator[Nginx]:
    """nginx with the redirects of a release that has the good aliases."""
    for slug, aliases in GOOD.items():
        first.post(slug, aliases=aliases)
    result = first.push()
    assert result.accepted, result.text
    service = SimpleNamespace(port=free_port())
    nginx = Nginx(server, cast("Any", service))
    with nginx.running():
        old_workers = nginx.workers()
        installed = nginx.take_redirects()
        assert installed.returncode == 0, installed.stderr
        nginx.until(lambda: not old_workers & nginx.workers())
        yield nginx


def check_redirects(nginx: Nginx) -> None:
    """Each good alias leads to its post in one step."""
    for slug, aliases in GOOD.items():
        for alias in aliases.split(", "):
            path = alias if alias.startswith("/") else f"/{alias}/"
            answer = nginx.get(quote(path, safe="/%"))
            assert (answer.status, answer.location) == (301, f"/{quote(slug)}/"), alias
        assert nginx.get(f"/{quote(slug)}/").status == 200
    about = nginx.get("/about/")
    assert about.status == 200  # and not the post with the alias /About/


def test_good_aliases_of_a_push_redirect_in_nginx(nginx: Nginx) -> None:
    check_redirects(nginx)


def test_a_push_with_bad_aliases_is_refused_with_a_line_each_and_the_site_stays(
    nginx: Nginx, writer: Writer, server: Server
) -> None:
    writer.post("encoded", aliases="/%C3%9Cber/")
    for name, (alias, _) in BAD.items():
        writer.post(name, aliases=alias)
    written = (server.site / "current/output/redirects.map").read_bytes()
    assert sorted(refusal(writer)) == sorted(
        f"content/posts/{name}.md:8: `aliases`"
        + (f" {problem}" if name == "spaces" else f": `{alias}` {problem}")
        for name, (alias, problem) in BAD.items()
    )
    assert (server.site / "current/output/redirects.map").read_bytes() == written
    assert nginx.take_redirects().returncode == 0
    check_redirects(nginx)


def test_a_push_whose_redirects_nginx_refuses_is_refused(
    writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    program = tmp_path / "nginx"
    program.write_text(REFUSING_NGINX)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    writer.post("known", aliases="refused-by-nginx")
    (line,) = refusal(writer)
    assert line.startswith("content/posts/")
    assert line.endswith('conflicting parameter "/x": remove the alias')
