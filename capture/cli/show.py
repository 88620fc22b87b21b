"""How commands show things: a table for people, JSON for programs; never a control character."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

as_json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


def show_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, as_json: bool) -> None:
    """One line each, in the order given; `--json` keeps every value as it is."""
    found = list(rows)
    if as_json:
        show_json(found)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in found:
        table.add_row(*(plain(row.get(column)) for column in columns))
    _print(table)


def show_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """Names and values below each other."""
    table = Table.grid(padding=(0, 2))
    for name, value in facts:
        table.add_row(Text(name, style="bold"), plain(value))
    _print(table)


def show_heading(text: str) -> None:
    """A line above what follows."""
    _print(Text(f"\n{text}", style="bold"))


def show_json(value: Any) -> None:
    """JSON with everything outside ASCII escaped, so that a terminal shows what is there."""
    click.echo(json.dumps(value, indent=2, default=str))


def moment(time: datetime | None) -> str | None:
    """A UTC time to the second, as ISO 8601."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value: Any) -> Text:
    """A value as text that no terminal obeys: control and format characters become �."""
    text = "" if value is None else str(value)
    return Text("".join(_visible(character) for character in text))


def _visible(character: str) -> str:
    if character == "\n":
        return "⏎"
    return "�" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def _print(shown: RenderableType) -> None:
    """As wide as the terminal; wide enough for whole lines where the output is a file."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    with console.capture() as captured:
        console.print(shown)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
