"""Finds and deletes letter files, which are written while no mail server is set."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Final

from capture.errors import Unavailable
from capture.lead.events import EventKind
from capture.ledger.messages import Message
from capture.ledger.protocol import ReadTransaction

_MESSAGE_ID: Final = re.compile(r"-(\d{1,18})\.eml")
"""The end of a letter's file name, after the time."""


def letter_files_about(
    reading: ReadTransaction, folder: Path, lead_ids: Sequence[str], address: str = ""
) -> list[Path]:
    """The letters to or about the persons of these leads, and unfinished files of such letters.

    A letter is about a lead if its message is about it, or if its text contains the lead's id or
    the address. Statements and reports are left out: they name leads only by ids.
    """
    leads = {lead_id: _erased_at(reading, lead_id) for lead_id in lead_ids}
    if not leads and not address:
        return []
    return [
        path
        for path in _files(folder)
        if _is_about(_message_of(reading, path), leads, path, address)
    ]


def letter_files_of_erased_leads(reading: ReadTransaction, folder: Path) -> list[Path]:
    """Letters about leads whose data was erased, such as one written during the erasure."""
    return [
        path
        for path in _files(folder)
        if (message := _message_of(reading, path)) is not None
        and any(
            (erased_at := _erased_at(reading, lead_id)) is not None
            and message.queued_at <= erased_at
            for lead_id in _leads_of(message)
        )
    ]


def files_older_than(folder: Path, moment: datetime) -> list[Path]:
    """The files in the folder that were last changed before this time (UTC)."""
    return [path for path in _files(folder) if path.stat().st_mtime < moment.timestamp()]


def delete_files(paths: Iterable[Path]) -> None:
    """Deletes files, and ignores files that do not exist. Raises `Unavailable`."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"{path}: cannot be deleted: {error.strerror}") from None


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file())


def _message_of(reading: ReadTransaction, path: Path) -> Message | None:
    match = _MESSAGE_ID.search(path.name)
    return None if match is None else reading.outbox.get(int(match[1]))


def _erased_at(reading: ReadTransaction, lead_id: str) -> datetime | None:
    """When the lead's data was last erased; None if it was not. Later letters do not contain it."""
    lead = reading.leads.get(lead_id)
    if lead is None or not lead.erased:
        return None
    return max(
        recorded.event.recorded_at
        for recorded in reading.events.select(lead_id=lead_id)
        if recorded.event.kind is EventKind.ERASED
    )


def _leads_of(message: Message) -> set[str]:
    return {message.lead_id, *message.data.get("leads", ())}


def _is_about(
    message: Message | None, leads: Mapping[str, datetime | None], path: Path, address: str
) -> bool:
    if message is not None:
        times = [leads[lead_id] for lead_id in _leads_of(message) if lead_id in leads]
        if times:
            return any(time is None or message.queued_at <= time for time in times)
    return _mentions(path, set(leads), address)


def _mentions(path: Path, lead_ids: set[str], address: str) -> bool:
    try:
        text = "\n".join(_texts(path.read_bytes()))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Unavailable(f"{path}: cannot be read: {error.strerror}") from None
    words = set(re.findall(r"\w+", text))
    return not lead_ids.isdisjoint(words) or (bool(address) and _has_address(text, address))


def _has_address(text: str, address: str) -> bool:
    """Whether the text contains this address on its own, not only as a part of a longer one."""
    pattern = rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _texts(content: bytes) -> Iterator[str]:
    """The recipient and the texts of a letter, without attachments; or the bytes as text."""
    yield content.decode(errors="replace")
    letter = message_from_bytes(content, _class=EmailMessage, policy=default)
    with suppress(LookupError, ValueError):
        yield str(letter["To"])
        for part in letter.walk():
            if part.get_content_maintype() == "text" and not part.is_attachment():
                yield str(part.get_content())
