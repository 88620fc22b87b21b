"""Checks one link: it leads to a post, a heading in it, or a file that exists."""

import posixpath
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from capture.errors import short_path
from capture.paths import name_below
from publish.checks.edit import Edit
from publish.checks.file_links import encoded_link, file_word
from publish.checks.finding import Finding
from publish.checks.gated import HOW_TO_LINK, is_inside
from publish.checks.meant_files import meant_name
from publish.checks.name_slugs import SECTIONS, NameKind, spelling_key
from publish.checks.near_name import NearName, near_name
from publish.checks.outline_parts import Link
from publish.checks.post import Post
from publish.checks.project import Writing, relative_name
from publish.checks.rules.link_targets import (
    THEME_ANCHORS,
    UNKNOWN,
    Answer,
    LinkTarget,
    anchors_of,
    has_anchor,
    has_page,
    post_at,
    unpublished_target_findings,
)
from publish.checks.source_files import SUFFIXES
from publish.checks.sure_edits import link_edits, name_edits
from publish.file_types.content import KINDS
from publish.file_types.pictures import PICTURE_SUFFIXES

LINK_WORDS: Final = ("filename", "static", "attach", "category", "tag", "author", "index")
_BRACES: Final = re.compile(r"\{(?P<new>\w+)\}|\|(?P<old>\w+)\|")
_FIX: Final = ": correct the link or add the file"
USE_A_PICTURE: Final = f"use one of {', '.join(sorted(name[1:] for name in PICTURE_SUFFIXES))}"


class LinkChecker:
    """Resolves and checks one link of one post."""

    def __init__(self, writing: Writing, post: Post, link: Link) -> None:
        self._writing = writing
        self._post = post
        self._link = link
        self._content = writing.layout.content
        self._finding = partial(post.finding, "link", link.line)
        braces = _BRACES.match(link.target)
        self._word = (braces["new"] or braces["old"]) if braces else ""
        self._rest = link.target[braces.end() :] if braces else link.target
        try:
            self._url = urlsplit(self._rest)
        except ValueError:  # such as http://[
            self._url = urlsplit("")
        self._path = unquote(self._url.path)
        self._folder = posixpath.dirname(post.name)
        self._is_file_link = False
        if not self._word and self._is_on_this_site():
            self._word = file_word(self._path, self._folder, writing.layout.paths)
            self._is_file_link = bool(self._word)

    def target(self) -> LinkTarget | None:
        """The post that the link leads to, if it is one."""
        target: Post | None = None
        if self._word == "filename":
            target = self._writing.by_name.get(self._in_content_folder())
        elif not self._word and self._is_on_this_site():
            if not self._path and self._url.fragment:
                target = self._post
            elif self._path:
                target = post_at(self._writing, self._address())
        return LinkTarget(target, self._url.fragment) if target else None

    def file(self) -> Path | None:
        """The file in the content folder that the link leads to, if there is one."""
        has_file = self._word in {"static", "attach", "filename"}
        name = self._in_content_folder() if has_file else self._static_name()
        return self._writing.layout.paths.find_file(name) if name else None

    def findings(self) -> Iterator[Finding]:
        """The problems of the link. Links to other sites have none."""
        if problem := self._refusal():
            yield self._finding(f"`{self._link.target}` {problem}")
            return
        gated = list(self._gated())
        if gated or (not self._word and not self._is_on_this_site()):
            yield from gated
        elif target := self.target():
            yield from unpublished_target_findings(
                self._writing, self._post, self._link, target.post
            )
            yield from self._anchor(target)
        elif self._word:
            yield from self._with_braces()
        else:
            yield from self._without_braces()

    def image(self) -> Iterator[Finding]:
        """The problems of the front matter's `image`: a file below the content folder."""
        if problem := self._writing.layout.paths.why_no_file(name_below(self._path)):
            yield self._finding(f"`image` {problem}{_how_to_fix(problem)}")
        elif self._is_gated(posixpath.join(self._content, self._path.lstrip("/"))):
            message = f"`image` names a gated file: {HOW_TO_LINK}"
            yield self._post.finding("gated", self._link.line, message)
        elif not self._path.lower().endswith(tuple(PICTURE_SUFFIXES)):
            message = f"`image` names `{self._path}`, which is not a picture: {USE_A_PICTURE}"
            yield self._post.finding("picture", self._link.line, message)
        else:
            written = str(self._post.front_matter.values["image"])
            yield from self._file(self._path.lstrip("/"), image=written)

    def facts(self) -> Iterator[Answer]:
        """What must stay so for a link without findings to lead where it leads now.

        Some links have too many conditions: of these, the answer is `UNKNOWN`.
        """
        if not self._word and not self._is_on_this_site():
            return
        if self._depends_on_folders():
            yield UNKNOWN
            return
        name = posixpath.normpath(name_below(self._path, self._folder)) if self._path else ""
        if not self._word and name and not self._path.startswith("/") and self._path[-1] != "/":
            yield "no file", name
        target = self.target()
        if target:
            yield from self._facts_of_target(target)
        elif self._word in {"static", "attach", "filename"}:
            yield "file", name
        elif kind := next((kind for kind in SECTIONS if kind == self._word), None):
            if self._writing.layout.lists[kind]:
                yield "list", kind, spelling_key(unquote(self._rest))
        elif not self._word and self._path:
            static = self._static_name()
            yield "no post at", self._address()
            yield ("file", posixpath.normpath(static)) if static else ("page", self._address())

    def _facts_of_target(self, target: LinkTarget) -> Iterator[Answer]:
        post, fragment = target.post, unquote(target.fragment)
        if not self._word and self._path:
            yield "post at", self._address(), post.name
        if post is self._post:
            return
        if not self._writing.is_public(post):
            yield UNKNOWN
        elif fragment and fragment not in THEME_ANCHORS:
            yield "anchor", post.name, fragment

    def facts_of_image(self) -> Iterator[Answer]:
        """The same for the front matter's `image`."""
        name = posixpath.normpath(self._path.lstrip("/"))
        yield UNKNOWN if self._depends_on_folders() else ("file", name)

    def _depends_on_folders(self) -> bool:
        """Whether folders on its way decide what it means: it may lead to a gated file, or back."""
        may_be_gated = self._writing.gated.name in f"{self._folder}/{self._post.url}/{self._path}"
        return may_be_gated or ".." in self._path.lstrip("./").split("/")

    def _refusal(self) -> str:
        """The reason why the file must not be published; empty if there is none."""
        if self._word in {"static", "attach", "filename"}:
            name = name_below(self._path, self._folder)
        elif name := self._static_name():
            name = name_below(name)
        else:
            return ""
        problem = self._writing.layout.paths.why_no_file(name)
        return f"{problem}{_how_to_fix(problem)}" if problem else ""

    def _is_on_this_site(self) -> bool:
        return not self._url.scheme and not self._url.netloc

    def _address(self) -> str:
        """The path below the site, without a slash at its end; empty for the start page."""
        here = posixpath.join("/", self._post.url, self._path)
        return posixpath.normpath(here).strip("/")

    def _in_content_folder(self) -> str:
        """The file that a link with braces names; `_refusal` has checked that it is inside."""
        return posixpath.normpath(name_below(self._path, self._folder))

    def _with_braces(self) -> Iterator[Finding]:
        written = re.split("[?#]", self._link.target)[0]
        if self._word in {"static", "attach"}:
            yield from self._file(self._in_content_folder())
        elif self._word == "filename":
            path = self._in_content_folder()
            file = self._writing.layout.paths.find_file(path)
            if Path(path).suffix in SUFFIXES or not file:
                near = self._near(path)
                message = f"`{written}` leads to no article or page{near.hint}"
                edits = self._with_path(near.sure, "" if self._is_file_link else "/")
                rule = "dead-link" if self._is_file_link and not file else "link"
                yield self._post.finding(rule, self._link.line, message, edits)
        elif kind := next((kind for kind in SECTIONS if kind == self._word), None):
            yield from self._list(kind)
        elif self._word not in LINK_WORDS:
            near = near_name(self._word, LINK_WORDS, _FIX)
            message = f"`{written}` starts with an unknown word in braces{near.hint}"
            target = f"{{{near.sure}}}{self._rest}"
            edits = link_edits(self._post, self._link, target) if near.sure else ()
            yield self._finding(message, edits)

    def _with_path(self, path: str, before: str = "") -> tuple[Edit, ...]:
        """Gives the link another path; nothing without one. Its words in braces and `#` stay."""
        if not path or not self._url.path or not self._rest.startswith(self._url.path):
            return ()
        braces = self._link.target.removesuffix(self._rest)
        after = self._rest.removeprefix(self._url.path)
        return link_edits(self._post, self._link, f"{braces}{before}{path}{after}")

    def _near(self, path: str) -> NearName:
        """The article or page with a similar path, in the form in which the link is written."""
        if not self._is_file_link:
            return near_name(path, self._writing.by_name, _FIX, "{filename}/")
        if meant := self._meant():
            return meant
        return near_name(self._path, self._writing.names_from(self._folder), _FIX)

    def _list(self, kind: NameKind) -> Iterator[Finding]:
        """A finding for a link such as `{tag}C++` if no published post has this tag."""
        known, name = self._writing.public_names[kind], unquote(self._rest)
        if self._writing.layout.lists[kind] and spelling_key(name) not in known:
            near = near_name(name, known.values(), ": correct the name", f"{{{kind}}}")
            message = f"`{self._link.target}` leads to no list of a published post{near.hint}"
            edits = self._with_path(near.sure) if self._rest == self._url.path else ()
            yield self._post.finding("dead-link", self._link.line, message, edits)

    def _file(self, path: str, rule: str = "picture", image: str = "") -> Iterator[Finding]:
        """A finding if the content folder has no such file. `image` is that of the front matter."""
        if self._writing.layout.paths.find_file(path):
            return
        near = self._near_file(path, is_relative=(image or self._path)[0] not in "/{|")
        message = (
            f"links to `{path}`, but there is no such file in {self._content.name}/{near.hint}"
        )
        edits: tuple[Edit, ...] = ()
        if near.sure and image:
            edits = name_edits(self._post, "image", image, near.sure)
        elif near.sure:
            edits = self._with_path(near.sure)
        yield self._post.finding(rule, self._link.line, message, edits)

    def _near_file(self, path: str, *, is_relative: bool) -> NearName:
        """The file with a similar path, in the form in which the link is written."""
        folder = self._writing.files_by_folder.get((self._content / path).parent, ())
        beside = [file.relative_to(self._content).as_posix() for file in folder]
        braces = self._link.target.removesuffix(self._rest)
        if not is_relative:
            names = dict.fromkeys((*self._writing.static_names, *beside))
            return near_name(f"/{path}", [f"/{name}" for name in names], _FIX, braces)
        here = self._folder
        names = dict.fromkeys(
            (*self._writing.static_names_from(here), *(relative_name(n, here) for n in beside))
        )
        return near_name(relative_name(path, here), names, _FIX, braces)

    def _without_braces(self) -> Iterator[Finding]:
        """Problems of a link without braces: to an address, or by mistake to a source file."""
        path = self._path
        if Path(path).suffix in SUFFIXES:
            edits: tuple[Edit, ...] = ()
            if name_below(path, self._folder) in self._writing.by_name and path[-1] != "/":
                fix = f": write `{{filename}}{path}`: readers have no `{Path(path).name}`"
                edits = self._with_path(path, "{filename}")
            elif meant := self._meant():
                fix, edits = meant.hint, self._with_path(meant.sure)
            else:
                fix = _FIX
            message = f"`{self._link.target}` is not an address of the site{fix}"
            yield self._post.finding("dead-link", self._link.line, message, edits)
        elif name := self._static_name():
            yield from self._file(name, "dead-link")
        elif path and not has_page(self._writing, self._address()):
            message, edits = self._missing_address()
            yield self._post.finding("dead-link", self._link.line, message, edits)

    def _missing_address(self) -> tuple[str, tuple[Edit, ...]]:
        """The message for an address that the site does not have, and the sure edits."""
        first = self._path.partition("/")[0]
        near = self._meant() or near_name(self._path, self._files_beside(), "")
        if encoded := encoded_link(self._rest, self._folder, self._writing.layout.paths):
            fix = f": in links to this file write `{encoded}`"
            edits = link_edits(self._post, self._link, encoded)
        elif "{{" in self._path:
            fix, edits = ": it is a variable of a template, so write the address itself", ()
        elif near.hint:
            fix, edits = near.hint, self._with_path(near.sure)
        elif "." in first.strip(".") and not self._path.startswith(".") and not _is_file(first):
            fix, edits = f": if it is another site, write `https://{self._path}`", ()
        elif where := self._missing_file():
            message = f"`{self._link.target}` leads to {where}, which does not exist{_FIX}"
            return message, ()
        else:
            known = self._writing.address_names
            near = near_name(f"/{self._address()}/", known, ": correct it, or remove it")
            fix, edits = near.hint, self._with_path(near.sure)
        message = f"`{self._link.target}` leads to /{self._address()}, which does not exist{fix}"
        return message, edits

    def _missing_file(self) -> str:
        """The file beside the text that the link names; empty if it names an address."""
        if self._path.startswith("/") or Path(self._path).suffix.lower() not in KINDS:
            return ""
        return short_path(Path(posixpath.normpath(self._content / self._folder / self._path)))

    def _meant(self) -> NearName | None:
        return meant_name(self._path, self._post.name, self._writing.by_last_part)

    def _files_beside(self) -> Iterator[str]:
        """The files in the folder of a relative link, as links of the same text."""
        if self._path.startswith("/"):
            return
        here = self._content / self._folder
        folder = Path(posixpath.normpath(here / self._path)).parent
        for file in self._writing.files_by_folder.get(folder, ()):
            yield posixpath.relpath(file, here)

    def _static_name(self) -> str:
        """The path in the content folder, if the link is an address of a file that is published
        unchanged; else empty."""
        if self._word or not self._path or not self._is_on_this_site():
            return ""
        is_full = self._path.startswith("/")
        name = self._path.lstrip("/") if is_full else self._address()
        file, folders = self._content / name, self._writing.layout.static
        return name if any(file.is_relative_to(folder) for folder in folders) else ""

    def _anchor(self, target: LinkTarget) -> Iterator[Finding]:
        fragment = unquote(target.fragment)
        if has_anchor(target.post, fragment):
            return
        near = near_name(fragment, anchors_of(target.post), ": there is no such heading", "#")
        where = "here" if target.post is self._post else f"in {target.post.where}"
        message = f"`{self._link.target}`: nothing {where} is called `#{fragment}`{near.hint}"
        address = self._link.target.removesuffix(f"#{self._url.fragment}")
        edits = link_edits(self._post, self._link, f"{address}#{near.sure}") if near.sure else ()
        yield self._post.finding("anchor", self._link.line, message, edits)

    def _gated(self) -> Iterator[Finding]:
        """A finding if the link leads to a gated file, in any spelling."""
        if not self._is_on_this_site() or not self._path or not self._reaches_gated():
            return
        has_braces = self._word in {"static", "attach"} and not self._is_file_link
        name = Path(self._path).name if has_braces else self._link.target
        message = f"links to the gated file `{name}`: {HOW_TO_LINK}"
        yield self._post.finding("gated", self._link.line, message)

    def _reaches_gated(self) -> bool:
        root = str(self._content)
        if self._path.startswith("/"):
            return self._is_gated(root + self._path)
        from_source = posixpath.join(root, posixpath.dirname(self._post.name), self._path)
        from_page = posixpath.join(root, self._post.url, self._path)
        return self._is_gated(from_source) or self._is_gated(from_page)

    def _is_gated(self, path: str) -> bool:
        gated = self._writing.gated
        suspect = gated.name in path or (self._writing.has_symlinks and Path(path).is_symlink())
        return suspect and is_inside(Path(path), gated)


def _is_file(name: str) -> bool:
    """Whether the name is that of a file rather than of another site."""
    return name.lower().endswith((*KINDS, ".htm", ".html"))


def _how_to_fix(problem: str) -> str:
    """The fix for a path that `ConfinedFolder` refuses, if the message does not contain one."""
    return (
        ": put a copy into it, and use the path of the copy"
        if problem.startswith("leads out")
        else ""
    )
