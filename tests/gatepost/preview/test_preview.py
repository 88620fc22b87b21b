"""The preview process: what it builds, what it does not change, how it ends."""

import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.service import ROOT, person
from tests.waiting import HANG_SECONDS

from .conftest import Preview, make_preview_project

pytestmark = pytest.mark.server

POST = "content/posts/four-numbers-that-matter.md"
PAGE = "/four-numbers-that-matter/"
FRONT_MATTER = "Title: A note\nDate: 2026-09-03\nCategory: Pricing\nAuthor: Ann\nSlug: {slug}\n"
SUMMARY = "Summary: Enough words to tell the reader what to expect of this note.\n"


def note(slug: str, extra: str = "") -> str:
    return f"{FRONT_MATTER.format(slug=slug)}{SUMMARY}{extra}\nSome text.\n"


def is_served(preview: Preview, path: str) -> bool:
    return preview.get(path).status == 200


@contextmanager
def paused_build(preview: Preview) -> Iterator[None]:
    """Pauses a build during the block. Afterwards it continues, and later builds do not pause."""
    gate = preview.file("go")
    os.mkfifo(gate)
    preview.save(
        "pelicanconf.py",
        preview.file("pelicanconf.py").read_text() + f"open({str(gate)!r}).read(1)\n",
    )
    with gate.open("w"):  # opens as soon as the build has reached that line
        yield
        gate.unlink()
        gate.write_text("")  # the next build reads a file and does not wait


def is_built(preview: Preview, slug: str) -> bool:
    """Whether the post was built: it is published, or listed as scheduled."""
    return is_served(preview, f"/{slug}/") or f"posts/{slug}.md" in preview.get("/_live/").text


def test_many_saves_in_a_row_end_with_the_last_version(preview: Preview) -> None:
    text = preview.file(POST).read_text()
    with paused_build(preview):
        for number in range(200):
            preview.save(POST, f"{text}\nState {number}.\n")
    preview.until(lambda: "State 199." in preview.get(PAGE).text)
    # The first build, the paused one, and one or two for everything that was saved meanwhile.
    assert len(re.findall("^Built ", preview.output(), re.MULTILINE)) <= 4


def test_a_save_during_a_build_is_built_afterwards(preview: Preview) -> None:
    with paused_build(preview):
        preview.edit(POST, "## ", "## Later: ")
    preview.until(lambda: "Later: " in preview.get(PAGE).text)


def test_renamed_and_recreated_folders_are_watched(preview: Preview) -> None:
    preview.save("content/posts/notes/a.md", note("note-a"))
    preview.until(lambda: preview.get("/note-a/").status == 200)
    preview.file("content").rename(preview.file("elsewhere"))
    preview.wait_for(r"^pelicanconf.py: .*path containing the content")
    built = len(re.findall("^Built ", preview.output(), re.MULTILINE))
    # For the system the copy is another folder.
    shutil.copytree(preview.file("elsewhere"), preview.file("content"))
    preview.wait_for("^Built ", times=built + 1)
    preview.file("content/posts/notes").rename(preview.file("content/posts/more"))
    preview.save("content/posts/more/b.md", note("note-b"))
    preview.until(lambda: preview.get("/note-b/").status == 200)
    assert preview.get("/note-a/").status == 200
    for slug in ("note-c", "note-d", "note-e"):  # a single one might be part of an earlier build
        preview.save(f"content/posts/more/{slug}.md", note(slug))
        preview.until(partial(is_served, preview, f"/{slug}/"), slug)


def test_a_draft_is_printed_and_listed_with_its_address(preview: Preview) -> None:
    result = preview.run("new", "post", "What nobody knows yet")
    path = result.stdout.strip()
    text = preview.file(path).read_text()
    preview.save(path, text.replace("Summary:", SUMMARY.strip()) + "Secret text.\n")
    preview.wait_for(rf"^{path}: a draft, on http://127.0.0.1:{preview.port}/drafts/[\w-]+/$")
    address = re.search(r"/drafts/[\w-]+/", preview.output())
    assert address is not None
    # The first build may have seen the file as `new` left it, before it was saved.
    preview.until(lambda: "Secret text." in preview.get(address[0]).text)
    assert f'href="{address[0]}"' in preview.get("/_live/").text
    assert "What nobody knows yet" not in preview.get("/articles/").text


def test_a_scheduled_post_is_published_at_its_time_without_a_save(preview: Preview) -> None:
    for seconds in (4, 12, 36):  # a busy machine needs longer to build it before it is due
        slug = f"scheduled-{seconds}"
        due = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
        text = note(slug).replace("2026-09-03", f"{due:%Y-%m-%d %H:%M:%S}")
        preview.save(f"content/posts/{slug}.md", text)
        preview.until(partial(is_built, preview, slug))
        is_early = is_served(preview, f"/{slug}/")
        if datetime.now(UTC) < due:
            assert not is_early
            break
    else:
        pytest.fail("this machine builds too slowly to see a post before it is due")
    preview.until(partial(is_served, preview, f"/{slug}/"))


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("pelicanconf.py", "PATH = (\n", r"^pelicanconf.py:1: SyntaxError"),
        ("theme/templates/thanks.html", "x\n{% if %}", r"^theme/templates/thanks.html:2: "),
        ("theme/templates/form.html", "caf\udce9", r"^theme/templates/form.html: is not UTF-8"),
        ("theme/templates/page.html", "{{ 1 / 0 }}", r"^theme/templates/page.html:1: ZeroDiv"),
        ("campaigns/acme-demo.toml", "title = 1\n", r"^campaigns/acme-demo.toml"),
        ("clients/acme.toml", "= 1\n", r"^clients/acme.toml"),
        ("content/posts/a.md", "Title: A\nDate: soon\n", r"^content/posts/a.md:2: "),
    ],
)
def test_a_mistake_in_any_file_is_reported_and_the_site_stays(
    shared_preview: Preview, path: str, text: str, message: str
) -> None:
    file = shared_preview.file(path)
    old_text = file.read_text() if file.exists() else None
    shared_preview.save(path, text)
    shared_preview.wait_for(message)
    assert PAGE in shared_preview.get("/articles/").text
    built = len(re.findall("^Built ", shared_preview.output(), re.MULTILINE))
    if old_text is None:
        file.unlink()
    else:
        shared_preview.save(path, old_text)
    shared_preview.wait_for("^Built ", built + 1)


def test_the_next_build_uses_a_saved_plugin(preview: Preview) -> None:
    config = preview.file("pelicanconf.py").read_text()
    plugin = "def register():\n    {}\n"
    preview.save("plugins/mine.py", plugin.format("raise ValueError('not yet')"))
    preview.save("pelicanconf.py", f'{config}PLUGIN_PATHS = ["plugins"]\nPLUGINS.append("mine")\n')
    preview.wait_for("not yet")
    preview.save("plugins/mine.py", plugin.format("import os; os._exit(7)"))
    preview.wait_for(r"the build ended without a report \(exit code 7\)")
    preview.save("plugins/mine.py", plugin.format("pass"))
    preview.wait_for("^Built ", 2)


def test_a_file_saved_while_its_folder_is_first_read_is_built_again(
    preview: Preview,
) -> None:
    config = preview.file("pelicanconf.py").read_text()
    preview.save(
        "plugins/mine.py",
        "def register():\n"
        "    with open(__file__, 'w') as saved:\n"
        "        saved.write('def register(): pass')\n"
        "    raise ValueError('not yet')\n",
    )
    preview.save("pelicanconf.py", f'{config}PLUGIN_PATHS = ["plugins"]\nPLUGINS.append("mine")\n')
    preview.wait_for("^Built ", 2)


def test_a_changed_module_of_ours_is_used_by_the_next_build(tmp_path: Path) -> None:
    class PreviewOfCopy(Preview):
        def environment(self) -> dict[str, str]:
            return super().environment() | {"PYTHONPATH": str(self.folder)}

    make_preview_project(tmp_path)
    for name in ("capture", "gatepost", "publish"):
        shutil.copytree(ROOT / name, tmp_path / name)
    preview = PreviewOfCopy(tmp_path)
    preview.is_forked = False
    try:
        preview.start().wait_for("^Built ")
        preview.edit("publish/cli.py", "def format_counts(", "def format_counts(+")
        preview.wait_for(r"^publish/cli.py:\d+: SyntaxError")
        preview.edit("publish/cli.py", "def format_counts(+", "def format_counts(")
        preview.wait_for("^Built ", 2)
    finally:
        preview.end(signal.SIGKILL)
        preview.wait_until_gone()


def test_a_save_changes_the_files_of_its_pages_and_no_others(preview: Preview) -> None:
    (www,) = preview.temporary.glob("*/output/www")
    before = stamps(www)
    for number in (2, 3):
        preview.edit(POST, "## ", "## New: ")
        preview.wait_for("^Built ", number)
    assert "New: New: " in preview.get(PAGE).text
    after = stamps(www)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {f"{PAGE[1:]}index.html", "feed.xml"}
    # All pages are of the last build, also those of which it has changed no file.
    assert 'data-build="3"' in preview.get(PAGE).text
    assert 'data-build="3"' in preview.get("/privacy/").text


def test_a_mistake_that_only_the_lead_service_would_find_keeps_every_page(
    preview: Preview,
) -> None:
    (www,) = preview.temporary.glob("*/output/www")
    before = stamps(www)
    preview.save("theme/templates/thanks.html", "x\n{% if %}")
    preview.wait_for(r"^theme/templates/thanks.html:2: ")
    preview.edit(POST, "## ", "## New: ")
    preview.wait_for(r"^theme/templates/thanks.html:2: ", 2)
    assert stamps(www) == before
    assert "New: " not in preview.get(PAGE).text


def test_a_changed_campaign_takes_effect_in_the_form_and_in_the_lead_service(
    preview: Preview,
) -> None:
    preview.edit(POST, "## ", "## New: ")  # a text alone keeps the lead service as it is
    preview.wait_for("^Built ", 2)
    campaign = preview.file("campaigns/acme-cloud-guide.toml").read_text()
    preview.save("campaigns/acme-cloud-guide.toml", campaign + "\n# a new version\n")
    preview.wait_for("^Built ", 3)
    preview.versions = {}
    assert preview.thanks(preview.post(person(gp_version=preview.version()))).status == 200


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """By name of each file: its inode and its time."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            status = path.stat()
            found[path.relative_to(folder).as_posix()] = (status.st_ino, status.st_mtime_ns)
    return found


def test_gated_files_are_also_watched(preview: Preview) -> None:
    preview.file("content/gated/cloud-guide.pdf").unlink()
    preview.wait_for("cloud-guide.pdf")


def test_the_preview_changes_neither_the_built_site_nor_the_ledger(tmp_path: Path) -> None:
    preview = Preview(make_preview_project(tmp_path))
    assert preview.run("build").returncode == 0
    before = files(tmp_path / "output")
    preview.start()
    try:
        preview.wait_for("^Built ")
        preview.edit(POST, "## ", "## New: ")
        preview.until(lambda: "New: " in preview.get(PAGE).text)
        assert b"/_live/" in preview.get(PAGE).body
        thanks = preview.thanks(preview.post(person()))
        assert thanks.status == 200
    finally:
        preview.end(signal.SIGINT)
    assert files(tmp_path / "output") == before
    assert not (tmp_path / "var").exists()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_served_page_differs_from_the_built_file_only_by_one_script(preview: Preview) -> None:
    assert preview.run("build").returncode == 0
    built = preview.file("output/www/privacy/index.html").read_text()
    served = preview.get("/privacy/").text
    script = re.search(r'<script src="/_live/live.js"[^>]*></script>', served)
    assert script is not None
    assert served.replace(script[0], "") == built
    assert "/_live/" not in built
    assert preview.get("/feed.xml").body == preview.file("output/www/feed.xml").read_bytes()


def start_long_build(preview: Preview) -> None:
    slow = "open('begun', 'w').close()\nimport time\ntime.sleep(600)\n"
    preview.save("pelicanconf.py", slow + preview.file("pelicanconf.py").read_text())
    preview.until(preview.file("begun").exists)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_preview_during_a_build_and_no_file_is_left(
    preview: Preview, signal_number: signal.Signals
) -> None:
    assert preview.process is not None
    with socket.create_connection(("127.0.0.1", preview.port)) as connection:
        connection.sendall(b"GET /_live/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100)
        start_long_build(preview)
        os.kill(preview.process.pid, signal_number)
        assert preview.process.wait(HANG_SECONDS) == 0
    preview.wait_until_gone()
    assert list(preview.temporary.iterdir()) == []
    assert "Traceback" not in preview.output()


def test_a_killed_preview_leaves_no_running_build(preview: Preview) -> None:
    start_long_build(preview)
    preview.until(lambda: len(preview.processes()) == 3)
    preview.end(signal.SIGKILL)
    preview.wait_until_gone()


def test_a_port_in_use_is_reported_in_one_line(shared_preview: Preview) -> None:
    second, port = shared_preview.run("serve", "--live"), shared_preview.port
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: Address already")
    assert second.stderr.endswith(f"take another port: make write PORT={port + 1}\n")
    assert second.stderr.count("\n") == 1


def test_requests_from_other_machines_are_refused(
    shared_preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("journal.example", "127.0.0.1.example", ""):
        assert shared_preview.get("/_live/", Host=host).status == 421
    assert shared_preview.get("/_live/", Host=f"localhost:{shared_preview.port}").status == 200
    monkeypatch.setitem(shared_preview.settings, "host", "0.0.0.0")
    assert shared_preview.run("serve", "--live").stderr.startswith(
        "GATEPOST_HOST=0.0.0.0: the preview answers"
    )


def test_a_project_with_mistakes_is_served_when_they_are_fixed(
    tmp_path: Path,
) -> None:
    preview = Preview(make_preview_project(tmp_path))
    text = preview.file(POST).read_text()
    preview.save(POST, "")
    try:
        preview.start().wait_for(f"^{POST}:1: ")
        assert preview.get(PAGE).status == 503
        assert "by itself as soon as it is built" in preview.get(PAGE).text
        preview.save(POST, text)
        preview.until(lambda: preview.get(PAGE).status == 200)
    finally:
        preview.end()
