"""The help of every command fits on one screen and has examples that the command accepts."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import click
import pytest

from capture.cli.options import DefaultGroup
from gatepost.cli import gatepost
from gatepost.command_table import COMMANDS as COMMAND_TABLE

_COLUMNS: Final = 100
_LINES: Final = 66


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            child = command.get_command(click.Context(command), name)
            assert child is not None
            yield from _commands(child, f"{path} {name}")


COMMANDS: Final = dict(_commands(gatepost, "gatepost"))
every_command = pytest.mark.parametrize("path", COMMANDS)


def _help_lines(path: str) -> list[str]:
    command = COMMANDS[path]
    context = click.Context(command, info_name=path, terminal_width=_COLUMNS)
    return command.get_help(context).splitlines()


def _examples(path: str) -> list[str]:
    """The command lines of the example block; a backslash at the end continues a line."""
    lines = _help_lines(path)
    start = next((at for at, line in enumerate(lines) if line.strip() == "Example:"), len(lines))
    block = []
    for line in lines[start + 1 :]:
        if not line.strip():
            break
        block.append(line)
    return "\n".join(block).replace("\\\n", " ").splitlines()


@every_command
def test_help_fits_on_one_screen(path: str) -> None:
    lines = _help_lines(path)
    assert len(lines) <= _LINES
    assert max(map(len, lines)) <= _COLUMNS


@every_command
def test_help_has_an_example_of_the_command(path: str) -> None:
    examples = _examples(path)
    assert examples
    for example in examples:
        assert f"{example.strip()} ".startswith(f"{path} ")


@every_command
def test_examples_name_existing_commands_options_and_all_required_values(path: str) -> None:
    for example in _examples(path):
        words = shlex.split(example)
        words = words[: next((at for at, word in enumerate(words) if word in "<>"), len(words))]
        command, arguments = _resolve(words[1:])
        if "--help" in arguments:
            continue
        context = click.Context(command, info_name=path)
        given, rest, _ = command.make_parser(context).parse_args(arguments)
        assert not rest
        for parameter in command.params:
            assert not parameter.required or given.get(parameter.name or "") is not None


def _resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words run, and its arguments."""
    command: click.Command = gatepost
    while isinstance(command, click.Group):
        child = command.get_command(click.Context(command), words[0])
        if child is None:
            assert isinstance(command, DefaultGroup)
            words = [command.default, *words]
            child = command.get_command(click.Context(command), command.default)
            assert child is not None
        command, words = child, words[1:]
    return command, words


def test_the_list_of_commands_shows_the_first_sentence_of_each() -> None:
    summaries = {name: command.summary for name, command in COMMAND_TABLE.items()}
    assert summaries == {
        name: COMMANDS[f"gatepost {name}"].get_short_help_str(1000) for name in COMMAND_TABLE
    }


def test_the_list_of_commands_is_the_one_that_click_makes_of_loaded_commands() -> None:
    assert isinstance(gatepost, click.Group)
    lazy, loaded = (click.HelpFormatter(width=80) for _ in range(2))
    context = click.Context(gatepost)
    gatepost.format_commands(context, lazy)
    click.Group.format_commands(gatepost, context, loaded)
    assert lazy.getvalue() == loaded.getvalue()


def test_the_help_loads_no_command() -> None:
    code = (
        "import sys\nfrom gatepost.cli import main\nsys.argv = ['gatepost', '--help']\n"
        "try:\n    main()\n"
        "finally:\n    sys.exit(bool({'pydantic', 'capture.cli.leads'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
