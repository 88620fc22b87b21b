"""The shared queries of the ledger are portable to a second database."""

import ast
import re
from pathlib import Path

import pytest

import capture.ledger

ROOM = Path(capture.ledger.__file__).parent
SQLITE_FILES = {"dialect.py", "schema.py", "sqlite.py"}
"""These may use SQL that only SQLite has: the dialect, the tables, the connection."""
SHARED = sorted(path for path in ROOM.glob("*.py") if path.name not in SQLITE_FILES)
ONLY_SQLITE = re.compile(
    r"\b(rowid|json_\w+|INSERT OR|REPLACE INTO|GLOB|group_concat|strftime|julianday|ifnull|iif"
    r"|last_insert_rowid|total_changes|PRAGMA|NOT INDEXED|INDEXED BY|sqlite_master)\b"
    r"|IS \?|\? IS NULL|\?\d|LIMIT -1"
)
"""SQL that only SQLite has, or whose type another database cannot infer."""


def sql_texts(path: Path) -> list[str]:
    """The string constants of a file, without docstrings and declarations of tables.

    The declarations are SQLite's (`STRICT`), wherever they stand: `sqlite.py` runs them.
    """
    tree = ast.parse(path.read_text())
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        if not node.value.lstrip().startswith("CREATE TABLE")
    ]


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_sql_that_only_sqlite_has_is_in_the_files_of_sqlite(path: Path) -> None:
    assert [text for text in sql_texts(path) if ONLY_SQLITE.search(text)] == []


def test_the_search_finds_sql_that_only_sqlite_has() -> None:
    texts = [text for text in sql_texts(ROOM / "dialect.py") if ONLY_SQLITE.search(text)]
    assert len(texts) >= 3


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_no_shared_file_imports_sqlite(path: Path) -> None:
    names = imports(path)
    assert not {module for module, _ in names if module.split(".")[0].startswith("sqlite")}


def test_the_ledger_imports_only_due_times_and_customers_from_billing() -> None:
    pairs = {pair for path in ROOM.glob("*.py") for pair in imports(path)}
    assert {name for module, name in pairs if module.startswith("capture.billing")} == {
        "Customer",
        "customer_from",
        "open_lines",
    }


def imports(path: Path) -> set[tuple[str, str]]:
    """(module, name) of each import of a file."""
    pairs = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            pairs |= {(node.module or "", alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            pairs |= {(alias.name, "") for alias in node.names}
    return pairs
