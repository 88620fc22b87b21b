"""One file that a writer wrote: its head, its facts and the outline of its text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from capture.campaign.problems import suggestion
from capture.errors import short_path
from publish.checks.finding import Finding
from publish.checks.front_matter import FrontMatter, FrontMatterProblem, read_front_matter
from publish.checks.layout import ContentKind, Layout
from publish.checks.model import PageFrontMatter, PostFrontMatter
from publish.checks.outline import Outline, outline_of

# What a head says, in the types of its model, and a sentence for each key that says it wrongly.


_STAND_INS: Final[Mapping[str, str]] = {"title": "x", "date": "2000-01-01"}
"""For keys that must be there and are not, so that the others can be read all the same."""
_HOW_TO_GIVE: Final[Mapping[str, str]] = {
    "date": "add a line such as `Date: 2026-11-23` at its head",
    "title": "add a line `Title: ...` at its head",
}


def validate_front_matter(
    front_matter: FrontMatter, model: type[PageFrontMatter]
) -> tuple[dict[str, Any], list[FrontMatterProblem]]:
    """The keys that are given and right, and what is wrong with the rest."""
    raw = {
        key: value
        for key, value in front_matter.values.items()
        if key in model.model_fields and value not in ("", [])  # a line that is still to be filled
    }
    problems = list(_unknown(front_matter, model))
    wrong: set[str] = set()
    try:
        read = model.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += (
            _fault(front_matter, detail)
            for detail in details
            if not (front_matter.is_unreadable and detail["type"] == "missing")
        )
        wrong = {str(detail["loc"][0]) for detail in details}
        right = {key: value for key, value in raw.items() if key not in wrong}
        stand_ins = {key: text for key, text in _STAND_INS.items() if key in wrong}
        read = model.model_validate(stand_ins | right)
    return {key: getattr(read, key) for key in raw if key not in wrong}, problems


def _fault(front_matter: FrontMatter, detail: ErrorDetails) -> FrontMatterProblem:
    key = str(detail["loc"][0])
    if detail["type"] == "missing":
        fix = _HOW_TO_GIVE.get(key, f"add a line `{key.capitalize()}: ...` at its head")
        return FrontMatterProblem(front_matter.line(key), f"has no {key}: {fix}")
    return FrontMatterProblem(front_matter.line(key), f"`{key}` {detail['msg']}")


def _unknown(
    front_matter: FrontMatter, model: type[PageFrontMatter]
) -> Iterator[FrontMatterProblem]:
    for key in front_matter.values:
        if key not in model.model_fields:
            hint = suggestion(key, model.model_fields) or ": take it away, or see docs/writer.md"
            message = f"`{key}` is no key that we know{hint}"
            yield FrontMatterProblem(front_matter.line(key), message, "unknown-key")


State = Literal["published", "hidden", "scheduled", "draft", "skip"]
MODELS: Final[Mapping[ContentKind, type[PageFrontMatter]]] = {
    "post": PostFrontMatter,
    "page": PageFrontMatter,
}


@dataclass(frozen=True, eq=False)
class Post:
    """A post or page. `facts` is what its head says, with what is faulty left out."""

    path: Path
    where: str
    """The path as findings name it."""
    name: str
    """The path below the content folder, as `{filename}/` names it."""
    kind: ContentKind
    front_matter: FrontMatter
    values: Mapping[str, Any]
    problems: tuple[Finding, ...]
    slug: str
    url: str
    save_as: str
    due: datetime | None
    """When it is published: UTC; None if its date is missing or faulty."""
    status: str
    """As the head says; `skip` too if the file cannot be read."""

    @cached_property
    def outline(self) -> Outline:
        """Headings, links and so on, of the text and of the answers in its head."""
        text = outline_of(self.front_matter.body, self.front_matter.body_line)
        answers = [
            outline_of(answer, self.front_matter.line("faq", place, "answer"))
            for place, (_, answer) in enumerate(self.get("faq") or ())
        ]
        return text.with_answers(answers) if answers else text

    @property
    def forms(self) -> tuple[str, ...]:
        """The campaigns whose forms it means to show."""
        placed = (found.tag.slug for found in self.outline.tags if found.tag.kind == "form")
        named = self.get("campaign")
        return (*placed, named) if named else tuple(placed)

    def state(self, now: datetime) -> State:
        """How far its readers may see it."""
        match self.status:
            case "draft" | "skip" as status:
                return status
            case _ if self.due is not None and self.due > now:
                return "scheduled"
            case "hidden":
                return "hidden"
            case _:
                return "published"

    def finding(self, rule: str, line: int | None, message: str) -> Finding:
        """Something to mend in this file."""
        return Finding(self.where, line, message, rule, in_draft=self.status == "draft")

    def line_of(self, text: str) -> int | None:
        """The line of the first link that holds the text, else of the only place where it stands.

        None if it stands nowhere or in several places.
        """
        for link in self.outline.links:
            if text in link.target:
                return link.line
        before, found, after = self.front_matter.body.partition(text)
        return (
            self.front_matter.body_line + before.count("\n")
            if found and text not in after
            else None
        )

    def get(self, name: str) -> Any:
        """A fact, or None if the head does not give it."""
        return self.values.get(name)


def read_post(path: Path, kind: ContentKind, layout: Layout, now: datetime) -> Post:
    """Reads and understands one file. Never raises: what is wrong is in `faults`."""
    where = short_path(path)
    raw, messages = _bytes_of(path)
    text = raw.decode("utf-8-sig", errors="replace")
    front_matter = read_front_matter(text)
    problems = [*messages, *front_matter.problems]
    facts, wrong = validate_front_matter(front_matter, MODELS[kind])
    if not messages:  # of a file that cannot be read no more can be said
        problems += wrong
    slug = str(facts.get("slug") or layout.slugify(str(facts.get("title", ""))))
    date = layout.dated(facts.get("date"), now)
    name = path.relative_to(layout.content).as_posix()
    terms = layout.terms(name, facts)
    url, save_as = layout.address(kind, slug, date, str(facts.get("lang", "")), terms)
    status = "skip" if messages else str(facts.get("status", "published"))
    own = {**facts, **layout.extra.get(name, {})}
    findings = (
        Finding(where, problem.line, problem.message, problem.rule, in_draft=status == "draft")
        for problem in problems
    )
    return Post(
        path=path,
        where=where,
        name=name,
        kind=kind,
        front_matter=front_matter,
        values=facts,
        problems=tuple(findings),
        slug=slug,
        url=str(own.get("url", url)),
        save_as=str(own.get("save_as", save_as)),
        due=date.astimezone(UTC) if "date" in facts else None,
        status=status,
    )


def _bytes_of(path: Path) -> tuple[bytes, list[FrontMatterProblem]]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        return b"", [FrontMatterProblem(1, f"cannot be read: {error.strerror}")]
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return raw, [FrontMatterProblem(line, "is no UTF-8 text: save the file as UTF-8")]
    return raw, []
