"""No path in content makes a build or a check read or write a file outside its folders."""
# ruff: noqa: RUF001 - look-alikes are what is tested

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.errors import FileErrors
from publish.build.cache_folder import KEPT
from tests.long import rounds

SECRET = "the ledger, which nobody may read"
IN_COMMENT = "<!-- <a href='{static}/../../var/gatepost.db'>x</a> -->"


@pytest.fixture
def canary(site: Any) -> Path:
    path: Path = site.write("var/gatepost.db", SECRET)
    return path


LINKS = [
    "[a]({attach}../../var/gatepost.db)",
    "[a]({attach}../../../../../../../../../../../../etc/passwd)",
    "[a]({static}../../var/gatepost.db)",
    "[a]({static}/../var/gatepost.db)",
    "[a](|attach|../../var/gatepost.db)",
    "[a]({filename}../../var/gatepost.db)",
    "[a]({static}////etc/passwd)",
    "[a]({static}/images/../../var/gatepost.db)",
    "[a]({static}%2e%2e/%2e%2e/var/gatepost.db)",
    "[a]({static}..%252f..%252fvar/gatepost.db)",
    "<a href='{static}..\\..\\var\\gatepost.db'>a</a>",
    "[a]({static}．．／．．／var／gatepost.db)",
    "![a]({static}/../var/gatepost.db)",
    "![a](/images/../../var/gatepost.db)",
    "[a][1]\n\n[1]: {attach}../../var/gatepost.db",
    "<a href='{attach}../../var/gatepost.db'>a</a>",
    "<video poster='{static}/../var/gatepost.db'></video>",
    "<img alt='' src='{static}/../var/gatepost.db'>",
    "<img alt='' srcset='/images/../../var/gatepost.db 2x'>",
    "<img alt='' srcset='{static}/../var/gatepost.db 2x'>",
    "<a href={static}/../var/gatepost.db>a</a>",
    "[x](/post/){: href='{static}/../var/gatepost.db' }",
    "<pre>\n<a HREF='{attach}../../var/gatepost.db'>x</a>\n</pre>",
]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_out_of_content_is_refused_by_check_and_build(
    site: Any, canary: Path, link: str
) -> None:
    site.post(f"Text.\n\n{link}")
    errors = site.check().findings.errors
    # A video is an error of its own, wherever its picture is.
    [message] = [str(finding.problem) for finding in errors if finding.rule != "blocked"]
    assert "content/posts/post.md:" in message
    assert "leads out of content/: put a copy into it, and use the path of the copy" in message
    assert message in site.mistakes()
    assert not site.site.exists()
    assert canary.read_text() == SECRET


@pytest.mark.parametrize(
    "text",
    [
        IN_COMMENT,
        "[[gatepost]]",
    ],
)
def test_a_link_that_only_the_finished_page_shows_is_refused_before_its_file_is_read(
    site: Any, canary: Path, text: str
) -> None:
    wiki_links = {"base_url": "{static}/../var/", "end_url": ".db"}
    extension = "markdown.extensions.wikilinks"
    site.set(f'MARKDOWN["extension_configs"]["{extension}"] = {wiki_links}')
    site.post(f"Text.\n\n{text}")
    message = site.mistakes_of_build()
    assert len(message) == 1
    assert "gatepost.db" in message[0]
    assert "leads out of content/" in message[0]
    assert not site.site.exists()
    assert canary.read_text() == SECRET


def test_an_attribute_among_others_cannot_name_a_file_outside(site: Any, canary: Path) -> None:
    site.post("<p title='{static}' data-x='1' data='{static}/../var/gatepost.db'>x</p>")
    (message,) = site.mistakes()
    assert "gatepost.db` leads out of content/" in message
    assert canary.read_text() == SECRET


def test_a_linked_file_is_never_written_outside_the_site(site: Any) -> None:
    site.write("zz.txt", "outside")
    site.post("[a]({static}/../zz.txt)\n\n<!-- <a href='{static}/../zz.txt'>x</a> -->")
    assert any("leads out of content/" in line for line in site.mistakes())
    assert [str(path.relative_to(site.root)) for path in site.root.rglob("zz.txt")] == ["zz.txt"]


def test_plain_pelican_refuses_a_link_out_of_content(site: Any) -> None:
    site.write("var/gatepost.db", SECRET)
    site.post(IN_COMMENT)
    done = site.pelican()
    assert done.returncode != 0
    assert "leads out of content/" in done.stderr + done.stdout
    assert not site.site.exists() or SECRET not in str(site.files())


def test_front_matter_cannot_name_a_picture_outside(site: Any) -> None:
    site.write("var/gatepost.db", SECRET)
    site.post("Text.", front_matter="Image: /images/../../var/gatepost.db\nImage_alt: x\n")
    message = "`image` leads out of content/: put a copy into it, and use the path of the copy"
    assert site.mistakes() == [f"content/posts/post.md:3: {message}"]


def test_a_category_or_file_name_that_leads_out_of_the_site_is_refused(site: Any) -> None:
    site.set('TAG_SAVE_AS = "tag/{slug}/index.html"')
    site.set('SLUG_REGEX_SUBSTITUTIONS = [("X", "../../../out")]')
    site.post("Text.", front_matter="Slug: post\nTags: X\n")
    assert any("leads out of www/" in line for line in site.mistakes_of_build())


def test_settings_cannot_write_a_post_outside_the_site(site: Any) -> None:
    site.set('EXTRA_PATH_METADATA = {"posts/post.md": {"save_as": "../www-evil/x.html"}}')
    site.post("Text.")
    assert any("leads out of www/" in line for line in site.mistakes_of_build())
    assert not (site.root / "output/www-evil").exists()


@pytest.mark.parametrize("place", ["images/pipe.png", "posts/pipe.md", "pages/pipe.md", "gone.txt"])
def test_a_pipe_in_content_is_refused_and_does_not_block(site: Any, place: str) -> None:
    for folder in ("posts", "pages"):
        (site.root / "content" / folder).mkdir()
    os.mkfifo(site.root / "content" / place)
    site.post("Text.")
    message = "is a pipe, socket or device: replace it with a regular file"
    assert site.mistakes() == [f"content/{place}: {message}"]


def test_a_link_to_a_device_is_refused_and_never_read(site: Any) -> None:
    (site.root / "content/posts").mkdir()
    (site.root / "content/posts/zero.md").symlink_to("/dev/zero")
    message = "leads out of content/, to /dev/zero: put a copy in its place"
    assert site.mistakes() == [f"content/posts/zero.md: {message}"]


@pytest.mark.parametrize("link", ["{static}/images", "{attach}../images", "{static}/images/"])
def test_a_link_to_a_folder_is_refused(site: Any, link: str) -> None:
    site.post(f"[a]({link})")
    message = f"`{link}` is a folder: name a file"
    assert site.mistakes() == [f"content/posts/post.md:4: {message}"]


def test_a_circular_folder_link_is_refused(site: Any) -> None:
    site.post("Text.")
    (site.root / "content/images/again").symlink_to("..")
    message = "content/images/again: is a circular link, to ..: delete the link"
    assert site.mistakes() == [message]


@pytest.mark.parametrize("name", ["gone", "x" * 300, "a%00b", "a%0ab"])
def test_an_impossible_file_name_is_reported_in_one_line(site: Any, name: str) -> None:
    site.post(f"[a]({{static}}/images/{name})\n\n[b](/images/{name}) [c](/gated/{name})")
    assert all("content/posts/post.md:" in line for line in site.mistakes())


def test_paths_inside_the_content_folder_are_accepted(site: Any) -> None:
    site.write("content/images/a b/dots ....svg", "<svg/>")
    site.post("[a]({static}/images/a%20b/dots%20....svg) [d]({attach}../images/dot.svg)")
    site.build()
    assert {"images/a b/dots ....svg", "post/dot.svg"} <= set(site.files())


OPENED: list[str] = []
sys.addaudithook(lambda event, args: OPENED.append(str(args[0])) if event == "open" else None)
SPELT = st.builds(
    lambda word, steps, end: word + "".join(steps) + end,
    st.sampled_from(["{attach}", "{static}", "{static}/", "|static|", "{filename}", "/images/"]),
    st.lists(
        st.sampled_from(
            ["../", "..//", "%2e%2e/", "..%2f", "..\\", "．．／", "./", "images/", "/"]
        ),
        max_size=7,
    ),
    st.sampled_from(["var/gatepost.db", "etc/passwd", "proc/self/environ", "secret.txt"]),
)


@pytest.mark.long
@settings(
    max_examples=rounds(12, 1000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    link=SPELT, shape=st.sampled_from(["[a]({})", "<a href='{}'>a</a>", "<!-- <a href='{}'> -->"])
)
def test_no_link_makes_a_build_read_or_write_outside(site: Any, link: str, shape: str) -> None:
    site.write("var/gatepost.db", SECRET)
    site.post("Text.\n\n" + shape.replace("{}", link, 1))
    around = {path for path in site.root.rglob("*") if "output" not in path.parts}
    OPENED.clear()
    with suppress(FileErrors):
        site.build()  # `/images/...` in a comment leads nowhere, and is no mistake
    assert [name for name in OPENED if "gatepost.db" in name or name.startswith("/proc")] == []
    ours = {"output", "cache", "__pycache__"}
    new_files = {path for path in site.root.rglob("*") if not ours.intersection(path.parts)}
    assert new_files <= around
    cache = site.root / "cache"  # of check and build
    assert {path.name for path in cache.glob("*")} <= set(KEPT)
    assert [name for name in site.files() if "passwd" in name or "gatepost" in name] == []
    assert all(SECRET.encode() not in content for content in site.files().values())


@pytest.mark.parametrize("attribute", ["onclick='x'", "href='javascript:x'"])
def test_active_content_that_markdown_creates_stops_the_build(site: Any, attribute: str) -> None:
    site.post(f"[x](/post/){{: {attribute} }}")
    [message] = site.mistakes()
    assert "runs code in the reader's browser: remove it" in message
