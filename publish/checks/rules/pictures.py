"""Rules for the pictures of a text: each is a picture, and none comes from another host."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from publish.checks.finding import Finding
from publish.checks.outline_parts import Link
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.links import USE_A_PICTURE, LinkChecker
from publish.file_types.pictures import PICTURE_SUFFIXES

_SHOWN: Final = PICTURE_SUFFIXES | {".ico"}


def picture_findings(writing: Writing) -> Iterator[Finding]:
    """Pictures that readers would not see, or that another host would see readers by."""
    for post in writing.posts:
        yield from _foreign_pictures(writing, post)
        yield from _other_files(writing, post)


def _foreign_pictures(writing: Writing, post: Post) -> Iterator[Finding]:
    """Pictures that browsers would load from another host."""
    for picture in post.outline.pictures:
        try:
            host = urlsplit(picture.source).netloc
        except ValueError:
            host = ""
        if host and not f"{picture.source}/".startswith(f"{writing.layout.site_url or '-'}/"):
            message = f"shows `{picture.source}` from another host, which would see every reader: "
            yield post.finding("picture", picture.line, f"{message}put it into content/images")


def _other_files(writing: Writing, post: Post) -> Iterator[Finding]:
    """Files that are shown as a picture, and that browsers cannot show."""
    for picture in post.outline.pictures:
        link = Link(picture.source, picture.line, is_embedded=True)
        file = LinkChecker(writing, post, link).file()
        if file is None or file.is_relative_to(writing.gated):  # another rule reports it
            continue
        if file.suffix.lower() not in _SHOWN:
            message = f"shows `{picture.source}`, which is not a picture: {USE_A_PICTURE}"
            yield post.finding("picture", picture.line, message)
