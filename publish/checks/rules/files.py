"""Rules for files that are published unchanged: none is gated or private, and none is damaged."""

import os
from collections.abc import Iterator
from pathlib import Path

from capture.campaign.gated_files import check_gated_file
from capture.errors import short_path
from capture.paths import kind_problem
from publish.checks.finding import Finding
from publish.checks.gated import GatedFiles
from publish.checks.project import Writing
from publish.checks.rules.file_uses import file_uses
from publish.checks.source_files import is_circular
from publish.file_types import content_problems, is_empty_text, is_openable


def file_findings(writing: Writing) -> Iterator[Finding]:
    """Gated or private files that would be published, and symbolic links that must not be."""
    gated = GatedFiles(writing.gated, writing.private)
    for path in _published(writing, gated):
        where = short_path(path)
        if path.is_symlink() and not path.exists():
            message = f"links to {path.readlink()}, which does not exist: delete the link"
            yield Finding(where, None, message, "picture")
        elif same := gated.find_match(path):
            yield Finding(where, None, gated.refusal(same), "gated")
    yield from _linked_copies(writing, gated)
    yield from _links(writing, gated)
    for path in writing.content_files.special:
        yield Finding(short_path(path), None, kind_problem(path.lstat().st_mode), "link")


def content_findings(writing: Writing) -> Iterator[Finding]:
    """Gated files, pictures and documents whose content does not match their name.

    A finding is at the first place that uses the file, or at the file if nothing uses it.
    """
    published = (
        path
        for path in _not_checked_as_texts(writing)
        if not path.is_relative_to(writing.gated) and is_openable(path)
    )
    downloads = writing.gated.rglob("*") if writing.gated.is_dir() else ()
    named = (path for path in (*published, *downloads) if not path.name.startswith("."))
    files = [path for path in named if path.is_file()]
    problems = content_problems(files, writing.layout.cache)
    if not problems:
        return
    private = GatedFiles(writing.gated, writing.private)
    uses = {use.file: use for use in reversed(list(file_uses(writing, problems)))}
    for path, problem in problems.items():
        is_gated, use = path.is_relative_to(writing.gated), uses.get(path)
        if not is_gated and private.find_match(path):
            continue  # `file_findings` reports it
        if is_gated and use and check_gated_file(writing.gated, path.name).problem:
            continue  # the rules for campaign files report it
        if use is None and not is_gated and is_empty_text(path):
            continue
        if use is None:
            yield Finding(short_path(path), None, problem, "file-content")
        else:
            message = f"{short_path(path)} {problem}"
            yield Finding(use.where, use.line, message, "file-content")


def _linked_copies(writing: Writing, gated: GatedFiles) -> Iterator[Finding]:
    """Gated or private files under other names beside the texts, which a text would publish."""
    paths = _not_checked_as_texts(writing)
    elsewhere = (gated.folder, *writing.layout.static)
    beside = (path for path in paths if not any(map(path.is_relative_to, elsewhere)))
    same = {path: gated.find_same_content(path) for path in beside}
    copies = {path: original for path, original in same.items() if original}
    for use in file_uses(writing, copies) if copies else ():
        if original := copies.get(use.file):
            message = f"{short_path(use.file)} {gated.refusal(original)}"
            yield Finding(use.where, use.line, message, "gated")


def _not_checked_as_texts(writing: Writing) -> Iterator[Path]:
    """The files in the content folder, without the texts of which we know that they are texts."""
    posts = (post for post in writing.posts if post.body_facts and not post.body_facts.is_pointer)
    names = writing.file_names.difference(post.name for post in posts)
    return map(writing.layout.content.joinpath, sorted(names))


def _links(writing: Writing, gated: GatedFiles) -> Iterator[Finding]:
    """Symbolic links out of the content folder, in circles, or to special files."""
    for path in writing.content_files.links:
        if not path.exists() or path.is_relative_to(writing.gated) or gated.holds(path):
            continue  # gated files may be anywhere; `file_findings` reports links to them
        if not writing.layout.paths.holds(path):
            message = f"leads out of {writing.layout.content.name}/, to {path.readlink()}: "
            yield Finding(short_path(path), None, f"{message}put a copy in its place", "gated")
        elif is_circular(path):
            message = f"is a circular link, to {path.readlink()}: delete the link"
            yield Finding(short_path(path), None, message, "gated")
        elif not path.is_file() and not path.is_dir():
            yield Finding(short_path(path), None, kind_problem(path.stat().st_mode), "link")


def _published(writing: Writing, gated: GatedFiles) -> Iterator[Path]:
    for folder in writing.layout.static:
        yield from sorted(_below(folder, writing, gated))
    below = gated.names_below(writing.layout.content)
    sizes, has_symlinks = {str(size) for size in gated.sizes}, writing.has_symlinks
    for post in writing.posts:
        if has_symlinks or post.facts.size in sizes or post.name.startswith(below):
            yield post.path


def _below(top: Path, writing: Writing, gated: GatedFiles) -> Iterator[Path]:
    """The files that Pelican finds there, following links to folders.

    Links out of the content folder or in a circle are not followed; `_links` reports them.
    """
    for here, folders, files in os.walk(top, followlinks=True):
        folder = Path(here)
        folders[:] = [name for name in folders if _is_scannable(folder / name, writing, gated)]
        yield from (folder / name for name in files)


def _is_scannable(folder: Path, writing: Writing, gated: GatedFiles) -> bool:
    if not folder.is_symlink():
        return True
    is_ours = writing.layout.paths.holds(folder) or gated.holds(folder)
    return is_ours and not is_circular(folder)
