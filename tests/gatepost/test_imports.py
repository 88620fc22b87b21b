"""A command imports only the modules that it needs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = "flask", "limits", "sqlite_utils", "typst", "xlsxwriter", "capture.ledger"


def modules_loaded_by(*command: str) -> set[str]:
    code = (
        "import sys; from gatepost.cli import gatepost; "
        f"gatepost({command}, standalone_mode=False); print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stderr.split())


def test_a_writers_command_loads_neither_the_ledger_nor_the_service() -> None:
    loaded = modules_loaded_by("check")
    assert "publish.build.pelican_run" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_a_list_of_leads_loads_no_library_for_sheets() -> None:
    assert "xlsxwriter" not in modules_loaded_by("leads", "--help")


def test_settings_as_json_load_neither_campaigns_nor_tables() -> None:
    assert modules_loaded_by("settings", "--json").isdisjoint({"rich", "capture.campaign.model"})


def test_charts_do_not_change_the_imports_of_the_process() -> None:
    code = (
        "import sys, pygal; before = list(sys.meta_path); "
        "import capture.documents.report_charts; assert sys.meta_path == before"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_no_import_of_a_constant_name_is_hidden_from_mypy() -> None:
    assert list(hidden_imports()) == []


def hidden_imports() -> Iterator[str]:
    """Each `import_module("name")` and `__import__("name")` of the product."""
    for package in ("capture", "gatepost", "publish"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and node.args:
                    function, argument = ast.unparse(node.func), node.args[0]
                    is_import = function.endswith("import_module") or function == "__import__"
                    if is_import and isinstance(argument, ast.Constant):
                        yield f"{path}:{node.lineno}"
