"""Finds the stored texts that are still as they were: all that they were made of is the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publish.build.named_files import attached_files
from publish.build.site_keys import SiteKeys
from publish.build.sources import SourceFiles
from publish.build.stored_texts import Core
from publish.checks.post import Post
from publish.checks.project import Writing


@dataclass(frozen=True)
class ValidTexts:
    """What need not be read again. All paths are below the content folder."""

    paths: frozenset[str]
    """The texts that are as they were."""
    read_again: frozenset[str]
    """Texts that each build reads, because they move the files that they link to."""
    attached: frozenset[str]
    """The files that these texts move."""

    @classmethod
    def find(
        cls,
        cores: Mapping[str, Core],
        writing: Writing,
        sources: SourceFiles,
        keys: SiteKeys,
        attached: frozenset[str],
    ) -> "ValidTexts":
        """`cores` by path, and the files that texts have `attached`, are of the last build."""
        posts = {post.name: post for post in writing.files}
        same = {
            path
            for path, core in cores.items()
            if path in posts and _has_same_inputs(posts[path], core, writing, sources, keys)
        }
        changed = [post for name, post in posts.items() if name not in same]
        moved = set(cores).difference(posts)
        moved |= {post.name for post in changed if _is_moved(post, cores.get(post.name), keys)}
        files_of = {post.name: attached_files(post) for post in changed}
        now_attached = {name for files in files_of.values() for name in files}
        moved |= attached | now_attached
        return cls(
            frozenset(
                path
                for path in same
                if moved.isdisjoint(cores[path][3].links) and moved.isdisjoint(cores[path][3].files)
            ),
            frozenset(name for name, files in files_of.items() if files),
            frozenset(now_attached),
        )


def _has_same_inputs(
    post: Post, core: Core, writing: Writing, sources: SourceFiles, keys: SiteKeys
) -> bool:
    values: Mapping[str, Any] = core[2]
    inputs, date = core[3], values.get("date")
    return (
        inputs.text == post.digest
        and (date is None or (date <= writing.now) == inputs.is_due)
        and (not inputs.forms or inputs.forms == keys.forms)
        and all(sources.hash_of(name) == old for name, old in inputs.files.items())
    )


def _is_moved(post: Post, old: Core | None, keys: SiteKeys) -> bool:
    """Whether links to a text may lead elsewhere now."""
    return old is None or old[3].address != keys.address(post)
