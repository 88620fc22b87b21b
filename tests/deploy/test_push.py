"""`git push live main` with a real repository: what is taken, what is refused, in what words."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.deploy.server import ROOT, Server, Writer, as_publisher

UNTOUCHED = "Nothing was published; the site is unchanged."


def refused(writer: Writer, *what: str) -> list[str]:
    """What the terminal said of a push that was refused; the live site is as it was."""
    live = writer.server.live
    text = writer.push(*what)
    assert not text.taken, text.text
    assert writer.server.live == live
    assert text.lines[-1] == UNTOUCHED, text.text
    assert "Traceback" not in text.text
    assert str(writer.server.folder) not in "\n".join(text.lines)
    assert not (writer.server.site / "releases/.making").exists()
    return text.lines[:-1]


def test_a_push_is_published_and_said_to_be(writer: Writer, server: Server) -> None:
    writer.post("a-new-post")
    text = writer.push()
    assert text.taken, text.text
    assert text.lines[-1] == f"Published as {server.live}."
    assert "A post that is called a-new-post" in server.page("a-new-post/index.html")
    assert (server.site / "current/output/www/index.html.gz").is_file()


def test_mistakes_are_told_with_file_and_line_and_readers_see_nothing_of_it(
    writer: Writer, server: Server
) -> None:
    writer.post("wrong", "## Rates\n\nSee [the rates](#rate).\n", summary="Short.")
    lines = refused(writer)
    assert [line.partition(": ")[0] for line in lines] == [
        "content/posts/wrong.md:7",
        "content/posts/wrong.md:11",
    ]
    assert not (server.site / "current/output/www/wrong").exists()


def test_a_post_that_reaches_out_of_content_or_acts_in_a_browser_is_refused(
    writer: Writer, server: Server
) -> None:
    outside = "{attach}../../../../../../../../etc/passwd"
    text = f"[a]({outside}) [b]({{static}}/../../../zz.txt)\n\n<base href=//evil.example/>\n"
    writer.post("evil", text)
    writer.write("content/images/evil.js", "alert(1)")
    writer.commit("A script")
    sentence = "\n".join(refused(writer))
    assert f"content/posts/evil.md:9: `{outside}` leads out of content/" in sentence
    assert "`{static}/../../../zz.txt` leads out of content/" in sentence
    assert "content/posts/evil.md:11: `<base>`" in sentence
    assert "content/images/evil.js: " in sentence
    assert not list(server.site.rglob("zz.txt"))


def test_a_faulty_campaign_is_told_with_its_line(writer: Writer) -> None:
    path = "campaigns/acme-demo.toml"
    text = (writer.folder / path).read_text()
    writer.write(path, text.replace('model = "cpap"', 'model = "cpx"'))
    writer.commit("A model that there is not")
    (line, *_) = refused(writer)
    assert line.startswith(f"{path}:{text[: text.index('model =')].count(chr(10)) + 1}: ")


@pytest.mark.parametrize("path", ["theme/static/style.css", "pelicanconf.py", "evil.py"])
def test_code_and_theme_are_not_changed_by_a_push(writer: Writer, path: str) -> None:
    writer.write(path, "raise SystemExit('run')")
    writer.commit("Code")
    lines = refused(writer)
    assert lines[0] == f"{path}: is code or theme, which a push does not change"
    assert "Upgrade" in lines[1]


def test_what_is_taken_away_outside_is_a_change_of_code_too(writer: Writer) -> None:
    (writer.folder / "Makefile").unlink()
    writer.commit("No Makefile")
    assert refused(writer)[0].startswith("Makefile: is code or theme")


def test_a_push_may_carry_the_code_that_is_installed(writer: Writer, server: Server) -> None:
    for folder in (server.opt, writer.folder):
        (folder / "theme/static/extra.css").write_text("p { color: red }")
    writer.commit("Merged the upgrade")
    assert writer.push().taken


def test_a_clone_that_is_older_than_the_installed_code_may_push(
    writer: Writer, server: Server
) -> None:
    shown = server.opt / "theme/static/style.css"
    shown.write_text(shown.read_text() + "\n/* newer */\n")
    writer.post("from-an-older-clone")
    assert writer.push().taken


def test_only_the_branch_main_is_published(writer: Writer) -> None:
    writer.post("on-a-branch")
    for what in ("main:draft", "main:refs/tags/v1", "main:refs/heads/x/main"):
        assert refused(writer, what)[0].startswith("only the branch `main` is published here")
    assert refused(writer, "main", "main:draft")[0].startswith("only the branch `main`")


def test_main_is_neither_deleted_nor_pushed_by_force(writer: Writer) -> None:
    assert refused(writer, ":main") == ["`main` is the published branch: it cannot be deleted"]
    writer.git("reset", "--quiet", "--hard", "HEAD~1")
    writer.post("instead")
    (line,) = refused(writer, "--force", "main")
    assert line.startswith(
        "this push would remove commits that others have published: run `git pull"
    )


def test_a_push_of_nothing_changes_nothing(writer: Writer, server: Server) -> None:
    live = server.live
    assert writer.push().taken
    assert server.live == live


@pytest.mark.parametrize(
    ("make", "told"),
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
def test_what_could_leave_its_folder_or_meet_another_file_is_refused(
    writer: Writer, make: str, told: str
) -> None:
    (writer.folder / "sub").mkdir()
    writer.server.settings["largest_file_mb"] = "2"
    env = writer.server.environment()
    subprocess.run(["sh", "-c", make], cwd=writer.folder, env=env, check=True)
    shutil.rmtree(writer.folder / "sub", ignore_errors=True)
    writer.commit("Odd")
    lines = refused(writer)
    del writer.server.settings["largest_file_mb"]
    assert any(told in line for line in lines), lines
    assert all(line.isprintable() for line in lines)


def test_a_small_pack_that_unpacks_to_much_is_refused_before_anything_is_written(
    writer: Writer,
) -> None:
    writer.server.settings["largest_push_mb"] = "5"
    for number in (1, 2):
        zeros = writer.folder / f"content/gated/zeros-{number}.bin"
        zeros.write_bytes(bytes(3_000_000))
    writer.commit("Two files of zeros, a few kilobytes in git")
    (line,) = refused(writer)
    del writer.server.settings["largest_push_mb"]
    assert line.startswith(
        "this push unpacks to 6 MB in content/, campaigns/ and clients/, and the "
    )
    assert "GATEPOST_LARGEST_PUSH_MB" in line
    assert "content/gated/zeros-1.bin (3 MB), content/gated/zeros-2.bin (3 MB)" in line


def test_the_reserve_of_the_disk_is_not_published_into(writer: Writer) -> None:
    writer.server.settings["reserve_mb"] = "1000000"
    writer.post("no-room")
    line, lookup = refused(writer)
    del writer.server.settings["reserve_mb"]
    assert line.startswith("the server's disk has room for 0 MB beside the 1,000,000 MB that are")
    assert lookup == "This is not your mistake: please tell the operator."


def fed(writer: Writer, raw: bytes, *command: str) -> str:
    """What git prints when it is given the bytes."""
    env = writer.server.environment()
    ran = subprocess.run(
        ["git", *command], cwd=writer.folder, env=env, input=raw, capture_output=True, check=True
    )
    return ran.stdout.decode().strip()


def hand_made(writer: Writer, name: bytes, mode: bytes = b"100644") -> str:
    """A commit whose content/ holds an entry that no git would add."""
    git = writer.git
    blob = git("hash-object", "-w", "pelicanconf.py").strip()
    raw = mode + b" " + name + b"\0" + bytes.fromhex(blob)
    evil = fed(writer, raw, "hash-object", "-t", "tree", "-w", "--stdin", "--literally")
    kept = [line for line in git("ls-tree", "HEAD").splitlines() if not line.endswith("\tcontent")]
    listed = "\n".join([*kept, f"040000 tree {evil}\tcontent"])
    tree = fed(writer, f"{listed}\n".encode(), "mktree")
    return git("commit-tree", tree, "-p", "HEAD", "-m", "By hand").strip()


@pytest.mark.parametrize("name", [b"..", b".git", b"../../../evil.py", b".", b"x/../../y"])
def test_a_tree_made_by_hand_leads_nowhere(writer: Writer, server: Server, name: bytes) -> None:
    commit = hand_made(writer, name)
    (line, *_) = refused(writer, f"{commit}:main")
    assert line.endswith("points out of its folder: remove it"), line
    assert not list(server.folder.glob("**/evil.py"))


def test_of_two_pushes_at_once_one_is_published_and_the_other_told(
    writer: Writer, server: Server
) -> None:
    other = server.writer("bob")
    other.git("fetch", "--quiet", "live")
    other.undo()
    command = [*as_publisher(), "git", "push", "live", "main"]
    writer.post("by-ann")
    other.post("by-bob")
    pushes = [
        subprocess.Popen(
            command, cwd=one.folder, env=server.environment(var_dir=str(server.var)
            if as_publisher() else "none"), stderr=subprocess.PIPE, text=True,
        )
        for one in (writer, other)
    ]  # fmt: skip
    parts = [push.communicate(timeout=120)[1] for push in pushes]
    assert sorted(push.returncode for push in pushes) == [0, 1], parts
    used = "by-ann" if pushes[0].returncode == 0 else "by-bob"
    assert (server.site / f"current/output/www/{used}/index.html").is_file()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP])
def test_a_push_that_is_killed_leaves_the_site_and_the_next_push_whole(
    writer: Writer, server: Server, how: signal.Signals
) -> None:
    live = server.live
    writer.post(f"killed-by-{how.name.lower()}")
    push = subprocess.Popen(
        [*as_publisher(), "git", "push", "live", "main"], cwd=writer.folder,
        env=server.environment(var_dir=str(server.folder / "none")), stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    making = server.site / "releases/.making/output"
    while push.poll() is None and not making.exists():
        time.sleep(0.005)
    os.killpg(push.pid, how)
    push.communicate()
    assert server.live == live
    assert "</html>" in server.page("index.html")
    text = writer.push()
    assert text.taken, text.text
    assert f"killed-by-{how.name.lower()}" in server.page("articles/index.html")


def test_a_push_that_was_cut_off_after_git_took_it_is_shown_by_the_timer(
    writer: Writer, server: Server
) -> None:
    hook = server.repository / "hooks/post-receive"
    hook.rename(hook.with_suffix(".off"))
    writer.post("cut-off")
    assert writer.push().taken
    hook.with_suffix(".off").rename(hook)
    assert not (server.site / "current/output/www/cut-off").exists()
    assert server.run("publish", "--if-due").stdout == f"Published as {server.live}.\n"
    assert (server.site / "current/output/www/cut-off/index.html").is_file()


def test_the_publishing_user_cannot_read_leads_or_keys(server: Server, first: Writer) -> None:
    del first
    if not as_publisher():
        pytest.skip("only root can be two users; CI is root")
    kept = server.var / "secret_key"
    kept.write_text("x" * 64)
    os.chown(kept, 61_001, 61_001)
    kept.chmod(0o600)
    for path in (server.var, kept):
        read = subprocess.run(
            [*as_publisher(), "cat", path], capture_output=True, text=True, check=False
        )
        assert "Permission denied" in read.stderr  # fmt: skip


def test_a_publishing_user_who_could_read_var_is_refused(writer: Writer, server: Server) -> None:
    server.var.chmod(0o755)
    writer.post("too-open")
    if as_publisher():
        (line, message) = writer_lines(writer)
        assert line.endswith(f"and `chmod 700 {server.var}`")
        assert message == UNTOUCHED
    server.var.chmod(0o700)


def writer_lines(writer: Writer) -> list[str]:
    text = writer.push()
    assert not text.taken
    return text.lines


def test_an_address_that_readers_know_does_not_vanish_unnoticed(writer: Writer) -> None:
    writer.post("known-to-readers")
    assert writer.push().taken
    (writer.folder / "content/posts/known-to-readers.md").unlink()
    writer.commit("Away with it")
    assert any("`known-to-readers` was published and is gone" in line for line in refused(writer))
    writer.write("content/gone.txt", "known-to-readers\n")
    writer.commit("It is given up")
    assert writer.push().taken


def test_gated_files_and_files_of_the_machine_do_not_come_into_the_site(
    writer: Writer,
) -> None:
    shutil.copy(ROOT / "content/gated/cloud-guide.pdf", writer.folder / "content/images/free.pdf")
    writer.post("free", "[Take it]({static}/images/free.pdf)\n")
    assert any("free.pdf" in line for line in refused(writer))
