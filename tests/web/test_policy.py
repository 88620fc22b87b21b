"""One Content-Security-Policy: the same in the service, its static files and nginx.conf."""

import re
from pathlib import Path

import pytest

from capture.site_policy import (
    API_POLICY,
    DRAWING_POLICY,
    NONE,
    PREVIEW_POLICY,
    Policy,
    page_policy,
    search_policy,
)

ROOT = Path(__file__).parents[2]
NGINX = (ROOT / "deploy/nginx.conf").read_text()


def read_map(variable: str) -> tuple[str, list[tuple[str, str]]]:
    """The default of a map on `$uri` in nginx.conf; the pattern and value of its other lines."""
    table = re.search(rf"map \$uri \${variable} \{{(.*?)\n\}}", NGINX, re.DOTALL)
    assert table is not None
    default = re.search(r'default "([^"]+)";', table[1])
    assert default is not None
    return default[1], re.findall(r'~\*?(\S+) "([^"]+)";', table[1])


def nginx_value(variable: str, path: str) -> str:
    default, others = read_map(variable)
    return next((value for pattern, value in others if re.search(pattern, path)), default)


def nginx_policy(path: str) -> str:
    """The policy that nginx.conf sends for a path."""
    policy = nginx_value("content_policy", path)
    return policy.replace("$script_sources", nginx_value("script_sources", path))


def test_nginx_has_the_same_policies_as_the_service() -> None:
    assert nginx_policy("/") == nginx_policy("/f/guide") == str(page_policy())
    assert nginx_policy("/search/") == str(search_policy(page_policy()))
    assert nginx_policy("/images/a.svg") == str(DRAWING_POLICY)


def test_no_file_but_those_of_nginx_writes_a_policy_of_its_own() -> None:
    sources = [
        path
        for folder in ("capture", "gatepost", "publish", "theme", "deploy")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".conf", ".js"} and "-src " in path.read_text()
    ]
    assert set(sources) == {ROOT / "deploy/nginx.conf", ROOT / "deploy/nginx-desk.conf"}


def test_only_the_search_page_may_run_compiled_code() -> None:
    page, search = page_policy().sources, search_policy(page_policy()).sources
    assert "wasm" not in str(page_policy())
    assert search["script-src"] == (*page["script-src"], "'wasm-unsafe-eval'")
    assert {**search, "script-src": page["script-src"]} == page


def test_with_two_hosts_a_page_reaches_only_these() -> None:
    site, leads = "https://journal.example", "https://leads.example"
    directives = page_policy(site, leads).sources
    assert {name for name, sources in directives.items() if site in sources} == {
        "script-src",
        "style-src",
        "img-src",
    }
    assert {name for name, sources in directives.items() if leads in sources} == {
        "connect-src",
        "form-action",
    }


def test_on_one_host_the_policy_names_no_host() -> None:
    assert page_policy("https://journal.example") == page_policy()


@pytest.mark.parametrize("policy", [page_policy(), API_POLICY, PREVIEW_POLICY])
def test_other_sources_and_frames_are_forbidden(policy: Policy) -> None:
    assert policy.sources["default-src"] == policy.sources["frame-ancestors"] == (NONE,)
    assert "unsafe" not in str(policy)


def test_a_drawing_runs_no_script_and_loads_nothing() -> None:
    policy = DRAWING_POLICY.sources
    assert policy["default-src"] == policy["frame-ancestors"] == (NONE,)
    assert policy["sandbox"] == ()  # allows nothing, so no scripts either
    loading = {source for name in ("style-src", "img-src", "font-src") for source in policy[name]}
    assert loading == {"'unsafe-inline'", "data:"}
