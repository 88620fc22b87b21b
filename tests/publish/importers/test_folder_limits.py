"""An import reads nothing outside the export and writes nothing outside the content folder."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from capture.errors import Refused
from publish.importers.hugo.site import read_hugo
from publish.importers.model import Item
from publish.importers.plan import Plan, PlannedFile, write_plan

NOW = datetime(2026, 11, 2, tzinfo=UTC)
POST = "---\ntitle: One\ndate: 2026-01-01\n---\n{}\n"


def test_a_symbolic_link_or_pipe_in_an_export_gets_a_note_and_is_not_read(tmp_path: Path) -> None:
    posts = tmp_path / "hugo/content/posts"
    posts.mkdir(parents=True)
    (posts / "one.md").write_text(POST.format("Text."))
    (tmp_path / "key.md").write_text(POST.format("unspeakable"))
    (posts / "key.md").symlink_to(tmp_path / "key.md")
    os.mkfifo(posts / "pipe.md")
    export = read_hugo(tmp_path / "hugo", NOW)
    assert [item.where for item in export.items] == ["posts/one.md"]
    messages = {(note.where, note.message) for note in export.notes}
    refused = "leads out of hugo/, or is not a file"
    assert {("posts/key.md", refused), ("posts/pipe.md", refused)} <= messages


@pytest.mark.parametrize("name", ["posts/one.md", "../one.md", "posts/../../one.md"])
def test_no_text_is_written_outside_the_content_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "content/posts").symlink_to(tmp_path / "elsewhere")
    item = Item("one", "post", "One", "one", "", "/one/")
    plan = Plan((PlannedFile(name, item, {}, "Text."),), (), {}, ())
    with pytest.raises(Refused, match="leads out of content/; nothing was written"):
        write_plan(plan, tmp_path / "content")
    assert list(tmp_path.rglob("*.md")) == []


def test_no_picture_is_written_outside_the_content_folder(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "content/images").symlink_to(tmp_path / "elsewhere")
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"x")
    plan = Plan((), (), {tmp_path / "content/images/a.png": picture}, ())
    with pytest.raises(Refused, match="leads out of content/; nothing was written"):
        write_plan(plan, tmp_path / "content")
    assert list((tmp_path / "elsewhere").iterdir()) == []
