"""Keeps what a check has found, so that after edits of bodies no rule has to run again.

The findings of all rules follow from the facts of all texts, and from the settings, our code, other
files and the time. If all this is the same except the bodies of some texts, only these texts are
read. If rules know the same of them as before, there is nothing new to find. Lines do not count,
which an edit moves, unless a finding has one: they are for messages alone.

A change of a file is seen as in `publish.file_facts`. A text that was written just before the check
counts as edited in the next one.
"""

import os
import pickle
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from publish.cache_file import CODE_KEY, seal, unseal
from publish.checks.finding import Findings
from publish.checks.post import Post
from publish.checks.rules.texts import text_facts
from publish.checks.summary import Summary
from publish.file_facts import (
    Facts,
    HasLinksError,
    Inputs,
    Tree,
    is_older,
    outermost,
    read_facts,
    read_tree,
)

FILE: Final = "last-check"
"""The name of the file, in the cache folder."""
_VERSION: Final = CODE_KEY.encode()
MOST_EDITS: Final = 100
_NO_FACTS: Final = (0, 0, 0, 0)


@dataclass(frozen=True)
class LastCheck:
    """What a check has found, and all that it depends on."""

    key: bytes
    """Of the settings and our code."""
    since: datetime
    until: datetime | None
    """The next time at which a rule may find something else."""
    inputs: Inputs
    digests: Mapping[str, bytes]
    """The hash of each text's file, by its path below the content folder."""
    findings: Findings
    summary: Summary

    @classmethod
    def read(cls, folder: Path) -> "LastCheck | None":
        """Reads the file of `write`; None if it is missing, damaged or of another version."""
        with suppress(OSError):
            data = unseal((folder / FILE).read_bytes()) or b""
            if data.startswith(_VERSION):
                return cls(*pickle.loads(data[len(_VERSION) :]))  # noqa: S301 - our own file
        return None

    def write(self, folder: Path) -> None:
        """Replaces the file. A power cut may damage it, and is then found. Raises `OSError`."""
        values = tuple(vars(self).values())
        draft = folder / f"{FILE}.new"
        draft.write_bytes(seal(_VERSION + pickle.dumps(values, pickle.HIGHEST_PROTOCOL)))
        draft.replace(folder / FILE)

    def edited_texts(
        self, key: bytes, now: datetime, inputs: Inputs, content: str
    ) -> Sequence[str] | None:
        """The files below `content` that have changed, by path; None if more has."""
        is_of_now = self.since <= now and (self.until is None or now < self.until)
        others = inputs.roots, inputs.files
        if not is_of_now or key != self.key or others != (self.inputs.roots, self.inputs.files):
            return None
        names: list[str] = []
        for root, tree in inputs.trees.items():
            changed = _changed_files(self.inputs.trees.get(root), tree)
            if changed is None or (changed and root != content):
                return None
            names += (path[len(root) + 1 :] for path in changed)
        is_possible = len(names) <= MOST_EDITS and self.digests.keys() >= set(names)
        return names if is_possible else None


def read_inputs(
    folders: Iterable[str], files: Iterable[str], last: LastCheck | None
) -> Inputs | None:
    """What the file system says of these folders and files; None if it cannot be known."""
    known: Mapping[str, Tree] = last.inputs.trees if last else {}
    with suppress(OSError, HasLinksError):
        roots = {folder: os.path.realpath(folder) for folder in folders}
        trees = {root: read_tree(root, known.get(root, {})) for root in outermost(roots.values())}
        return Inputs(roots, trees, read_facts(files))
    return None


def facts_in(inputs: Inputs, content: str, name: str) -> Facts:
    """The facts of a file below the content folder."""
    path = f"{content}/{name}"
    folder, _, last_part = path.rpartition("/")
    _, files, _ = inputs.trees[content][folder]
    return files[last_part]


def settled(inputs: Inputs, texts: Collection[str], tick: int) -> Inputs | None:
    """The inputs for the next check, which sees each change of them after this one.

    `texts` are the paths of all texts: one that was written in this `tick` of the file system's
    clock, or later, has no facts, and neither has a folder. None if another file was.
    """
    trees = {root: dict(tree) for root, tree in inputs.trees.items()}
    for tree in trees.values():
        for folder, (own, files, subfolders) in tree.items():
            if is_older((own, *files.values()), tick):
                continue
            facts, of_folder = dict(files), own if is_older([own], tick) else _NO_FACTS
            for name, of_file in files.items():
                if not is_older([of_file], tick):
                    if f"{folder}/{name}" not in texts:
                        return None
                    facts[name] = _NO_FACTS
            tree[folder] = of_folder, facts, subfolders
    return replace(inputs, trees=trees) if is_older(inputs.files.values(), tick) else None


def is_same_to_rules(old: Post, new: Post, findings: Findings) -> bool:
    """Whether no rule finds anything else after a text was edited. Sets the facts of `new`."""
    new.body_facts, new.link_facts = facts, links = text_facts(new)
    if old.body_facts is None or old.link_facts is None:
        return False
    if facts.has_wrong_tags or facts.has_odd_pictures or facts.is_pointer:
        return False  # a rule looks for them in the text
    is_same = (
        new.facts._replace(size="", details="") == old.facts._replace(size="", details="")
        and new.front_matter_details.values == old.front_matter_details.values
        and facts._replace(details="") == old.body_facts._replace(details="")
        and _without_lines(new) == _without_lines(old)
        and links.targets == old.link_facts.targets
        and _have_same_lines(old, new, findings)
    )
    if is_same and old.link_facts.is_proven:
        new.link_facts = old.link_facts
        return True
    return False


def _without_lines(post: Post) -> object:
    """The details of a body without lines, but with those of what was found in this text alone."""
    details = post.body_details
    tags = [(tag.raw, tag.kind, tag.slug) for tag in post.tags]
    return details.anchors, details.title_id, tags, details.findings


def _have_same_lines(old: Post, new: Post, findings: Findings) -> bool:
    """Whether all other findings in a text are in its front matter, at the lines where it was."""
    own = {(line, message) for line, message, *_ in new.body_details.findings}
    others = [
        finding
        for finding in findings.every
        if finding.path == new.where and (finding.line, finding.message) not in own
    ]
    lines = new.front_matter_details.lines
    return not others or (
        bool(lines)
        and lines == old.front_matter_details.lines
        and {finding.line for finding in others} <= {1, *lines.values()}
        and not any(finding.edits for finding in others)  # they have columns too
    )


def _changed_files(old: Tree | None, new: Tree) -> list[str] | None:
    """The files of a tree that have changed; None if one was added, removed or renamed."""
    if old is None or old.keys() != new.keys():
        return None
    changed: list[str] = []
    for folder, (_, files, _) in new.items():
        _, known, _ = old[folder]
        if files != known:
            if files.keys() != known.keys():
                return None
            changed += (f"{folder}/{name}" for name in files if files[name] != known[name])
    return changed
