"""Reads front matter, the lines above a post's text, in two styles, with line numbers.

    Title: What pays            ---
    Tags: pricing, cpl          title: What pays
                                tags: [pricing, cpl]
    The text.                   ---
                                The text.

Pelican's style ends at the first empty line; a value continues in lines that are indented by four
spaces. Values stay text here: the model, `publish.checks.model`, converts them for both styles.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from capture.campaign.problems import KeyPath
from publish.checks.edit import Edit

_FENCE: Final = re.compile(r"---[ \t]*")
_TOML_FENCE: Final = re.compile(r"\+\+\+[ \t]*")
_FENCE_END: Final = re.compile(r"(?:---|\.\.\.)[ \t]*")
_PAIR: Final = re.compile(r" {0,3}(?P<key>[A-Za-z0-9_-]+):[ \t]*(?P<value>.*)")
_CONTINUATION: Final = re.compile(r"(?: {4,}|\t)(?P<value>.*)")


@dataclass(frozen=True)
class FrontMatterProblem:
    """A mistake in the front matter, and the rule that reports it."""

    line: int
    message: str
    rule: str = "front-matter"
    edits: tuple[Edit, ...] = ()
    """The edits that fix it; empty if there is no sure one."""
    key: str = ""
    """The key with a wrong value; empty if the problem is another one."""
    fixes: tuple[tuple[str, str], ...] = ()
    """Texts of the value, and what the writer can only mean by them; empty if not sure."""


@dataclass(frozen=True)
class FrontMatter:
    """The front matter and text of one file."""

    values: Mapping[str, Any]
    """Keys in lower case to values: text, or in YAML also lists and mappings."""
    lines: Mapping[KeyPath, int]
    """The line of each key, counted from 1; in YAML also of the keys below it."""
    body: str
    body_line: int
    """The line of the file on which `body` begins."""
    problems: tuple[FrontMatterProblem, ...] = field(default=())
    title_heading: str = ""
    """The first heading of the text, as written, if it is the title and so not in `body`."""

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing could be read: then `problems` has the reason, and no key is missing."""
        return bool(self.problems) and not self.values

    def line(self, *path: str | int) -> int:
        """The line of a key; else of the key that contains it; else 1."""
        ends = range(len(path), 0, -1)
        return next((self.lines[path[:end]] for end in ends if path[:end] in self.lines), 1)


def read_front_matter(text: str) -> FrontMatter:
    """Divides a file into front matter and text. Never raises: mistakes are in `problems`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    return _read_fenced(lines, first) if _FENCE.fullmatch(lines[first]) else _read_pairs(lines)


def _read_fenced(lines: list[str], fence: int) -> FrontMatter:
    start = fence + 1
    ends = (
        number for number, line in enumerate(lines[start:], start) if _FENCE_END.fullmatch(line)
    )
    end = next(ends, None)
    if end is None:
        problem = FrontMatterProblem(
            start, "the front matter does not end: put a second `---` on a line below it"
        )
        return FrontMatter({}, {}, "", len(lines), problems=(problem,))
    document = read_yaml("\n".join(lines[start:end]), first_line=start + 1)
    edits = () if document.values or fence else _quotes(lines[start:end])
    problems = tuple(
        FrontMatterProblem(line, message, edits=edits) for line, message in document.problems
    )
    body = "\n".join(lines[end + 1 :])
    return FrontMatter(document.values, document.lines, body, end + 2, problems=problems)


def _read_pairs(lines: list[str]) -> FrontMatter:
    values: dict[str, str] = {}
    key_lines: dict[KeyPath, int] = {}
    problems: list[FrontMatterProblem] = []
    key, end = "", 0
    for end, line in enumerate(lines):
        if not line.strip():
            break
        if pair := _PAIR.fullmatch(line):
            key = pair["key"].lower()
            if key in values:
                problems.append(
                    FrontMatterProblem(end + 1, duplicate_key_message(key, key_lines[key,]))
                )
                key = ""
                continue
            values[key] = pair["value"].strip()
            key_lines[key,] = end + 1
        elif values and (continuation := _CONTINUATION.fullmatch(line)):
            if key:
                values[key] = f"{values[key]}\n{continuation['value'].strip()}"
        elif values:
            problems.append(
                FrontMatterProblem(end + 1, "is not `Key: value`: put an empty line above the text")
            )
            break
        else:
            break
    else:
        end = len(lines)
    if not values:
        problems += _misplaced(lines)
    return FrontMatter(values, key_lines, "\n".join(lines[end:]), end + 1, problems=tuple(problems))


def _misplaced(lines: list[str]) -> Iterator[FrontMatterProblem]:
    """Problems of front matter in TOML, or after empty lines."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if _TOML_FENCE.fullmatch(lines[first]):
        yield FrontMatterProblem(
            first + 1,
            "has front matter in TOML, between `+++`: write it in YAML, between `---`, or "
            "use `gatepost import hugo`",
        )
    elif first and _PAIR.fullmatch(lines[first]):
        empty = Edit(1, 0, "".join(f"{line}\n" for line in lines[:first]), "")
        message = f"has its front matter on line {first + 1}: delete the empty lines above it"
        yield FrontMatterProblem(1, message, edits=(empty,))


def duplicate_key_message(key: str, first: int) -> str:
    """The message for a key that is given twice."""
    return f"`{key}` is already on line {first}: keep one of them"


_UNQUOTED: Final = re.compile(
    r"""(?P<key>[A-Za-z0-9_-]+:[ \t]+)(?P<value>[^\s"'\[{|>&*!#?,-].*?)[ \t]*"""
)


def _quotes(lines: list[str]) -> tuple[Edit, ...]:
    """Puts values that YAML cannot read into quotes; nothing if this does not make it valid."""
    edits: list[Edit] = []
    quoted_lines = list(lines)
    for place, line in enumerate(lines):
        pair = _UNQUOTED.fullmatch(line)
        if not pair or " #" in line or not read_yaml(line, first_line=1).problems:
            continue
        quoted = quoted_value(pair["value"])
        quoted_lines[place] = f"{pair['key']}{quoted}"
        values = read_yaml(quoted_lines[place], first_line=1).values
        if list(values.values()) == [pair["value"]]:
            edits.append(Edit(place + 2, pair.end("key"), pair["value"], quoted))
    is_valid = edits and not read_yaml("\n".join(quoted_lines), first_line=2).problems
    return tuple(edits) if is_valid else ()


def quoted_value(value: str) -> str:
    """A text of one line as a YAML value in quotes."""
    if '"' in value or "\\" in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'


# YAML becomes text, lists and mappings. No value becomes a date or a boolean: `title: No` stays
# text.

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL: Final = "tag:yaml.org,2002:null"
_MAX_DEPTH: Final = 8


@dataclass
class YamlFrontMatter:
    """The values, the lines of their keys, and line and message of each problem."""

    values: Mapping[str, Any] = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


def read_yaml(text: str, first_line: int, *, lower_keys: bool = True) -> YamlFrontMatter:
    """Reads a YAML document whose first line is `first_line` of its file. Never raises."""
    front_matter = YamlFrontMatter()
    try:
        node = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        front_matter.problems.append((line, _yaml_message(error)))
        return front_matter
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        front_matter.problems.append((first_line, f"is not valid YAML: {reason}"))
        return front_matter
    if isinstance(node, yaml.MappingNode):
        front_matter.values = _Reader(front_matter, first_line, lower_keys).mapping(node, ())
    elif node is not None:
        front_matter.problems.append((first_line, "must be lines such as `key: value`"))
    return front_matter


def _yaml_message(error: yaml.MarkedYAMLError) -> str:
    text = " ".join(str(error.problem or error.context).split())
    if "mapping values are not allowed" in text:
        return 'has a second `: ` in one value: put the value in quotes, such as title: "One: two"'
    if "cannot start any token" in text or "found unexpected" in text or "expected" in text:
        return f'is not valid YAML ({text}): put text with characters such as : # @ % [ in "quotes"'
    return f"is not valid YAML: {text}"


class _Reader:
    """Converts nodes to values. It reads each node once, so aliases cannot multiply the text."""

    def __init__(self, front_matter: YamlFrontMatter, first_line: int, lower_keys: bool) -> None:
        self._front_matter = front_matter
        self._first = first_line
        self._lower_keys = lower_keys
        self._visited: set[int] = set()

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = self._line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._front_matter.problems.append((line, "is not `key: value`"))
                continue
            key = str(key_node.value)
            if self._lower_keys:
                key = key.lower()
            if key in values:
                message = duplicate_key_message(key, self._front_matter.lines[(*path, key)])
                self._front_matter.problems.append((line, message))
                continue
            self._front_matter.lines[(*path, key)] = line
            values[key] = self._value(value_node, (*path, key))
        return values

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        line = self._line(node)
        self._front_matter.lines.setdefault(path, line)
        if id(node) in self._visited or len(path) > _MAX_DEPTH:
            self._front_matter.problems.append(
                (line, "has an alias (`*name`): write the value itself")
            )
            return ""
        self._visited.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(part, (*path, index)) for index, part in enumerate(node.value)]
        return "" if node.tag == _NULL else str(node.value)

    def _line(self, node: yaml.Node) -> int:
        return int(self._first + node.start_mark.line)
