"""One post or page: its front matter, address and state, and the outline of its text."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capture.errors import short_path
from publish.checks.control_characters import (
    control_problems,
    control_problems_of_values,
    without_control_characters,
)
from publish.checks.edit import BREAK, Edit
from publish.checks.finding import Finding
from publish.checks.front_matter import FrontMatter, FrontMatterProblem, read_front_matter
from publish.checks.implied_front_matter import with_implied_keys
from publish.checks.layout import ContentKind, Layout, file_at
from publish.checks.model import PageFrontMatter, PostFrontMatter
from publish.checks.notes import DEFAULT_SYNTAX, Syntax
from publish.checks.outline import outline_of
from publish.checks.outline_parts import Outline

_PLACEHOLDERS: Final[Mapping[str, str]] = {"title": "x", "date": "2000-01-01"}
"""Values for required keys that are missing or wrong, so that the other keys can be validated."""
_HOW_TO_ADD: Final[Mapping[str, str]] = {
    "date": "add a line such as `Date: 2026-11-23` to its front matter",
    "title": "add a line `Title: ...` to its front matter, or begin the text with `# ...`",
}


def validate_front_matter(
    front_matter: FrontMatter, model: type[PageFrontMatter]
) -> tuple[dict[str, Any], list[FrontMatterProblem]]:
    """The valid keys with their values, and the problems of the others."""
    raw = {
        key: value
        for key, value in front_matter.values.items()
        if key in model.model_fields and value not in ("", [])  # a key may have no value yet
    }
    problems: list[FrontMatterProblem] = []
    wrong: set[str] = set()
    try:
        read = model.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += (
            _problem(front_matter, detail)
            for detail in details
            if not (front_matter.is_unreadable and detail["type"] == "missing")
        )
        wrong = {str(detail["loc"][0]) for detail in details}
        valid = {key: value for key, value in raw.items() if key not in wrong}
        placeholders = {key: text for key, text in _PLACEHOLDERS.items() if key in wrong}
        read = model.model_validate(placeholders | valid)
    return {key: getattr(read, key) for key in raw if key not in wrong}, problems


def _problem(front_matter: FrontMatter, detail: ErrorDetails) -> FrontMatterProblem:
    key = str(detail["loc"][0])
    if detail["type"] == "missing":
        fix = _HOW_TO_ADD.get(key, f"add a line `{key.capitalize()}: ...` to its front matter")
        return FrontMatterProblem(front_matter.line(key), f"has no {key}: {fix}")
    return FrontMatterProblem(front_matter.line(key), f"`{key}` {detail['msg']}")


State = Literal["published", "hidden", "scheduled", "draft", "skip"]
MODELS: Final[Mapping[ContentKind, type[PageFrontMatter]]] = {
    "post": PostFrontMatter,
    "page": PageFrontMatter,
}


@dataclass(frozen=True, eq=False)
class Post:
    """A post or page."""

    path: Path
    where: str
    """The path in messages."""
    name: str
    """The path below the content folder, as in `{filename}/` links."""
    kind: ContentKind
    front_matter: FrontMatter
    values: Mapping[str, Any]
    """The valid keys of the front matter, in the types of the model."""
    problems: tuple[Finding, ...]
    slug: str
    """The slug of the front matter, else of the title; empty if neither gives one."""
    url: str
    """The address below the site, such as `what-pays/`."""
    save_as: str
    """The file at that address, such as `what-pays/index.html`."""
    due: datetime | None
    """The time of publication in UTC; None if the date is missing or wrong."""
    status: str
    """The `status` of the front matter; `skip` also if the file cannot be read."""
    syntax: Syntax = DEFAULT_SYNTAX
    raw: bytes = b""
    """The file."""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of the file, without their line breaks."""
        return tuple(BREAK.split(self.raw.decode("utf-8-sig", errors="replace")))

    @cached_property
    def outline(self) -> Outline:
        """The outline of the text and of the answers in the front matter."""
        text = outline_of(self.front_matter.body, self.front_matter.body_line, self.syntax)
        answers = [
            outline_of(answer, self.front_matter.line("faq", place, "answer"), self.syntax)
            for place, (_, answer) in enumerate(self.get("faq") or ())
        ]
        return text.with_answers(answers) if answers else text

    @cached_property
    def title_id(self) -> str:
        """The id of the heading that the text had for its title; empty if another one has it."""
        if not self.front_matter.title_heading:
            return ""
        heading = outline_of(self.front_matter.title_heading, syntax=self.syntax)
        return next(iter(heading.anchors - self.outline.anchors), "")

    @property
    def forms(self) -> tuple[str, ...]:
        """The campaigns whose forms the text or the front matter places."""
        in_text = (placed.tag.slug for placed in self.outline.tags if placed.tag.kind == "form")
        at_the_end = self.get("campaign")
        return (*in_text, at_the_end) if at_the_end else tuple(in_text)

    def state(self, now: datetime) -> State:
        """Whether it is published at this time, and how."""
        match self.status:
            case "draft" | "skip" as status:
                return status
            case _ if self.due is not None and self.due > now:
                return "scheduled"
            case "hidden":
                return "hidden"
            case _:
                return "published"

    def finding(
        self, rule: str, line: int | None, message: str, edits: tuple[Edit, ...] = ()
    ) -> Finding:
        """A finding in this file, with the edits that fix it if the rule is sure of them."""
        return Finding(self.where, line, message, rule, self.status == "draft", edits)

    def line_of(self, text: str) -> int | None:
        """The line of the first link with this text, else of its only occurrence in the body.

        None if it occurs nowhere or several times.
        """
        for link in self.outline.links:
            if text in link.target:
                return link.line
        text_above, match, text_below = self.front_matter.body.partition(text)
        is_unique = match and text not in text_below
        return self.front_matter.body_line + text_above.count("\n") if is_unique else None

    def get(self, name: str) -> Any:
        """A valid value of the front matter, or None."""
        return self.values.get(name)


def read_post(
    path: Path, kind: ContentKind, layout: Layout, now: datetime, edited: bytes | None = None
) -> Post:
    """Reads one file, or `edited` in its place. Never raises: mistakes are in `problems`."""
    where = short_path(path)
    raw, unreadable = _read_bytes(path) if edited is None else (edited, [])
    text = raw.decode("utf-8-sig", errors="replace")
    name = path.relative_to(layout.content).as_posix()
    front_matter = with_implied_keys(read_front_matter(without_control_characters(text)), name)
    problems = [*unreadable, *_control_problems(text, front_matter), *front_matter.problems]
    values, wrong = validate_front_matter(front_matter, MODELS[kind])
    if "url" in values:
        values.setdefault("save_as", file_at(values["url"]))
    if not unreadable:  # a file that cannot be read has no other problems
        problems += wrong
    slug = str(values.get("slug") or layout.slugify(str(values.get("title", ""))))
    date = layout.address_date(values.get("date"), now)
    other_slugs = layout.category_and_author_slugs(name, values)
    url, save_as = layout.address(kind, slug, date, str(values.get("lang", "")), other_slugs)
    status = "skip" if unreadable else str(values.get("status", "published"))
    final = {**values, **layout.extra.get(name, {})}
    findings = (
        Finding(
            where, problem.line, problem.message, problem.rule, status == "draft", problem.edits
        )
        for problem in problems
    )
    return Post(
        path=path,
        where=where,
        name=name,
        kind=kind,
        front_matter=front_matter,
        values=values,
        problems=tuple(findings),
        slug=slug,
        url=str(final.get("url", url)),
        save_as=str(final.get("save_as", save_as)),
        due=date.astimezone(UTC) if "date" in values else None,
        status=status,
        syntax=layout.syntax,
        raw=raw,
    )


PostReader = Callable[[Path, ContentKind, Layout, datetime, bytes | None], Post]


def cache_posts(read: PostReader) -> PostReader:
    """Reads each file once, and each of its edited versions, for one layout and time."""
    posts: dict[tuple[Path, bytes | None], Post] = {}

    def read_once(
        path: Path, kind: ContentKind, layout: Layout, now: datetime, edited: bytes | None
    ) -> Post:
        key = path, edited
        if key not in posts:
            posts[key] = read(path, kind, layout, now, edited)
        return posts[key]

    return read_once


def _control_problems(text: str, front_matter: FrontMatter) -> Iterator[FrontMatterProblem]:
    for line, message in control_problems(text):
        yield FrontMatterProblem(line, message, "control-character")
    for path, message in control_problems_of_values(front_matter.values):
        line = front_matter.line(*path)
        yield FrontMatterProblem(line, f"`{path[0]}` {message}", "control-character")


def _read_bytes(path: Path) -> tuple[bytes, list[FrontMatterProblem]]:
    """The content of a file, and the problem if it is not UTF-8 text."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return b"", [FrontMatterProblem(1, f"cannot be read: {error.strerror}")]
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return raw, [FrontMatterProblem(line, "is not UTF-8 text: save the file as UTF-8")]
    return raw, []
