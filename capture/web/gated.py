"""Gated files as they lie on the disk now: whoever asked for one is never met by an error."""

import logging
import os
from os import stat_result
from pathlib import Path
from stat import S_ISREG

from capture.paths import ConfinedFolder

log = logging.getLogger(__name__)


def size_of(folder: Path, name: str) -> int | None:
    """Bytes of a gated file; None, with one line for the operator, if it cannot be handed out."""
    path, size = folder / name, None
    try:
        fault = ConfinedFolder(folder).why_outside(name)
        if not fault:
            status = path.stat()
            fault, size = _fault(path, status), status.st_size
    except OSError as error:
        fault = error.strerror or str(error)
    if fault:
        tell_operator(path, fault)
    return None if fault else size


def tell_operator(path: Path, fault: str) -> None:
    """Logs which file is missing to people who asked for it; nothing of the people."""
    log.error("%s: cannot be handed out: %s; put the file back", path, fault)


def _fault(path: Path, status: stat_result) -> str:
    if not S_ISREG(status.st_mode):
        return "is no file"
    if not status.st_size:
        return "is empty"
    return "" if os.access(path, os.R_OK) else "cannot be read by the service's user"
