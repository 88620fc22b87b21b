"""The redirects of a site, and the map in which nginx reads them.

nginx compares a plain key of a `map` without the case of ASCII letters, against the decoded path of
a request. So a plain key is written only for an alias in small letters that has nothing beside it
that differs by case. Every other alias becomes a regular expression, which compares exactly: then
`/Hello/` leads to `/hello/` once, and `/About/` leaves `/about/` alone.
"""

import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from publish.checks.post import Post
from publish.checks.project import Writing

MAP_HASH_SIZES: Final = {"map_hash_max_size": 16384, "map_hash_bucket_size": 512}
"""nginx's limits for a map, in bytes, as in deploy/nginx.conf and deploy/take-redirects."""
_POINTER: Final = 8
_ASCII_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
MAX_KEY_BYTES: Final = MAP_HASH_SIZES["map_hash_bucket_size"] - 2 * _POINTER - 2
"""The longest key of a map: a bucket of its hash holds two pointers and the length beside it."""


@dataclass(frozen=True)
class Redirect:
    """One alias of a post."""

    alias: str
    """The alias as the writer typed it."""
    address: str
    """The old address below the site, such as `2021/03/hello/`."""
    file: str
    """The file of the page at the old address, which leads to the new one."""
    post: Post

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that are redirected: the address, and the same without the slash at its end."""
        return paths_of(self.address)

    @property
    def target(self) -> str:
        """The encoded path of the new address."""
        return f"/{quote(self.post.url)}"


def paths_of(address: str) -> tuple[str, ...]:
    """The paths of a request that an address below the site stands for."""
    path = f"/{address}"
    return tuple(dict.fromkeys((path, path.rstrip("/") or "/")))


def redirects_of(writing: Writing, posts: Iterable[Post]) -> tuple[Redirect, ...]:
    """The redirects of these posts, in their order. An address that a post names twice is one."""
    redirects: dict[tuple[str, Post], Redirect] = {}
    for post in posts:
        for alias in post.get("aliases") or ():
            address, file = writing.old_address(post, alias)
            redirects.setdefault((address, post), Redirect(alias, address, file, post))
    return tuple(redirects.values())


@dataclass(frozen=True)
class MapEntry:
    """A line of the map, and the redirect that it belongs to."""

    line: str
    redirect: Redirect


def map_entries(writing: Writing, redirects: Sequence[Redirect]) -> tuple[MapEntry, ...]:
    """The lines of the map for nginx."""
    if not redirects:
        return ()
    paths = {path: redirect for redirect in redirects for path in redirect.paths}
    others = {path for path in _other_paths(writing) if path != folded(path)}
    by_folded: dict[str, set[str]] = {}
    for path in (*paths, *others):
        by_folded.setdefault(folded(path), set()).add(path)
    return tuple(
        MapEntry(f"{_key(path, by_folded[folded(path)] == {path})} {redirect.target};", redirect)
        for path, redirect in paths.items()
    )


def folded(path: str) -> str:
    """A path as nginx compares it with plain keys: ASCII letters in lower case."""
    return path.translate(_ASCII_LOWER)


def _key(path: str, is_alone: bool) -> str:
    if is_alone and path == folded(path):
        return f'"{path}"'
    return f'"~^{path.replace(".", "[.]")}$"'


def _other_paths(writing: Writing) -> Iterator[str]:
    """The paths of posts, lists, and files that are published unchanged."""
    root, static = writing.layout.content, writing.layout.static
    files = (
        *writing.addresses,
        *writing.site_files.named,
        *(
            path.relative_to(root).as_posix()
            for path in writing.content_files.regular
            if any(path.is_relative_to(folder) for folder in static)
        ),
    )
    for address in (*files, *(post.url for post in writing.posts)):
        yield from (f"/{address}", *paths_of(address.removesuffix("index.html")))
