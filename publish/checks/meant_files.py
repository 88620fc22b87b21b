"""The file that a link of another system means: `/guide/start/` is `posts/docs/guide/start.md`.

Sites of Hugo, Jekyll, Docusaurus, MkDocs and others give each text an address with the folders and
the name of its file. A link between such texts still names the file after they have been copied.
"""

import posixpath
from collections.abc import Iterable, Mapping
from typing import Final

from publish.checks.near_name import NearName

_SUFFIXES: Final = frozenset({".md", ".mdx", ".markdown", ".mkd", ".mdown", ".html", ".htm"})
_INDEX: Final = frozenset({"", "index", "_index", "readme"})
"""Names of a file that stands for its folder."""
_MOST: Final = 3
"""Files that a message names."""


def plain_path(path: str) -> str:
    """A path of a file or an address, without what only one system has."""
    stem, suffix = posixpath.splitext(path.strip("/").casefold())
    plain = stem if suffix in _SUFFIXES else f"{stem}{suffix}"
    folder, name = posixpath.split(plain)
    return folder if name in _INDEX else plain


def by_last_part(names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The names of files by the last part of their plain path."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        key = posixpath.basename(plain_path(name))
        found[key] = (*found.get(key, ()), name)
    return found


def meant_name(path: str, source: str, names: Mapping[str, tuple[str, ...]]) -> NearName | None:
    """The suggestion for a link that means a file, by the file's path from the text's folder."""
    folder = posixpath.dirname(source) or "."
    paths = [posixpath.relpath(name, folder) for name in meant_files(path, source, names)]
    if not paths:
        return None
    hint = f"; did you mean {' or '.join(f'`{path}`' for path in paths[:_MOST])}?"
    return NearName(hint, paths[0] if len(paths) == 1 else "", paths[0])


def meant_files(path: str, source: str, names: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The files that a link may mean.

    `path` is the path of a link in the file `source`, `names` comes from `by_last_part`. A path
    from the root is the end of a file's path, or its last parts are, two or more. Another one
    starts at the folder of the file, or at the address that another system gives to the file.
    """
    if path.startswith("/"):
        wanted = plain_path(posixpath.normpath(path))
        ends = names.get(posixpath.basename(wanted), ()) if wanted else ()
        while wanted:
            found = tuple(name for name in ends if f"/{plain_path(name)}".endswith(f"/{wanted}"))
            wanted = wanted.partition("/")[2]  # without a folder that only the address has
            if found or "/" not in wanted:
                return found
        return ()
    starts = (posixpath.dirname(source), plain_path(source))
    paths = {plain_path(posixpath.normpath(posixpath.join(start, path))) for start in starts}
    similar = {name for end in paths for name in names.get(posixpath.basename(end), ())}
    return tuple(sorted(name for name in similar if plain_path(name) in paths))
