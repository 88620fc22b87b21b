"""Rules for the keys of front matter: misspelt ones, and those of other systems."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from publish.checks.edit import Edit
from publish.checks.finding import Finding
from publish.checks.near_name import near_name
from publish.checks.post import Post
from publish.checks.post_text import MODELS

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "categories": "category",
    "description": "summary",
    "excerpt": "summary",
    "lastmod": "modified",
    "last_modified_at": "modified",
    "updated": "modified",
    "canonical_url": "canonical",
    "canonicalurl": "canonical",
}
"""Keys of Hugo and Jekyll, and the key with the same meaning."""
_UNLIKE: Final = frozenset({"images"})
"""Keys of Hugo that are no misspelling of ours: `images` is a list for link previews."""
_HIDES: Final[Mapping[str, frozenset[str]]] = {
    "draft": frozenset({"true", "yes"}),
    "published": frozenset({"false", "no"}),
}
"""Keys of Hugo and Jekyll, and their values that keep a text off the site."""
_SHOWS: Final[Mapping[str, frozenset[str]]] = {
    "draft": frozenset({"false", "no"}),
    "published": frozenset({"true", "yes"}),
}
"""Their values that say what is so without them."""
_ONE_ENTRY: Final = re.compile(
    r"[ \t]*\[[ \t]*(?P<entry>\"[^\"\\]+\"|'[^']+'|[\w -]+?)[ \t]*\][ \t]*"
)


def key_findings(post: Post) -> Iterator[Finding]:
    """Keys without an effect. A misspelt one is an error: `Statsu: draft` would be published."""
    known = MODELS[post.kind].model_fields
    for key, value in post.front_matter.values.items():
        if key not in known:
            yield _unknown_key(post, key, value, known)


def meant_keys(post: Post) -> frozenset[str]:
    """The known keys that a post has under other names."""
    known = MODELS[post.kind].model_fields
    unknown = (key for key in post.front_matter.values if key not in known)
    return frozenset(_meant_key(key, known) for key in unknown)


def _meant_key(key: str, known: Iterable[str]) -> str:
    """The known key that is meant by another one; empty if none or several are similar."""
    if key in _UNLIKE:
        return ""
    return _OTHER_NAMES.get(key) or near_name(key, known, "").typo_of


def _unknown_key(post: Post, key: str, value: object, known: Iterable[str]) -> Finding:
    line = post.front_matter.line(key)
    if str(value).lower() in _HIDES.get(key, ()) and "status" not in post.front_matter.values:
        message = f"`{key}: {value}` would not keep it off the site: write `status: draft`"
        return post.finding("front-matter", line, message, _other_line(post, key, "status: draft"))
    if meant := _meant_key(key, known):
        is_free = not post.front_matter.values.get(meant)
        edits = _rename(post, line, key, meant) if is_free else ()
        rule, hint = "misspelt-key", f"; did you mean `{meant}`?"
        if key in _OTHER_NAMES:
            rule, hint = "unknown-key", f": write `{meant}`"
        return post.finding(rule, line, f"`{key}` is not a known key{hint}", edits)
    message = f"`{key}` is not a known key, so it has no effect: remove it, or see docs/writer.md"
    edits = _other_line(post, key, "") if str(value).lower() in _SHOWS.get(key, ()) else ()
    return post.finding("unknown-key", line, message, edits)


def _other_line(post: Post, key: str, new: str) -> tuple[Edit, ...]:
    """Replaces a key and its value, which are alone on their line; without `new` it deletes it."""
    line = post.front_matter.line(key)
    match = re.fullmatch(rf"(?P<key>{re.escape(key)}):[ \t]*\w+[ \t]*", post.lines[line - 1], re.I)
    if not match:
        return ()
    if not new:
        return (Edit(line, 0, f"{match[0]}\n", ""),)
    return (Edit(line, 0, match[0], new.capitalize() if match["key"][0].isupper() else new),)


def _rename(post: Post, line: int, key: str, other: str) -> tuple[Edit, ...]:
    """Gives the key on this line another name, with a capital letter if it had one.

    A list of one entry becomes its entry: `categories: [A]` is `category: A`.
    """
    text = post.lines[line - 1]
    match = re.match(rf"(?P<before>[ ]{{0,3}})(?P<key>{re.escape(key)}):", text, re.IGNORECASE)
    if not match:
        return ()
    name = other.capitalize() if match["key"][0].isupper() else other
    edits = (Edit(line, match.end("before"), match["key"], name),)
    value = post.front_matter.values[key]
    if other == "category" and isinstance(value, list):
        entry = _ONE_ENTRY.fullmatch(text, match.end())
        return (*edits, Edit(line, match.end(), entry[0], f" {entry['entry']}")) if entry else ()
    return edits
