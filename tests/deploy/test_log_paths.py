"""nginx passes on every path of the service, and logs none, because a path may contain a token."""

import re
from contextlib import closing
from pathlib import Path

from capture.ledger import open_ledger
from capture.web.app import create_app
from tests.service import ROOT, TEST_KEY, make_project, web_config

CONFIGURATION = (ROOT / "deploy/nginx.conf").read_text()


def service_paths(folder: Path) -> set[str]:
    """A path for each route of the service, with a token in each variable part."""
    make_project(folder)
    with closing(open_ledger(f"sqlite:///{folder}/ledger.db", TEST_KEY)) as ledger:
        app = create_app(web_config(folder), ledger)
        return {re.sub(r"<[^>]+>", ".a-token", rule.rule) for rule in app.url_map.iter_rules()}


def test_nginx_passes_on_every_path_of_the_service_and_logs_none(tmp_path: Path) -> None:
    (pattern, block) = re.findall(
        r"location ~ (\S+) \{\n((?:(?!\n    \}).)*?proxy_pass.*?)\n    \}", CONFIGURATION, re.DOTALL
    )[0]
    assert "access_log off;" in block
    paths = service_paths(tmp_path)
    assert {path for path in paths if not re.search(pattern, path)} == set()
    assert len(paths) > 10


def test_a_line_of_the_access_log_has_no_query_no_network_and_no_referrer() -> None:
    (log_format,) = re.findall(r"log_format gatepost '([^']*)'", CONFIGURATION)
    variables = set(re.findall(r"\$\w+", log_format))
    assert variables == {
        "$time_iso8601",
        "$status",
        "$request_method",
        "$uri",
        "$body_bytes_sent",
        "$request_time",
    }
    levels = re.findall(r"error_log \S+ (\w+);", CONFIGURATION)
    assert set(levels) == {"crit"}
