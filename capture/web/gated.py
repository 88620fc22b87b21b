"""Gated files as they lie on the disk now: whoever asked for one is never met by an error."""

import logging
import os
from os import stat_result
from pathlib import Path
from stat import S_ISREG

log = logging.getLogger(__name__)


def size_of(folder: Path, name: str) -> int | None:
    """Bytes of a gated file; None, with one line for the operator, if it cannot be handed out."""
    try:
        path = (folder / name).resolve()
        status = path.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        tell_operator(folder / name, getattr(error, "strerror", None) or str(error))
        return None
    fault = _fault(path, status, folder.resolve())
    if fault:
        tell_operator(folder / name, fault)
    return None if fault else status.st_size


def tell_operator(path: Path, fault: str) -> None:
    """Logs which file is missing to people who asked for it; nothing of the people."""
    log.error("%s: cannot be handed out: %s; put the file back", path, fault)


def _fault(path: Path, status: stat_result, folder: Path) -> str:
    if path.parent != folder:
        return "is a link that leads out of the folder"
    if not S_ISREG(status.st_mode):
        return "is no file"
    if not status.st_size:
        return "is empty"
    return "" if os.access(path, os.R_OK) else "cannot be read by the service's user"
