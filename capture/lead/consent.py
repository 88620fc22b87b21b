"""Why the agency may keep and deliver a person's data: consent, or another lawful basis.

Consent is recorded as it happened (rule 35 of docs/rules.md): what was ticked and which wording was
shown. Nobody consents by default or by a correction.
"""

import re
from dataclasses import dataclass
from typing import Final

from capture.errors import Refused
from capture.text import is_blank, trim_invisible

MAX_BASIS_LENGTH: Final = 300
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True)
class Consent:
    """The consent of one lead's person, and the lawful basis if the agency recorded one."""

    given: bool
    """Whether the box on the form was ticked."""
    version: str | None
    """The campaign version whose wording was shown. None: no form, or an unknown wording."""
    basis: str | None = None
    """The lawful basis in words (such as GDPR article 6), as the agency stated it."""
    withdrawn: bool = False
    """Whether the person withdrew it later."""

    @property
    def is_given(self) -> bool:
        """Whether the person agreed to a wording that is known, and did not withdraw that."""
        return self.given and self.version is not None and not self.withdrawn

    @property
    def is_lawful(self) -> bool:
        """Whether the lead may be delivered."""
        return self.is_given or self.basis is not None

    @property
    def permits_bill(self) -> bool:
        """Whether a lead that was accepted may be billed. It was delivered lawfully, and a later
        withdrawal changes nothing about that."""
        return self.is_lawful or self.withdrawn

    def in_words(self) -> tuple[str, str]:
        """A label and a description; the basis is shown instead of the consent if there is one."""
        if self.basis is not None:
            return "basis", self.basis
        if self.withdrawn:
            version = f"; it was given to version {self.version[:12]}" if self.version else ""
            return "consent", f"withdrawn{version if self.given else ''}"
        if self.version is None:
            ticked = "given to words that are not known" if self.given else "not given"
            return "consent", f"{ticked}; no form of ours was shown"
        version = f"version {self.version[:12]}"
        return "consent", f"given to {version}" if self.given else f"not given; {version} was shown"


def checked_basis(text: str) -> str:
    """The basis, trimmed. An event stores it permanently, so it must not contain personal data.

    Raises `Refused` if it is empty, has more than 300 characters or several lines, or contains an
    e-mail address.
    """
    basis = trim_invisible(text)
    if is_blank(basis) or len(basis) > MAX_BASIS_LENGTH or not basis.isprintable():
        raise Refused(
            "basis: write on one line, in at most 300 characters, why their data may be stored, "
            'such as "consent, GDPR art. 6(1)(a), signed at the stand"'
        )
    if _EMAIL.search(basis):
        raise Refused(
            "basis: it contains an e-mail address but is stored permanently; remove the address"
        )
    return basis
