"""`git push live main` to a real repository: accepted and refused pushes, and their messages."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from capture.campaign.git_history import committed_versions
from tests.deploy.server import ROOT, SERVICE_UID, Server, Writer, publisher_command
from tests.waiting import HANG_SECONDS, wait_until

UNCHANGED = "Nothing was published; the site is unchanged."


def refusal(writer: Writer, *refs: str) -> list[str]:
    """Pushes, checks that it is refused and changes nothing, and returns the server's lines."""
    live = writer.server.live
    result = writer.push(*refs)
    assert not result.accepted, result.text
    assert writer.server.live == live
    assert result.lines[-1] == UNCHANGED, result.text
    assert "Traceback" not in result.text
    assert str(writer.server.folder) not in "\n".join(result.lines)
    assert not (writer.server.site / "releases/.making").exists()
    return result.lines[:-1]


def test_a_push_is_published_and_confirmed(writer: Writer, server: Server) -> None:
    writer.post("a-new-post")
    result = writer.push()
    assert result.accepted, result.text
    assert result.lines[-1] == f"Published as {server.live}."
    assert "A post that is called a-new-post" in server.page("a-new-post/index.html")
    assert (server.site / "current/output/www/index.html.gz").is_file()


def test_mistakes_are_reported_with_file_and_line_and_are_not_published(
    writer: Writer, server: Server
) -> None:
    writer.post("wrong", "## Rates\n\nSee [the rates](#rate).\n\n{% form none %}\n")
    lines = refusal(writer)
    assert [line.partition(": ")[0] for line in lines] == [
        "content/posts/wrong.md:11",
        "content/posts/wrong.md:13",
    ]
    assert not (server.site / "current/output/www/wrong").exists()


def test_a_post_that_links_out_of_content_or_holds_active_content_is_refused(
    writer: Writer, server: Server
) -> None:
    outside = "{attach}../../../../../../../../etc/passwd"
    text = f"[a]({outside}) [b]({{static}}/../../../zz.txt)\n\n<base href=//evil.example/>\n"
    writer.post("evil", text)
    writer.write("content/images/evil.js", "alert(1)")
    writer.commit("A script")
    lines = "\n".join(refusal(writer))
    assert f"content/posts/evil.md:9: `{outside}` leads out of content/" in lines
    assert "`{static}/../../../zz.txt` leads out of content/" in lines
    assert "content/posts/evil.md:11: `<base>`" in lines
    assert "content/images/evil.js: " in lines
    assert not list(server.site.rglob("zz.txt"))


def test_a_mistake_in_a_campaign_is_reported_with_its_line(writer: Writer) -> None:
    path = "campaigns/acme-demo.toml"
    text = (writer.folder / path).read_text()
    writer.write(path, text.replace('model = "cpap"', 'model = "cpx"'))
    writer.commit("An unknown model")
    (line, *_) = refusal(writer)
    assert line.startswith(f"{path}:{text[: text.index('model =')].count(chr(10)) + 1}: ")


def test_a_release_knows_the_versions_that_were_committed_before_it(
    writer: Writer, server: Server
) -> None:
    """The desk lists them: of the commits of one push only the last is ever in force."""
    path = "campaigns/acme-demo.toml"
    text = (writer.folder / path).read_text()
    for number in ("1", "2"):
        writer.write(path, f"# {number}\n{text}")
        writer.commit(number)
    assert writer.push().accepted
    found = committed_versions(server.site / "current/campaigns", "acme-demo")
    newest = [each.content.decode() for each in found[:3]]
    assert newest == [f"# 2\n{text}", f"# 1\n{text}", text]


@pytest.mark.parametrize("path", ["theme/static/style.css", "pelicanconf.py", "evil.py"])
def test_a_push_that_changes_code_or_theme_is_refused(writer: Writer, path: str) -> None:
    writer.write(path, "raise SystemExit('run')")
    writer.commit("Code")
    lines = refusal(writer)
    assert lines[0] == f"{path}: is code or theme, which a push does not change"
    assert "Upgrade" in lines[1]


def test_a_push_that_deletes_code_is_refused(writer: Writer) -> None:
    (writer.folder / "Makefile").unlink()
    writer.commit("No Makefile")
    assert refusal(writer)[0].startswith("Makefile: is code or theme")


def test_a_push_may_contain_the_installed_code(writer: Writer, server: Server) -> None:
    for folder in (server.opt, writer.folder):
        (folder / "theme/static/extra.css").write_text("p { color: red }")
    writer.commit("Merged the upgrade")
    assert writer.push().accepted


def test_a_push_from_a_clone_older_than_the_installed_code_is_accepted(
    writer: Writer, server: Server
) -> None:
    style = server.opt / "theme/static/style.css"
    style.write_text(style.read_text() + "\n/* newer */\n")
    writer.post("from-an-older-clone")
    assert writer.push().accepted


def test_only_the_branch_main_is_published(writer: Writer) -> None:
    writer.post("on-a-branch")
    for ref in ("main:draft", "main:refs/tags/v1", "main:refs/heads/x/main"):
        assert refusal(writer, ref)[0].startswith("only the branch `main` is published here")
    assert refusal(writer, "main", "main:draft")[0].startswith("only the branch `main`")


def test_deleting_main_and_forced_pushes_are_refused(writer: Writer) -> None:
    assert refusal(writer, ":main") == ["`main` is the published branch: it cannot be deleted"]
    writer.git("reset", "--quiet", "--hard", "HEAD~1")
    writer.post("instead")
    (line,) = refusal(writer, "--force", "main")
    assert line.startswith(
        "this push would remove commits that others have published: run `git pull"
    )


def test_a_push_without_commits_changes_nothing(writer: Writer, server: Server) -> None:
    live = server.live
    assert writer.push().accepted
    assert server.live == live


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("ln -s /etc/passwd content/pages/passwd.md", "is a symbolic link"),
        ("ln -s ../gated content/images/gated", "is a symbolic link"),
        ("git -C sub init -q && git -C sub commit -q --allow-empty -m x && mv sub content/sub",
         "is a submodule"),
        ("echo x > content/posts/Notes.md; echo y > content/posts/notes.md", "in capitals"),
        ("mkdir content/Posts; echo x > content/Posts/x.md", "in capitals"),
        ("echo x > content/posts/page.rst", "is not Markdown"),
        ("echo x > 'content/images/a\\b.svg'", "has a name that some systems cannot store"),
        ("touch \"$(printf 'content/images/\\033[31m.svg')\"", "has a name that some systems"),
        ("rm -r content && echo x > content", "is a file, but must be a folder"),
        ("git rm -rq content", "this folder is missing in the push"),
        ("head -c 2100000 /dev/zero > content/images/big.svg", "has 2 MB, and the maximum is 2 MB"),
    ],
)  # fmt: skip
def test_unsafe_or_ambiguous_files_are_refused(writer: Writer, command: str, message: str) -> None:
    (writer.folder / "sub").mkdir()
    writer.server.settings["largest_file_mb"] = "2"
    env = writer.server.environment()
    subprocess.run(["sh", "-c", command], cwd=writer.folder, env=env, check=True)
    shutil.rmtree(writer.folder / "sub", ignore_errors=True)
    writer.commit("Odd")
    lines = refusal(writer)
    del writer.server.settings["largest_file_mb"]
    assert any(message in line for line in lines), lines
    assert all(line.isprintable() for line in lines)


def test_a_small_push_that_unpacks_to_too_much_is_refused(
    writer: Writer,
) -> None:
    writer.server.settings["largest_push_mb"] = "5"
    for number in (1, 2):
        zeros = writer.folder / f"content/gated/zeros-{number}.bin"
        zeros.write_bytes(bytes(3_000_000))
    writer.commit("Two files of zeros, a few kilobytes in git")
    (line,) = refusal(writer)
    del writer.server.settings["largest_push_mb"]
    assert line.startswith(
        "this push unpacks to 6 MB in content/, campaigns/ and clients/, and the "
    )
    assert "GATEPOST_LARGEST_PUSH_MB" in line
    assert "content/gated/zeros-1.bin (3 MB), content/gated/zeros-2.bin (3 MB)" in line


def test_a_push_that_would_use_the_reserve_of_the_disk_is_refused(writer: Writer) -> None:
    writer.server.settings["reserve_mb"] = "1000000"
    writer.post("no-room")
    line, advice = refusal(writer)
    del writer.server.settings["reserve_mb"]
    assert line.startswith("the server's disk has room for 0 MB beside the 1,000,000 MB that are")
    assert advice == "This is not your mistake: please tell the operator."


def git_with_stdin(writer: Writer, data: bytes, *command: str) -> str:
    """Runs git with these bytes as its input and returns its output."""
    env = writer.server.environment()
    process = subprocess.run(
        ["git", *command], cwd=writer.folder, env=env, input=data, capture_output=True, check=True
    )
    return process.stdout.decode().strip()


def make_invalid_commit(writer: Writer, name: bytes, mode: bytes = b"100644") -> str:
    """Makes a commit with an entry in content/ that git itself would not add."""
    git = writer.git
    blob = git("hash-object", "-w", "pelicanconf.py").strip()
    entry = mode + b" " + name + b"\0" + bytes.fromhex(blob)
    content = git_with_stdin(
        writer, entry, "hash-object", "-t", "tree", "-w", "--stdin", "--literally"
    )
    lines = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith("\tcontent")]
    listing = "\n".join([*lines, f"040000 tree {content}\tcontent"])
    tree = git_with_stdin(writer, f"{listing}\n".encode(), "mktree")
    return git("commit-tree", tree, "-p", "HEAD", "-m", "Invalid").strip()


@pytest.mark.parametrize("name", [b"..", b".git", b"../../../evil.py", b".", b"x/../../y"])
def test_a_tree_with_an_invalid_name_is_refused(
    writer: Writer, server: Server, name: bytes
) -> None:
    commit = make_invalid_commit(writer, name)
    (line, *_) = refusal(writer, f"{commit}:main")
    assert line.endswith("points out of its folder: remove it"), line
    assert not list(server.folder.glob("**/evil.py"))


def test_of_two_simultaneous_pushes_one_is_published_and_one_refused(
    writer: Writer, server: Server
) -> None:
    other = server.writer("bob")
    other.git("fetch", "--quiet", "live")
    other.reset_to_live()
    command = [*publisher_command(), "git", "push", "live", "main"]
    writer.post("by-ann")
    other.post("by-bob")
    pushes = [
        subprocess.Popen(
            command, cwd=clone.folder, env=server.environment(var_dir=str(server.var)
            if publisher_command() else "none"), stderr=subprocess.PIPE, text=True,
        )
        for clone in (writer, other)
    ]  # fmt: skip
    outputs = [push.communicate(timeout=HANG_SECONDS)[1] for push in pushes]
    assert sorted(push.returncode for push in pushes) == [0, 1], outputs
    slug = "by-ann" if pushes[0].returncode == 0 else "by-bob"
    assert (server.site / f"current/output/www/{slug}/index.html").is_file()


def wait_for_reader(pipe: Path) -> int:
    """The other end of a pipe, as soon as a process reads from it, which then waits."""
    ends: list[int] = []

    def is_read() -> bool:
        with suppress(OSError):  # nobody reads yet
            ends.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(ends)

    wait_until(is_read)
    return ends[0]


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGHUP])
def test_a_killed_push_harms_neither_the_site_nor_the_next_push(
    writer: Writer, server: Server, signal_number: signal.Signals
) -> None:
    live = server.live
    writer.post(f"killed-by-{signal_number.name.lower()}")
    settings, pipe = server.opt / "pelicanconf.py", server.folder / signal_number.name
    text = settings.read_text()
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    # The build reads its settings, and waits there for the other end of the pipe.
    settings.write_text(f"{text}\nopen({str(pipe)!r}).read()\n")
    push = subprocess.Popen(
        [*publisher_command(), "git", "push", "live", "main"], cwd=writer.folder,
        env=server.environment(var_dir=str(server.folder / "none")), stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    other_end = wait_for_reader(pipe)
    os.killpg(push.pid, signal_number)
    push.communicate()
    os.close(other_end)
    settings.write_text(text)
    assert server.live == live
    assert "</html>" in server.page("index.html")
    result = writer.push()
    assert result.accepted, result.text
    assert f"killed-by-{signal_number.name.lower()}" in server.page("articles/index.html")


def test_a_push_interrupted_after_its_acceptance_is_published_by_the_timer(
    writer: Writer, server: Server
) -> None:
    hook = server.repository / "hooks/post-receive"
    hook.rename(hook.with_suffix(".off"))
    writer.post("interrupted")
    assert writer.push().accepted
    hook.with_suffix(".off").rename(hook)
    assert not (server.site / "current/output/www/interrupted").exists()
    assert server.run("publish", "--if-due").stdout == f"Published as {server.live}.\n"
    assert (server.site / "current/output/www/interrupted/index.html").is_file()


def test_the_publishing_user_cannot_read_leads_or_keys(server: Server, first: Writer) -> None:
    del first
    if not publisher_command():
        pytest.skip("only root can act as two users; CI runs as root")
    key = server.var / "secret_key"
    key.write_text("x" * 64)
    os.chown(key, SERVICE_UID, SERVICE_UID)
    key.chmod(0o600)
    for path in (server.var, key):
        result = subprocess.run(
            [*publisher_command(), "cat", path], capture_output=True, text=True, check=False
        )
        assert "Permission denied" in result.stderr


def test_a_push_by_a_user_who_can_read_var_is_refused(writer: Writer, server: Server) -> None:
    server.var.chmod(0o755)
    writer.post("too-open")
    if publisher_command():
        result = writer.push()
        assert not result.accepted
        (line, message) = result.lines
        assert line.endswith(f"and `chmod 700 {server.var}`")
        assert message == UNCHANGED
    server.var.chmod(0o700)


def test_a_published_address_can_be_removed_only_on_purpose(writer: Writer) -> None:
    writer.post("known-to-readers")
    assert writer.push().accepted
    (writer.folder / "content/posts/known-to-readers.md").unlink()
    writer.commit("Deleted")
    assert any("`known-to-readers` was published and is gone" in line for line in refusal(writer))
    writer.write("content/gone.txt", "known-to-readers\n")
    writer.commit("Given up on purpose")
    assert writer.push().accepted


def test_a_gated_file_cannot_be_published_as_an_image(
    writer: Writer,
) -> None:
    shutil.copy(ROOT / "content/gated/cloud-guide.pdf", writer.folder / "content/images/free.pdf")
    writer.post("free", "[Take it]({static}/images/free.pdf)\n")
    assert any("free.pdf" in line for line in refusal(writer))
