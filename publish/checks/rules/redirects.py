"""Rules for redirects: each alias leads to its post, as nginx reads it, and takes nothing over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from publish.checks.finding import Finding
from publish.checks.nginx import map_refusal
from publish.checks.project import Writing
from publish.checks.redirects import (
    MAX_KEY_BYTES,
    Redirect,
    map_entries,
    paths_of,
    redirects_of,
)
from publish.checks.values import is_old_path

_SERVICE_PATHS: Final[Mapping[str, str]] = dict.fromkeys(("/v", "/v/"), "the lead service")
"""Single paths that nginx forwards to the service. A page at `/v/` is possible."""
UNPROVEN: Final = "unproven-redirects"
_MAX_NAME_BYTES: Final = 255
"""The longest name of a file or folder on common file systems."""
_SHORT: Final = _MAX_NAME_BYTES // 4
"""Characters of a path that is short enough in every script."""


def redirect_findings(writing: Writing) -> Iterator[Finding]:
    """Aliases that cannot be redirected, or that take over another address."""
    redirects = redirects_of(writing, writing.posts)
    if not redirects:
        return
    checker = _Checker(writing)
    findings = [
        _finding(redirect, f"`{redirect.alias}` {problem}")
        for redirect in redirects
        if (problem := checker.problem(redirect))
    ]
    yield from findings or _refused_by_nginx(writing)


def _finding(redirect: Redirect, message: str) -> Finding:
    line = redirect.post.line("aliases")
    return redirect.post.finding("address", line, f"`aliases`: {message}")


@dataclass
class _Checker:
    """Compares each alias with all addresses and with the aliases before it."""

    writing: Writing
    _owners: dict[str, Redirect] = field(default_factory=dict)
    """By path: the first alias that has it."""

    def __post_init__(self) -> None:
        writing = self.writing
        self._slugs = {post.slug: post for post in writing.posts if writing.is_public(post)}
        posts = [post for post in writing.posts if post.status != "draft"]
        self._files = {post.save_as: post.where for post in posts}
        self._paths = {path: post.where for post in posts for path in paths_of(post.url)}
        self._folders = {
            str(folder): post.where for post in posts for folder in _folders(post.save_as)
        }

    def problem(self, redirect: Redirect) -> str:
        """What is wrong with an alias, and how to fix it; empty if nothing is wrong."""
        problem = self._already_used(redirect) or _impossible(redirect)
        if not problem:
            self._files.setdefault(redirect.file, redirect.post.where)
            for folder in _folders(redirect.file):
                self._folders.setdefault(str(folder), redirect.post.where)
        return problem

    def _already_used(self, redirect: Redirect) -> str:
        if other := self._slugs.get(redirect.alias):
            return f"is the slug of {other.where}: remove it"
        for path in redirect.paths:
            first = self._owners.setdefault(path, redirect)
            if first is not redirect:
                return f"already leads to {first.post.where}: keep one of them"
        owner = self._owner(redirect)
        return f"is the address of {owner}: remove it" if owner else ""

    def _owner(self, redirect: Redirect) -> str:
        """The file or description of what already has the address; empty if it is free."""
        file = redirect.file
        owners = (
            self._files.get(file),
            *(self._paths.get(path) or _SERVICE_PATHS.get(path) for path in redirect.paths),
            self.writing.site_files.describe(file),
            self._folders.get(file),
            *(self._files.get(str(folder)) for folder in _folders(file)),
        )
        return next(filter(None, owners), "")


def _impossible(redirect: Redirect) -> str:
    if (size := len(redirect.paths[0].encode())) > MAX_KEY_BYTES:
        return f"has {size} bytes, but nginx redirects at most {MAX_KEY_BYTES}: remove it"
    if long_name(redirect.file):
        return "has a part that is too long for the name of a folder: remove it"
    if not is_old_path(f"/{redirect.address}"):
        return f"has the address /{redirect.address}, which nginx cannot redirect: remove it"
    return ""


def _folders(file: str) -> Iterator[PurePosixPath]:
    """The folders that contain a file of the site."""
    return (folder for folder in PurePosixPath(file).parents if folder.name)


def long_name(file: str) -> str:
    """The first part of a path that no file system can hold; empty if there is none."""
    if len(file) <= _SHORT:
        return ""
    parts = PurePosixPath(file).parts
    return next((part for part in parts if len(part.encode()) > _MAX_NAME_BYTES), "")


def _refused_by_nginx(writing: Writing) -> Iterator[Finding]:
    """What nginx itself says about the map of all posts that are or will be public."""
    posts = [post for post in writing.posts if post.status != "draft"]
    if not (redirects := redirects_of(writing, posts)):
        return
    entries = map_entries(writing, redirects)
    refusal = map_refusal(entry.line for entry in entries)
    if refusal is None:
        return
    redirect = entries[(refusal.line or 1) - 1].redirect
    if not refusal.is_about_map:
        message = f"nginx does not run here, so no redirect is proven: {refusal.reason}"
        yield replace(_finding(redirect, message), rule=UNPROVEN)
        return
    if refusal.line:
        message = f"nginx refuses `{redirect.alias}`: {refusal.reason}: remove the alias"
    else:
        message = f"nginx refuses the aliases of all posts; this is the first: {refusal.reason}"
    yield _finding(redirect, message)
