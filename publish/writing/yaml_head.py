"""YAML to text, lists and tables with the line of each key. Nothing in it is guessed to be a date
or a yes: the model knows what each key holds, and `title: No` stays a title.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from capture.campaign.keypath import KeyPath

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL: Final = "tag:yaml.org,2002:null"
_DEEPEST: Final = 8


@dataclass
class YamlHead:
    """What was read, and what could not be."""

    values: Mapping[str, Any] = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)


def read_yaml(text: str, first_line: int) -> YamlHead:
    """Reads one YAML document whose first line is `first_line` of its file. Never raises."""
    head = YamlHead()
    try:
        node = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        head.faults.append((line, _why(error)))
        return head
    except (yaml.YAMLError, RecursionError) as error:
        head.faults.append((first_line, f"is no YAML: {' '.join(str(error).split())}"))
        return head
    if isinstance(node, yaml.MappingNode):
        head.values = _Reader(head, first_line).table(node, ())
    elif node is not None:
        head.faults.append((first_line, "is no list of `key: value` lines"))
    return head


def _why(error: yaml.MarkedYAMLError) -> str:
    said = " ".join(str(error.problem or error.context).split())
    if "mapping values are not allowed" in said:
        return 'has a second `: ` in one value: put the value in quotes, such as title: "One: two"'
    if "cannot start any token" in said or "found unexpected" in said or "expected" in said:
        return f'is no YAML ({said}): put text that holds signs such as : # @ % [ in "quotes"'
    return f"is no YAML: {said}"


class _Reader:
    """Turns nodes into values, each node once: so an alias can build no endless text."""

    def __init__(self, head: YamlHead, first_line: int) -> None:
        self._head = head
        self._first = first_line
        self._seen: set[int] = set()

    def table(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = self._line(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self._head.faults.append((line, "is no `key: value`"))
                continue
            key = str(key_node.value).lower()
            if key in found:
                first = self._head.lines[(*path, key)]
                told = f"`{key}` is given on line {first} already: keep one of them"
                self._head.faults.append((line, told))
                continue
            self._head.lines[(*path, key)] = line
            found[key] = self._value(value_node, (*path, key))
        return found

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        line = self._line(node)
        self._head.lines.setdefault(path, line)
        if id(node) in self._seen or len(path) > _DEEPEST:
            self._head.faults.append((line, "has an alias (`*name`): write the value out"))
            return ""
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.table(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(part, (*path, place)) for place, part in enumerate(node.value)]
        return "" if node.tag == _NULL else str(node.value)

    def _line(self, node: yaml.Node) -> int:
        return int(self._first + node.start_mark.line)
