"""What allows an agency to keep and pass on a person's data: a consent, or another lawful basis.

Consent is a fact (rule 35): what was ticked and which wording was shown, as they came. Nobody
consents by default, or because somebody corrected a lead.
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
    """What one lead's person agreed to, and what was recorded in place of that."""

    given: bool
    """The box of a form was ticked."""
    version: str | None
    """The campaign version whose wording was shown. None: no form, or none that we know."""
    basis: str | None = None
    """The lawful basis in words (GDPR article 6 or the like), stated by somebody of the agency."""

    @property
    def is_given(self) -> bool:
        """Whether the person agreed to words that we know."""
        return self.given and self.version is not None

    @property
    def is_lawful(self) -> bool:
        """Whether the lead may be delivered and billed."""
        return self.is_given or self.basis is not None

    def in_words(self) -> tuple[str, str]:
        """A label and what it says; a basis stands in the consent's place."""
        if self.basis is not None:
            return "basis", self.basis
        if self.version is None:
            ticked = "given to words that are not known" if self.given else "not given"
            return "consent", f"{ticked}; no form of ours was shown"
        version = f"version {self.version[:12]}"
        return "consent", f"given to {version}" if self.given else f"not given; {version} was shown"


def checked_basis(text: str) -> str:
    """The basis as it is kept. It stands in an event for ever, so it must name nobody.

    Raises `Refused` for an empty or long text, several lines, or an e-mail address in it.
    """
    basis = trim_invisible(text)
    if is_blank(basis) or len(basis) > MAX_BASIS_LENGTH or not basis.isprintable():
        raise Refused(
            "basis: say on one line, in at most 300 characters, why their data may be kept, "
            'such as "consent, GDPR art. 6(1)(a), signed at the stand"'
        )
    if _EMAIL.search(basis):
        raise Refused("basis: it is kept for ever, so it names nobody; leave out the address")
    return basis
