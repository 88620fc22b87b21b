"""Rules for tags and titles: posts compete for readers, and a name has one spelling."""

from collections import defaultdict
from collections.abc import Iterator

from publish.checks.finding import Finding
from publish.checks.post import Post
from publish.checks.project import Writing, names_of_all
from publish.checks.rules.names import is_collision
from publish.checks.sure_edits import name_edits
from publish.checks.title_words import stem_of, words_of


def tag_spelling_findings(writing: Writing) -> Iterator[Finding]:
    """Tags that differ only by case, hyphen or plural; reports the less common spelling."""
    tags_by_stem: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for kind, tag in names_of_all(post for post in writing.posts if post.kind == "post"):
        if kind == "tag":
            tags_by_stem[tuple(map(stem_of, words_of(tag)))].append(tag)
    for tags in tags_by_stem.values():
        if len(tags) == 1:
            continue
        spellings = {tag: writing.posts_by_name["tag", tag] for tag in tags}
        most_common, *others = sorted(spellings, key=lambda tag: (-len(spellings[tag]), tag))
        for tag in others:
            if writing.layout.name_slugs.get("tag", tag) or is_collision(
                writing.layout, "tag", tag, most_common
            ):
                continue  # another tag on purpose, or an error of the rule `address`
            is_common = len(spellings[most_common]) > len(spellings[tag])
            for post in spellings[tag]:
                message = f"the tag `{tag}` is spelt `{most_common}` elsewhere: keep one spelling"
                is_sure = is_common and most_common not in post.get("tags")
                edits = name_edits(post, "tags", tag, most_common) if is_sure else ()
                yield post.finding("tag-spelling", post.line("tags"), message, edits)


def same_title_findings(writing: Writing) -> Iterator[Finding]:
    """Posts whose titles have the same words: they compete for the same readers."""
    first: dict[str, Post] = {}
    for post in _articles(writing):
        words = post.facts.title_words
        if words and (other := first.setdefault(words, post)) is not post:
            message = (
                f"has the same words in its title as {other.where}: "
                "merge the posts, or change one title"
            )
            yield post.finding("same-title", post.line("title"), message)


def _articles(writing: Writing) -> Iterator[Post]:
    return (post for post in writing.posts if post.kind == "post")
