"""Rules for the text of one post: headings in order, pictures that say what one sees, brackets."""

from collections.abc import Iterator

from publish.writing.finding import Finding
from publish.writing.post import Post
from publish.writing.writing import Writing


def text_findings(writing: Writing) -> Iterator[Finding]:
    """What is wrong with each text by itself."""
    for post in writing.posts:
        yield from _headings(post)
        if post.outline.unclosed is not None:
            told = (
                "too many brackets are open here, not closed or one within another; the page would "
                "take minutes to make: close them, or write `\\[` and `\\<`"
            )
            yield post.finding("unclosed", post.outline.unclosed, told)
        for picture in post.outline.pictures:
            if picture.alt is None:
                name = f"`{picture.source}`" if picture.source else "a picture"
                told = f"{name} has no alternative text: write ![what one sees](...)"
                yield post.finding("alt", picture.line, told)


def _headings(post: Post) -> Iterator[Finding]:
    """The title is the page's heading of the first level, so a text begins with the second."""
    above = 1
    for heading in post.outline.headings:
        if heading.level == 1:
            told = "the title is the only heading of the first level: write `##`"
            yield post.finding("headings", heading.line, f"`# {heading.text}`: {told}")
        elif heading.level > above + 1:
            marks, fit = "#" * heading.level, "#" * (above + 1)
            told = f"leaves out a level: write `{fit}` under a heading of level {above}"
            yield post.finding("headings", heading.line, f"`{marks} {heading.text}` {told}")
        above = heading.level
