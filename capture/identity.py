"""What a person can be known by."""

from collections.abc import Mapping

from capture.campaign import Answer
from capture.email_domains import company_domain


def identity(answers: Mapping[str, Answer]) -> dict[str, str]:
    """The keys `email`, `phone`, `company_domain`, where answered.

    The address is compared without case and without a "+tag" (RFC 5233 subaddress), since both
    reach the same person. Free-mail domains are no company (rule 2).
    """
    keys = {}
    email = str(answers.get("email", "")).casefold()
    if email:
        mailbox, _, domain = email.rpartition("@")
        keys["email"] = f"{mailbox.partition('+')[0]}@{domain}"
        company = company_domain(email)
        if company is not None:
            keys["company_domain"] = company
    if phone := answers.get("phone"):
        keys["phone"] = str(phone)
    return keys
