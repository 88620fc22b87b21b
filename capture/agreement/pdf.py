"""The agreement as PDF."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from capture import printing
from capture.agreement.model import Agreement

_LAYOUT: Final = Path(__file__).with_name("agreement.typ")


def to_pdf(agreement: Agreement) -> bytes:
    """The same agreement, the same bytes. Raises `Refused` for letters that its fonts lack."""
    return printing.to_pdf(_LAYOUT, asdict(agreement), agreement.campaign)
