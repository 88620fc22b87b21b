"""`python -m tests.structure`: the size and shape of the three packages, as a table.

Median and longest file and function, in lines; the share of modules with exactly one importer,
without those that a registry names one by one; and the longest chain of imports, in modules.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, Final

import grimp

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("capture", "publish", "gatepost")
REGISTERED: Final = (
    "capture.campaign.rules",
    "capture.cli",
    "capture.letters",
    "capture.web",
    "gatepost.cli",
    "publish.checks.rules",
    "publish.plugins",
)
"""Rooms of commands, rules, plugins, letters and routes. A registry names each of their modules."""

Graph = Mapping[str, frozenset[str]]


def main() -> None:
    """Prints the table."""
    files = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    functions = dict(function for path in files for function in _functions(path))
    imports = _imports()
    single = _single_importers(imports)
    chain = _longest_chain(imports)
    out = sys.stdout.write
    out(f"files                   {len(files)} ({sum(lines.values())} lines)\n")
    out(f"lines of a file         {_sizes(lines)}\n")
    out(f"lines of a function     {_sizes(functions)}\n")
    out(f"with one importer       {len(single)} ({len(single) / len(files):.1%})\n")
    out(f"longest import chain    {len(chain)} modules\n")
    if "-v" in sys.argv:
        out("\nwith one importer:\n" + "".join(f"  {name}\n" for name in single))
        out("\nlongest import chain:\n" + "".join(f"  {name}\n" for name in chain))


def _sizes(sizes: Mapping[Any, int]) -> str:
    longest = max(sizes, key=lambda key: sizes[key])
    name = longest.relative_to(ROOT) if isinstance(longest, Path) else longest
    return f"median {median(sizes.values()):g}, longest {sizes[longest]} ({name})"


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """The name and the number of lines of each function in a file."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1


def _imports() -> Graph:
    """By module: the modules that it imports."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {
        name: frozenset(graph.find_modules_directly_imported_by(name)) for name in graph.modules
    }


def _single_importers(imports: Graph) -> list[str]:
    """Modules that exactly one other module uses.

    A room's `__init__` only re-exports names: whoever imports a name from it uses the module that
    defines the name.
    """
    users: dict[str, set[str]] = {name: set() for name in imports}
    exports = {
        name: dict(_imported_names(name)) for name in imports if _path(name).stem == "__init__"
    }
    for user in imports:
        for _, (module, name) in _imported_names(user):
            source = _defining_module(module, name, imports, exports)
            if source in users and not (user in exports and source.startswith(f"{user}.")):
                users[source].add(user)
    registered = tuple(f"{room}." for room in REGISTERED)
    return sorted(
        name
        for name, importers in users.items()
        if len(importers) == 1 and not name.startswith(registered)
    )


def _defining_module(
    module: str, name: str, imports: Graph, exports: Mapping[str, Mapping[str, tuple[str, str]]]
) -> str:
    if f"{module}.{name}" in imports:
        return f"{module}.{name}"
    return (
        _defining_module(*exports[module][name], imports, exports)
        if name in exports.get(module, {})
        else module
    )


def _path(name: str) -> Path:
    path = ROOT / name.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imported_names(name: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Each name that a module imports from our packages: as it is called there, and its source.

    The source is the module and the name in the import statement.
    """
    for node in ast.walk(ast.parse(_path(name).read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGES):
            for alias in node.names:
                yield alias.asname or alias.name, (node.module, alias.name)


def _longest_chain(imports: Graph) -> list[str]:
    """The longest path along imports from one module to another; imports have no cycle."""

    @cache
    def chain_from(name: str) -> tuple[str, ...]:
        return (
            name,
            *max((chain_from(imported) for imported in imports[name]), key=len, default=()),
        )

    return list(max((chain_from(name) for name in imports), key=len))


if __name__ == "__main__":
    main()
