"""Output of commands: tables for people, JSON for programs; never a control character.

Only a table loads rich.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def show_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, as_json: bool) -> None:
    """Prints one line per row with these columns, or all values as JSON."""
    if as_json:
        show_json(list(rows))
        return
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(plain(row.get(column)) for column in columns))
    _print(table)


def show_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """Prints one name and value per line."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table.grid(padding=(0, 2))
    for name, value in facts:
        table.add_row(Text(name, style="bold"), plain(value))
    _print(table)


def show_heading(text: str) -> None:
    """Prints an empty line and a heading."""
    from rich.text import Text  # noqa: PLC0415

    _print(Text(f"\n{text}", style="bold"))


def show_json(value: Any) -> None:
    """Prints JSON; characters outside ASCII are escaped, so a terminal cannot misread them."""
    click.echo(json.dumps(value, indent=2, default=str))


def moment(time: datetime | None) -> str | None:
    """A UTC time to the second, as ISO 8601."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value: Any) -> "Text":
    """The value as text without terminal commands: control characters become �."""
    from rich.text import Text  # noqa: PLC0415

    text = "" if value is None else str(value)
    return Text("".join(_visible(character) for character in text))


def _visible(character: str) -> str:
    if character == "\n":
        return "⏎"
    return "�" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def _print(renderable: "RenderableType") -> None:
    """Prints as wide as the terminal, or 200 columns if the output is a file."""
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
