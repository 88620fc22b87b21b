"""Rules for the names of categories, tags and authors: each has an address of its own."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from capture.errors import short_path
from capture.text import count_noun
from publish.checks.finding import Finding
from publish.checks.front_matter import quoted_value, read_yaml
from publish.checks.layout import Layout
from publish.checks.name_slugs import SECTIONS, SLUGS_FILE, NameKind, spelling_key
from publish.checks.near_name import near_name
from publish.checks.post import Post
from publish.checks.project import Writing, list_files, names_of_all
from publish.checks.rules.redirects import long_name
from publish.checks.sure_edits import name_edits

_KEYS: Final[Mapping[NameKind, tuple[str, ...]]] = {
    "category": ("category",),
    "tag": ("tags",),
    "author": ("author", "authors"),
}
"""By kind of name: the keys of the front matter that hold it."""


def name_findings(writing: Writing) -> Iterator[Finding]:
    """Names that give no address, that share one, or that are spelt in two ways."""
    names: dict[NameKind, list[str]] = {kind: [] for kind in SECTIONS}
    for kind, name in names_of_all(post for post in writing.posts if post.kind == "post"):
        if name:  # a project may have no default category
            names[kind].append(name)
    yield from _slugs_file_findings(writing.layout, names)
    for kind, of_kind in names.items():
        by_slug: dict[str, list[str]] = defaultdict(list)
        for name in of_kind:
            by_slug[writing.layout.name_slug(kind, name)].append(name)
        for name in by_slug.pop("", ()):
            problem = "gives no address: use letters or digits"
            yield from _without_address(kind, name, problem, writing.posts_by_name[kind, name])
        for slug, shared in by_slug.items():
            if any(map(long_name, list_files(writing.layout, kind, shared[0]))):
                problem = "gives an address that is too long for a file: shorten it"
                for name in shared:
                    posts = writing.posts_by_name[kind, name]
                    yield from _without_address(kind, name, problem, posts)
            if len(shared) > 1:
                yield from _alike(writing, kind, slug, shared)


def _alike(writing: Writing, kind: NameKind, slug: str, shared: Iterable[str]) -> Iterator[Finding]:
    """Findings for names with the same slug."""
    posts = {name: writing.posts_by_name[kind, name] for name in shared}
    first, *others = sorted(posts, key=lambda name: _rank(name, slug, posts[name]))
    for other in others:
        if is_collision(writing.layout, kind, first, other):
            two = {name: posts[name] for name in (first, other)}
            yield _shared_address(writing.layout, kind, two)
        elif kind != "tag":  # `tag_spelling_findings` compares tags by their words
            is_common = len(posts[first]) > len(posts[other])
            yield from _two_spellings(kind, first, other, posts[other], is_common)


def _rank(name: str, slug: str, posts: Sequence[Post]) -> tuple[bool, int, str]:
    """Sorts first the name that keeps an address: `C` before `C++`, the common before the rare."""
    return spelling_key(name) != spelling_key(slug), -len(posts), name


def is_collision(layout: Layout, kind: NameKind, name: str, other: str) -> bool:
    """Whether two different names share an address. Two spellings of one name may."""
    return (
        spelling_key(name) != spelling_key(other)
        and layout.name_slug(kind, name) == layout.name_slug(kind, other)
        and bool(layout.lists[kind])
    )


def _without_address(
    kind: NameKind, name: str, problem: str, posts: Iterable[Post]
) -> Iterator[Finding]:
    message = f"`{name}` {problem}, or {_own_slug(kind, name)}"
    for post in posts:
        key, line = _place(post, kind)
        yield post.finding("address", line, f"`{key}`: {message}")


def _shared_address(
    layout: Layout, kind: NameKind, posts_by_name: Mapping[str, Sequence[Post]]
) -> Finding:
    """One finding for two names, in the first post that has the second name."""
    (first, first_posts), (name, posts) = posts_by_name.items()
    address = list_files(layout, kind, name)[0].removesuffix("index.html")
    more = f", as in {count_noun(len(posts) - 1, 'more post')}," if len(posts) > 1 else ""
    message = (
        f"`{name}`{more} has the same address as `{first}` of {first_posts[0].where}, /{address}: "
        f"use one name, or {_own_slug(kind, name)}"
    )
    key, line = _place(posts[0], kind)
    return posts[0].finding("address", line, f"`{key}`: {message}")


def _two_spellings(
    kind: NameKind, first: str, name: str, posts: Iterable[Post], is_common: bool
) -> Iterator[Finding]:
    for post in posts:
        message = f"the {kind} `{name}` is spelt `{first}` elsewhere: keep one spelling"
        key, line = _place(post, kind)
        is_sure = is_common and first not in (post.get(key) or ())
        edits = name_edits(post, key, name, first) if is_sure else ()
        yield post.finding("tag-spelling", line, message, edits)


def _own_slug(kind: NameKind, name: str) -> str:
    """How to give a name a slug, for messages."""
    is_plain = read_yaml(f"{name}: x", 1, lower_keys=False).values == {name: "x"}
    key = name if is_plain else quoted_value(name)
    return f"give it a slug: `{key}: ...` below `{SECTIONS[kind]}:` in content/{SLUGS_FILE}"


def _place(post: Post, kind: NameKind) -> tuple[str, int]:
    """The key that names a post's category, tags or authors, and its line."""
    key = next((key for key in _KEYS[kind] if post.has_key(key)), _KEYS[kind][0])
    return key, post.line(key)


def _slugs_file_findings(
    layout: Layout, names: Mapping[NameKind, Sequence[str]]
) -> Iterator[Finding]:
    """Mistakes in `slugs.yaml`, and names there that are probably misspelt."""
    where = short_path(layout.content / SLUGS_FILE)
    for problem in layout.name_slugs.problems:
        yield Finding(where, problem.line, problem.message, problem.rule)
    for kind, name, line in layout.name_slugs.names:
        known = {spelling_key(other) for other in names[kind]}
        unnamed = [other for other in names[kind] if not layout.name_slugs.get(kind, other)]
        if spelling_key(name) not in known and (hint := near_name(name, unnamed, "").hint):
            yield Finding(where, line, f"no post has the {kind} `{name}`{hint}", "tag-spelling")
