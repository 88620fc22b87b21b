"""Core code names no command and no option; each interface adds its own words for a hint."""

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
    "documents/evidence_read_me.py": "so does the evidence file",
    "letters/agency.py": "letters to the agency name the command that helps",
    "letters/quarantine.py": "the letter to the agency names the commands that decide",
    "web/desk/payments.py": "a file that is too large for the page is imported by a command",
}
"""Files that name commands and options, and why."""
RUNS_GIT = "campaign/git_history.py"
"""It names options of git."""


def strings(path: Path) -> Iterator[str]:
    """Every string of a source file; a value in an f-string counts as a word."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else "word" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def command_names(path: Path) -> list[str]:
    return [
        match[0]
        for text in strings(path)
        for pattern in (OPTION, COMMAND)
        for match in pattern.finditer(text)
    ]


def core() -> Iterator[Path]:
    for path in CAPTURE.rglob("*.py"):
        name = path.relative_to(CAPTURE)
        if name.parts[0] != "cli" and name.as_posix() != RUNS_GIT:
            yield path


def test_the_core_names_no_command_and_no_option() -> None:
    names_by_path = {str(path.relative_to(CAPTURE)): command_names(path) for path in core()}
    assert len(names_by_path) > 100
    assert {path for path, names in names_by_path.items() if names} == set(PRINTED)


def test_the_search_finds_commands_and_options(tmp_path: Path) -> None:
    source = tmp_path / "some.py"
    source.write_text('f"{1}: take --format html"\n"""Run `gatepost leads` first."""\n')
    assert sorted(set(command_names(source))) == ["--format", "gatepost leads"]
    source.write_text('"a -- b, gatepost.cli, --- and x--y"\n')
    assert command_names(source) == []


@pytest.mark.parametrize("hint", Hint)
def test_every_hint_names_an_existing_command_or_option(hint: Hint) -> None:
    values = {"number": "NUMBER", "campaign": "SLUG", "lead_id": "ID"}
    text = in_words(Refused("This is so", hint, **values))
    assert text.startswith("This is so")
    commands = COMMAND.findall(text)
    options = set(OPTION.findall(text))
    assert commands or options
    for name, subcommand in commands:
        command = find_command(name)
        assert command is not None, text
        if isinstance(command, click.Group) and subcommand:
            assert subcommand.strip() in command.commands, text
    assert options <= all_options(), text


def test_without_a_hint_the_message_is_unchanged() -> None:
    assert in_words(GatepostError("This is so")) == "This is so"


@pytest.mark.parametrize("path", PRINTED)
def test_commands_and_options_in_documents_exist(path: str) -> None:
    names = [word for text in strings(CAPTURE / path) for word, _ in COMMAND.findall(text)]
    assert names
    assert all(find_command(name) for name in names)
    assert set(OPTION.findall(" ".join(strings(CAPTURE / path)))) <= all_options()


def find_command(name: str) -> click.Command | None:
    return gatepost.get_command(click.Context(gatepost), name)


def all_options() -> set[str]:
    context = click.Context(gatepost)
    options: set[str] = set()
    waiting: list[click.Command] = [
        command
        for name in gatepost.list_commands(context)
        if (command := gatepost.get_command(context, name)) is not None
    ]
    while waiting:
        command = waiting.pop()
        options |= {option for parameter in command.params for option in parameter.opts}
        if isinstance(command, click.Group):
            waiting += command.commands.values()
    return options
