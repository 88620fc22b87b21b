"""A gated file never reaches the site, whatever a writer writes."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from capture.errors import FileErrors
from tests.samples import GUIDE

TELL = "only a form gives it out, with `{% form SLUG %}` or `{% cta SLUG %}`"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[x]({static}/gated/guide.pdf)", "guide.pdf"),
        ("[x]({attach}/gated/guide.pdf)", "guide.pdf"),
        ("[x]({static}../gated/guide.pdf)", "guide.pdf"),
        ("[x]({filename}/gated/guide.pdf)", None),
        ("[x](../gated/guide.pdf)", "../gated/guide.pdf"),
        ("[x](/gated/guide.pdf)", "/gated/guide.pdf"),
        ("[x](/gated/guide.pdf?x=1#p2)", "/gated/guide.pdf?x=1#p2"),
        ("[x](/images/../gated/guide.pdf)", "/images/../gated/guide.pdf"),
        ("[x](/%67ated/guide.pdf)", None),
        ("[x][1]\n\n[1]: /gated/guide.pdf", "/gated/guide.pdf"),
        ("<iframe src='/gated/guide.pdf'></iframe>", "/gated/guide.pdf"),
        ("<img alt='' srcset='/images/dot.svg 1x, /gated/guide.pdf 2x'>", "/gated/guide.pdf"),
    ],
)
def test_a_link_to_a_gated_file_is_a_mistake(site: Any, text: str, named: str | None) -> None:
    site.set("WRITING_RULES['blocked'] = 'off'")  # one of the texts has a frame
    site.post(f"Text.\n\n{text}")
    mistakes = site.mistakes()
    if named is not None:
        line = 8 if "[1]" in text else 6
        message = f"content/posts/post.md:{line}: links to the gated file `{named}`: {TELL}"
        assert mistakes == [message]
    assert not site.site.exists()


def test_front_matter_cannot_name_a_gated_file(site: Any) -> None:
    site.post("Text.", front_matter="Image: /gated/guide.pdf\n")
    assert site.mistakes() == [f"content/posts/post.md:3: `image` names a gated file: {TELL}"]


def test_a_text_about_gated_files_is_not_a_link(site: Any) -> None:
    site.post(
        "What gated/ means: `/gated/guide.pdf`, [tag](/tag/gated/), "
        "[elsewhere](https://other.example/gated/guide.pdf) "
        "![gated/guide.pdf]({static}/images/dot.svg)"
    )
    assert site.check().content.articles == 1


def copied(gated: Path, target: Path) -> None:
    shutil.copy(gated, target)


def symbolic(gated: Path, target: Path) -> None:
    target.symlink_to(gated)


def hard(gated: Path, target: Path) -> None:
    os.link(gated, target)


@pytest.mark.parametrize("lay", [copied, symbolic, hard])
def test_a_gated_file_under_another_name_is_a_mistake(site: Any, lay: Any) -> None:
    lay(site.root / "content/gated/guide.pdf", site.root / "content/images/harmless.png")
    site.post("Text.")
    assert site.mistakes() == [
        "content/images/harmless.png: would publish the gated file content/gated/guide.pdf: "
        f"delete it; {TELL}"
    ]


@pytest.mark.parametrize("lay", [copied, hard])
@pytest.mark.parametrize("name", ["harmless.pdf", "harmless.png"])
def test_a_gated_file_beside_a_text_that_links_to_it_is_a_mistake(
    site: Any, lay: Any, name: str
) -> None:
    site.post("Text.")
    lay(site.root / "content/gated/guide.pdf", site.root / "content/posts" / name)
    assert site.check().content.articles == 1
    site.post(f"Text.\n\n[x]({name})")
    assert site.mistakes() == [
        f"content/posts/post.md:6: content/posts/{name} would publish the gated file "
        f"content/gated/guide.pdf: delete it; {TELL}"
    ]


@pytest.mark.parametrize("lay", [copied, symbolic, hard])
@pytest.mark.parametrize("path", ["campaigns/guide.toml", "clients/acme.toml"])
def test_a_campaigns_or_clients_file_under_another_name_is_a_mistake(
    site: Any, lay: Any, path: str
) -> None:
    lay(site.root / path, site.root / "content/images/harmless.png")
    site.post("Text.")
    assert site.mistakes() == [
        f"content/images/harmless.png: would publish {path}: delete it; "
        "campaign and client files are confidential"
    ]


def test_a_symbolic_link_to_the_gated_folder_is_a_mistake(site: Any) -> None:
    (site.root / "content/images/more").symlink_to(site.root / "content/gated")
    assert "would publish the gated file content/gated/guide.pdf" in site.mistakes()[0]


def test_a_copy_behind_a_symbolic_link_to_a_folder_is_a_mistake(site: Any) -> None:
    site.write("content/other/copy.pdf", GUIDE)
    (site.root / "content/images/more").symlink_to(site.root / "content/other")
    assert site.mistakes() == [
        "content/images/more/copy.pdf: would publish the gated file content/gated/guide.pdf: "
        f"delete it; {TELL}"
    ]


def test_the_gated_file_itself_is_never_deleted(site: Any) -> None:
    site.set("OUTPUT_PATH = '.'")
    site.post("Text.")
    assert site.pelican().returncode == 0
    assert (site.root / "content/gated/guide.pdf").exists()
    assert (site.root / "campaigns/guide.toml").exists()


def test_a_gated_text_cannot_be_made_a_post(site: Any) -> None:
    site.write("content/gated/notes.md", "Title: Notes\nDate: 2026-11-02\n\nSecret.")
    (site.root / "content/posts").mkdir()
    (site.root / "content/posts/notes.md").symlink_to(site.root / "content/gated/notes.md")
    assert "would publish the gated file content/gated/notes.md" in site.mistakes()[0]


def test_a_gated_file_in_the_finished_site_is_removed_whatever_created_it(site: Any) -> None:
    shutil.copy(site.root / "content/gated/guide.pdf", site.root / "theme/static/extra.css")
    site.post("Text.")
    with pytest.raises(FileErrors) as message:
        site.build()
    assert ("content/gated/guide.pdf: would have been published as /theme/extra.") in str(
        message.value
    )
    assert not site.site.exists()


def test_a_campaign_file_in_the_finished_site_is_removed_too(site: Any) -> None:
    shutil.copy(site.root / "campaigns/guide.toml", site.root / "theme/static/extra.css")
    site.post("Text.")
    with pytest.raises(FileErrors, match=r"campaigns/guide\.toml: would have been published"):
        site.build()
    assert not site.site.exists()


def test_plain_pelican_removes_a_leaked_file(site: Any) -> None:
    shutil.copy(site.root / "content/gated/guide.pdf", site.root / "theme/static/extra.css")
    site.post("Text.")
    assert site.pelican().returncode == 1
    assert GUIDE.encode() not in site.files().values()
    assert "post/index.html" in site.files()


def test_empty_files_do_not_count_as_copies(site: Any) -> None:
    site.write("content/gated/.gitkeep", "")
    site.write("content/images/empty.txt", "")
    assert site.check().content.articles == 0
