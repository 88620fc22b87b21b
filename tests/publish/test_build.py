"""A build publishes a complete new site or keeps the old one. The commands print short lines."""

import fcntl
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from capture.errors import FileErrors, Refused, Unavailable
from publish.build.incremental import build_lock
from publish.check_cli import check as check_command
from publish.cli import build as build_command
from tests.waiting import HANG_SECONDS

GATEPOST = [sys.executable, "-c", "from gatepost.cli import main; main()"]


def test_a_failed_build_does_not_change_the_old_site(site: Any) -> None:
    site.post("Text.")
    site.build()
    old_files = site.files(), (site.root / "output/site.json").read_bytes()
    site.write("theme/static/style.css", "changed {}")
    site.post("{% form nobody %}")
    with pytest.raises(FileErrors):
        site.build()
    assert (site.files(), (site.root / "output/site.json").read_bytes()) == old_files


def test_a_build_that_fails_while_writing_does_not_change_the_old_site(site: Any) -> None:
    site.post("Text.", name="a")
    site.build()
    old_files = site.files()
    site.post("Text.", name="b")
    site.write("theme/templates/article.html", "{{ 1 / (article.title != 'b') }}")
    with pytest.raises(FileErrors, match=r"article\.html:1: ZeroDivisionError"):
        site.build()
    assert site.files() == old_files


def test_a_new_build_replaces_the_complete_old_site(site: Any) -> None:
    site.post("Text.", name="old")
    site.build()
    Path("content/posts/old.md").unlink()
    site.post("Text.", name="new")
    site.build()
    assert "new/index.html" in site.files()
    assert "old/index.html" not in site.files()


def test_a_build_writes_only_the_site_and_its_data_files(site: Any) -> None:
    site.write("output/notes.txt", "mine")
    site.post("Text.")
    site.build()
    names = sorted(path.name for path in (site.root / "output").iterdir())
    assert names == [".build.lock", "notes.txt", "redirects.map", "site.json", "www"]


def test_a_build_deletes_the_files_of_a_killed_build(site: Any) -> None:
    site.write("output/.build/new/www/half.html", "<h1>ha")
    site.post("Text.")
    site.build()
    assert "half.html" not in site.files()
    assert not (site.root / "output/.build").exists()


def test_a_second_build_waits_for_the_first(site: Any) -> None:
    site.post("Text.")
    lock = site.write("output/.build.lock", "")
    with lock.open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = subprocess.Popen([*GATEPOST, "build"], stdout=-1, stderr=-1, text=True)
        assert second.stderr is not None
        message = second.stderr.readline()
        assert second.poll() is None
        assert not site.site.exists()
    out, err = second.communicate(timeout=HANG_SECONDS)
    assert message == "Another build is running; waiting for it to end.\n"
    assert (second.returncode, err) == (0, "")
    assert out.startswith("Built 1 article, 0 pages and 0 forms in ")


def test_a_build_that_waited_holds_the_lock_itself(tmp_path: Path) -> None:
    lock = tmp_path / ".build.lock"
    with lock.open("w") as first, lock.open("w") as third:
        fcntl.flock(first, fcntl.LOCK_EX)
        release = partial(fcntl.flock, first, fcntl.LOCK_UN)
        with build_lock(lock, release), pytest.raises(BlockingIOError):
            fcntl.flock(third, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_two_simultaneous_builds_both_publish_a_complete_site(site: Any) -> None:
    site.post("Text.")
    builds = [subprocess.Popen([*GATEPOST, "build"], stdout=-1, stderr=-1) for _ in range(2)]
    assert [build.wait(timeout=HANG_SECONDS) for build in builds] == [0, 0]
    for build in builds:
        build.communicate()
    assert "Text." in site.page()


def test_a_refused_build_prints_one_line_per_problem_and_exits_with_1(site: Any) -> None:
    site.post("{% form nobody %}\n\n{% frm guide %}")
    refused = subprocess.run([*GATEPOST, "build"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == (
        "content/posts/post.md:4: `{% form nobody %}`: no campaign `nobody`; there are: guide\n"
        "content/posts/post.md:6: `{% frm guide %}` is misspelt: "
        "write `{% form guide %}` on a line of its own\n"
    )


def test_the_command_prints_counts_and_the_output_folder(site: Any) -> None:
    site.post("{% form guide %}")
    site.write("content/pages/page.md", "Title: Page\n\nText.")
    result = CliRunner().invoke(build_command)
    assert result.exit_code == 0
    assert result.stdout.startswith("Built 1 article, 1 page and 1 form in ")
    built, work = result.stdout.splitlines()
    assert built.endswith(" seconds, in output/www.")
    assert re.fullmatch(r"read 2, rendered 5, written 7, removed 0 in \d+\.\d s", work)
    assert result.stderr == ""


def test_a_warning_is_one_line_on_stderr(site: Any) -> None:
    text = (site.root / "campaigns/guide.toml").read_text()
    site.write("campaigns/guide.toml", f"opens = 2999-01-01\n{text}")
    site.post("{% cta guide %}")
    result = CliRunner().invoke(build_command)
    assert result.stderr == (
        "warning: content/posts/post.md:4: campaign `guide` opens on 2999-01-01: "
        "readers see a sentence instead\n"
    )


def test_a_check_writes_only_records_into_the_cache(site: Any) -> None:
    site.post("{% form guide %}")
    old_paths = sorted(path for path in site.root.rglob("*"))
    result = CliRunner().invoke(check_command)
    assert result.stdout == "1 article, 0 pages and 1 form: no mistakes found.\n"
    new_paths = sorted(path for path in site.root.rglob("*") if path.name != "__pycache__")
    cache = site.root / "cache"
    names = ("last-check", "opened-files.json", "texts.sqlite")
    expected = sorted([*old_paths, cache, *(cache / name for name in names)])
    assert [path for path in new_paths if path.suffix != ".pyc"] == expected


@pytest.mark.parametrize("output", [".", "content", "theme"])
def test_an_output_folder_with_sources_is_refused(site: Any, output: str) -> None:
    site.set(f"OUTPUT_PATH = {output!r}")
    site.post("Text.")
    with pytest.raises(Refused, match="give it a folder of its own"):
        site.build()
    assert (site.root / "content/posts/post.md").exists()


def test_an_unwritable_output_folder_is_reported_in_one_line(site: Any) -> None:
    site.write("output", "a file where the folder should be")
    with pytest.raises(Unavailable, match=r"output: File exists; the old site stays"):
        site.build()


def test_gatepost_settings_set_the_folders(site: Any) -> None:
    site.post("{% form guide %}")
    (site.root / "campaigns").rename(site.root / "terms")
    site.write(".env", "GATEPOST_CAMPAIGNS_DIR=terms\nGATEPOST_OUTPUT_DIR=made\n")
    environ = {**os.environ, "GATEPOST_CAPTURE_URL": "https://leads.example"}
    subprocess.run([*GATEPOST, "build"], env=environ, check=True, capture_output=True)
    assert "form-guide" in (site.root / "made/www/post/index.html").read_text()


def test_the_commands_import_pelican_only_when_they_run() -> None:
    code = "import sys, publish.cli; sys.exit('pelican' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
