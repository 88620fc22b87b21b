"""Rules for the pictures of a text: each is a picture, and none comes from another host."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from publish.checks.finding import Finding
from publish.checks.outline_parts import Link
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.link_checker import USE_A_PICTURE, LinkChecker
from publish.file_types.pictures import PICTURE_SUFFIXES

SHOWN: Final = PICTURE_SUFFIXES | {".ico"}
"""The suffixes of files that browsers show as a picture."""


def picture_findings(writing: Writing) -> Iterator[Finding]:
    """Files that are shown as a picture, and that browsers cannot show."""
    for post in writing.posts:
        is_odd = post.body_facts and post.body_facts.has_odd_pictures
        for source, line in post.body_details.odd_pictures if is_odd else ():
            link = Link(source, line, is_embedded=True)
            file = LinkChecker(writing, post, link).file()
            if file is None or file.is_relative_to(writing.gated):  # another rule reports it
                continue
            if file.suffix.lower() not in SHOWN:
                message = f"shows `{source}`, which is not a picture: {USE_A_PICTURE}"
                yield post.finding("picture", line, message)


def foreign_picture_findings(post: Post) -> Iterator[Finding]:
    """Pictures that browsers would load from another host."""
    for picture in post.outline.pictures:
        try:
            host = urlsplit(picture.source).netloc
        except ValueError:
            host = ""
        if host and not f"{picture.source}/".startswith(f"{post.layout.site_url or '-'}/"):
            message = f"shows `{picture.source}` from another host, which would see every reader: "
            yield post.finding("picture", picture.line, f"{message}put it into content/images")
