"""The core names no command of ours and no option: each way in has its own words for them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from capture.cli.hints import in_words
from capture.errors import GatepostError, Hint, Refused
from gatepost.cli import gatepost

CAPTURE = Path(__file__).parents[2] / "capture"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
COMMAND = re.compile(r"\bgatepost ([a-z-]+)((?: [a-z-]+)?)")
PRINTED = {
    "documents/agreement/leads.py": "the agreement names the commands by which it is checked",
    "documents/evidence.py": "so does the evidence file",
    "documents/statement_sheet.py": "and so does the printed statement",
}
"""Documents whose readers are to type a command."""


def strings(path: Path) -> Iterator[str]:
    """Every text in a source file; what is put into an f-string counts as a word."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else "word" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def named(path: Path) -> list[str]:
    return [
        found[0]
        for text in strings(path)
        for pattern in (OPTION, COMMAND)
        for found in pattern.finditer(text)
    ]


def core() -> Iterator[Path]:
    for path in CAPTURE.rglob("*.py"):
        if path.relative_to(CAPTURE).parts[0] != "cli":
            yield path


def test_the_core_names_no_command_and_no_option() -> None:
    found = {str(path.relative_to(CAPTURE)): named(path) for path in core()}
    assert len(found) > 100
    assert {path for path, names in found.items() if names} == set(PRINTED)


def test_the_search_finds_commands_and_options(tmp_path: Path) -> None:
    source = tmp_path / "some.py"
    source.write_text('f"{1}: take --format html"\n"""Run `gatepost leads` first."""\n')
    assert sorted(set(named(source))) == ["--format", "gatepost leads"]
    source.write_text('"a -- b, gatepost.cli, --- and x--y"\n')
    assert named(source) == []


@pytest.mark.parametrize("hint", Hint)
def test_every_hint_names_a_command_and_options_that_there_are(hint: Hint) -> None:
    about = {"number": "NUMBER", "campaign": "SLUG", "lead_id": "ID"}
    words = in_words(Refused("This is so", hint, **about))
    assert words.startswith("This is so")
    found = COMMAND.findall(words)
    options = set(OPTION.findall(words))
    assert found or options
    for name, more in found:
        command = known(name)
        assert command is not None, words
        if isinstance(command, click.Group) and more:
            assert more.strip() in command.commands, words
    assert options <= all_options(), words


def test_without_a_hint_the_sentence_stands_alone() -> None:
    assert in_words(GatepostError("This is so")) == "This is so"


@pytest.mark.parametrize("path", PRINTED)
def test_what_documents_name_is_there(path: str) -> None:
    names = [word for text in strings(CAPTURE / path) for word, _ in COMMAND.findall(text)]
    assert names
    assert all(known(name) for name in names)
    assert set(OPTION.findall(" ".join(strings(CAPTURE / path)))) <= all_options()


def known(name: str) -> click.Command | None:
    return gatepost.get_command(click.Context(gatepost), name)


def all_options() -> set[str]:
    context = click.Context(gatepost)
    found: set[str] = set()
    waiting: list[click.Command] = [
        command
        for name in gatepost.list_commands(context)
        if (command := gatepost.get_command(context, name)) is not None
    ]
    while waiting:
        command = waiting.pop()
        found |= {option for one in command.params for option in one.opts}
        if isinstance(command, click.Group):
            waiting += command.commands.values()
    return found
