"""Rules between posts: tags spelt in two ways, titles that aim at the same, posts left alone."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from publish.writing.finding import Finding
from publish.writing.post import Post
from publish.writing.rules.links import led
from publish.writing.writing import Writing

_WORD: Final = re.compile(r"[^\W_]+")
_IDLE: Final = frozenset(
    _WORD.findall(
        "a an and are as at be by for from how in is it its of on or that the this to what when "
        "where which who why will with you your"
    )
)
_NO_PLURALS: Final = frozenset({"means", "news", "sales", "series"})


def tag_spellings(writing: Writing) -> Iterator[Finding]:
    """Tags that differ by case, hyphen or plural only: the rarer spelling is told."""
    spelt: dict[tuple[str, ...], dict[str, list[Post]]] = defaultdict(lambda: defaultdict(list))
    for post in writing.posts:
        for tag in post.get("tags") or ():
            spelt[tuple(map(_stem, _words(tag)))][tag].append(post)
    for spellings in spelt.values():
        usual, *others = sorted(spellings, key=lambda tag: (-len(spellings[tag]), tag))
        for tag in others:
            for post in spellings[tag]:
                told = f"the tag `{tag}` is spelt `{usual}` elsewhere: keep one spelling"
                yield post.finding("tag-spelling", post.head.line("tags"), told)


def same_titles(writing: Writing) -> Iterator[Finding]:
    """Posts whose titles hold the same words: they take readers from each other."""
    first: dict[frozenset[str], Post] = {}
    for post in _articles(writing):
        words = frozenset(map(_stem, _words(post.get("title") or "")))
        aim = (words - _IDLE) or words
        if aim and (other := first.setdefault(aim, post)) is not post:
            told = f"aims at the same title as {other.where}: join them, or say how they differ"
            yield post.finding("same-title", post.head.line("title"), told)


def orphans(writing: Writing) -> Iterator[Finding]:
    """Published posts that no other post or page leads to."""
    articles = [post for post in _articles(writing) if writing.is_public(post)]
    led_to = Counter(
        found.path
        for post in writing.posts
        if writing.is_public(post)
        for found in set(led(writing, post))
        if found is not post
    )
    for post in articles:
        if post.path not in led_to and len(articles) > 1:
            told = "no other post or page links to this one: link to it where it helps a reader"
            yield post.finding("orphan", post.head.line("title"), told)


def _articles(writing: Writing) -> Iterator[Post]:
    return (post for post in writing.posts if post.kind == "post")


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _stem(word: str) -> str:
    """The word without the commonest endings of an English plural."""
    if word in _NO_PLURALS:
        return word
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
