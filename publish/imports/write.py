"""Writes what a plan says: every file, or none."""

import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from capture.errors import Refused, Unavailable, short_path
from capture.paths import ConfinedFolder
from publish.imports.heads import Value
from publish.imports.plan import Plan, Planned

_BARE: Final = frozenset({"date", "modified", "slug", "status", "preview"})


def text_of(file: Planned) -> str:
    """The whole file: a head in YAML, then the text."""
    return f"{_head(file.head)}\n{file.body}"


def write(plan: Plan, content: Path) -> None:
    """Writes over nothing. If a file cannot be written, those of this run are taken away again.

    Raises `Refused` before it writes anything if one would lie outside of the content folder.
    """
    _check_places(plan, ConfinedFolder(content))
    made: list[Path] = []
    folders: list[Path] = []
    where = content
    try:
        for where, source in plan.pictures.items():
            _make_folder(where.parent, folders)
            with where.open("xb") as file, source.open("rb") as picture:
                made.append(where)
                shutil.copyfileobj(picture, file)
        for planned in plan.files:
            where = content / planned.name
            _make_folder(where.parent, folders)
            with where.open("x", encoding="utf-8", newline="\n") as text:
                made.append(where)
                text.write(text_of(planned))
    except FileExistsError:
        _undo(made, folders)
        told = "came to be there while the import ran; nothing was written: run it again"
        raise Refused(f"{short_path(where)}: {told}") from None
    except OSError as error:
        _undo(made, folders)
        raise Unavailable(f"{short_path(where)}: {error.strerror}; nothing was written") from None
    except BaseException:
        _undo(made, folders)
        raise


def _check_places(plan: Plan, content: ConfinedFolder) -> None:
    pictures = (os.path.relpath(place, content.folder) for place in plan.pictures)
    for name in (*pictures, *(planned.name for planned in plan.files)):
        if fault := content.why_outside(name):
            where = short_path(content.folder / name)
            raise Refused(
                f"{where}: {fault}; nothing was written: put a folder in the link's place"
            )


def _make_folder(folder: Path, made: list[Path]) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    folder.mkdir(parents=True, exist_ok=True)
    made += reversed(missing)


def _undo(files: list[Path], folders: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    for folder in reversed(folders):
        folder.rmdir()


def _head(head: Mapping[str, Value]) -> str:
    """Text in quotes of JSON, which YAML reads too; nothing for a key that says nothing."""
    lines = (f"{key}: {_value(key, value)}" for key, value in head.items() if value)
    return "\n".join(["---", *lines, "---"]) + "\n"


def _value(key: str, value: Value) -> str:
    if key in _BARE or value is True:
        return str(value).lower() if value is True else str(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
