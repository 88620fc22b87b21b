"""The SQL of the ledger's subjects is portable to a second database."""

import ast
import re
from pathlib import Path

import pytest

import capture.ledger

ROOM = Path(capture.ledger.__file__).parent
OF_SQLITE = {"dialect.py", "schema.py", "sqlite.py"}
"""The differences, the tables, and the store of the one database."""
SHARED = sorted(path for path in ROOM.glob("*.py") if path.name not in OF_SQLITE)
ONLY_SQLITE = re.compile(
    r"\b(rowid|json_\w+|INSERT OR|REPLACE INTO|GLOB|group_concat|strftime|julianday|ifnull|iif"
    r"|last_insert_rowid|total_changes|PRAGMA|NOT INDEXED|INDEXED BY|sqlite_master)\b"
    r"|IS \?|\? IS NULL|\?\d|LIMIT -1"
)
"""What only SQLite understands, or what another database cannot give a type."""


def sql_texts(path: Path) -> list[str]:
    """The texts of a file that are no docstrings."""
    tree = ast.parse(path.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_what_only_sqlite_understands_stands_in_its_own_files(path: Path) -> None:
    assert [text for text in sql_texts(path) if ONLY_SQLITE.search(text)] == []


def test_the_search_finds_what_only_sqlite_understands() -> None:
    found = [text for text in sql_texts(ROOM / "dialect.py") if ONLY_SQLITE.search(text)]
    assert len(found) >= 3


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_no_shared_file_imports_sqlite(path: Path) -> None:
    names = imports(path)
    assert not {module for module, _ in names if module.split(".")[0].startswith("sqlite")}


def test_of_billing_the_ledger_imports_only_when_the_next_line_falls_due() -> None:
    used = {pair for path in ROOM.glob("*.py") for pair in imports(path)}
    assert {name for module, name in used if module.startswith("capture.billing")} == {
        "next_due_at"
    }


def imports(path: Path) -> set[tuple[str, str]]:
    """(module, name) of each import of a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found |= {(node.module or "", alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
    return found
