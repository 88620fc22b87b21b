"""Links in a client's letters: bound to a contact and a subject, and valid for a limited time."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from capture.signed_links import (
    CONTACT_LINK_LIFE,
    LIST_LINK_LIFE,
    ContactGrant,
    Grant,
    LinkSigner,
    Subject,
    TokenExpired,
    TokenInvalid,
    confirmation_path,
    files_path,
    review_path,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIGNER = LinkSigner(b"a secret for tests only", timedelta(days=7))
ADDRESS = "carol@acme.example"


@pytest.fixture(autouse=True)
def at_a_fixed_time() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def read(token: str, age: timedelta = timedelta(0)) -> ContactGrant:
    return SIGNER.read_contact_link(token, NOW + age)


@pytest.mark.parametrize(
    ("token", "subject", "subject_id"),
    [
        (lambda: SIGNER.lead_link("acme", ADDRESS, "7ffwzp2npa6a"), Subject.LEAD, "7ffwzp2npa6a"),
        (lambda: SIGNER.list_link("acme", ADDRESS), Subject.LIST, ""),
        (lambda: SIGNER.meeting_link("acme", ADDRESS, "7ff"), Subject.MEETING, "7ff"),
        (lambda: SIGNER.debit_link("acme", ADDRESS, "acme-p0001"), Subject.DEBIT, "acme-p0001"),
    ],
)
def test_a_link_names_its_subject_and_client(
    token: Callable[[], str], subject: Subject, subject_id: str
) -> None:
    grant = read(token())
    assert (grant.subject, grant.client, grant.id) == (subject, "acme", subject_id)
    assert SIGNER.find_address(grant, ["dave@acme.example", ADDRESS]) == ADDRESS


def test_a_link_is_bound_to_its_contact_and_client() -> None:
    grant = read(SIGNER.lead_link("acme", ADDRESS, "7ff"))
    assert SIGNER.find_address(grant, ["dave@acme.example"]) is None
    assert SIGNER.find_address(grant, []) is None
    foreign = ContactGrant(grant.subject, "other", grant.contact, grant.id)
    assert SIGNER.find_address(foreign, [ADDRESS]) is None
    assert SIGNER.find_address(grant, ["Carol@Acme.example"]) == "Carol@Acme.example"


def test_the_address_cannot_be_read_from_the_token() -> None:
    token = SIGNER.lead_link("acme", ADDRESS, "7ff")
    content = base64.urlsafe_b64decode(token.split(".")[0] + "==")
    assert b"acme" in content
    assert b"carol" not in content


def test_a_list_link_ends_after_seven_days_and_a_lead_link_after_ninety() -> None:
    second = timedelta(seconds=1)
    for token, life in (
        (SIGNER.list_link("acme", ADDRESS), LIST_LINK_LIFE),
        (SIGNER.lead_link("acme", ADDRESS, "7ff"), CONTACT_LINK_LIFE),
    ):
        assert read(token, life).client == "acme"
        with pytest.raises(TokenExpired):
            read(token, life + second)


def test_a_changed_token_or_one_of_another_purpose_is_refused() -> None:
    token = SIGNER.lead_link("acme", ADDRESS, "7ff")
    other_key = LinkSigner(b"another secret", timedelta(days=7))
    for wrong in (
        "",
        token[:-1],
        "x" + token,
        SIGNER.download(Grant("guide", "7ff", "guide.pdf")),
        other_key.lead_link("acme", ADDRESS, "7ff"),
    ):
        with pytest.raises(TokenInvalid):
            read(wrong)
    with pytest.raises(TokenInvalid):
        SIGNER.read_download(token, NOW)


def test_the_path_of_a_link_needs_no_quoting() -> None:
    assert review_path("a.b-c_d") == "/r/a.b-c_d"
    assert files_path("a.b-c_d") == "/g/a.b-c_d"
    assert confirmation_path("a.b-c_d") == "/c/a.b-c_d"


VISITOR_LINKS = [
    (SIGNER.thanks, SIGNER.read_thanks),
    (SIGNER.sent, SIGNER.read_sent),
    (SIGNER.files, SIGNER.read_files),
    (lambda campaign, lead_id: SIGNER.download(Grant(campaign, lead_id)), SIGNER.read_download),
]


@pytest.mark.parametrize(("sign", "read_token"), VISITOR_LINKS)
def test_an_expired_link_of_a_visitor_still_names_its_campaign(
    sign: Callable[[str, str], str], read_token: Callable[[str, datetime], Grant]
) -> None:
    token, life = sign("the-guide", "7ffwzp2npa6a"), timedelta(days=7)
    assert read_token(token, NOW + life) == Grant("the-guide", "7ffwzp2npa6a")
    with pytest.raises(TokenExpired) as expired:
        read_token(token, NOW + life + timedelta(seconds=1))
    assert expired.value.grant == Grant("the-guide", "7ffwzp2npa6a")


@pytest.mark.parametrize(("sign", "read_token"), VISITOR_LINKS)
def test_a_link_of_a_visitor_is_valid_for_one_purpose(
    sign: Callable[[str, str], str], read_token: Callable[[str, datetime], Grant]
) -> None:
    token = sign("the-guide", "7ffwzp2npa6a")
    for _, read_other in VISITOR_LINKS:
        if read_other != read_token:
            with pytest.raises(TokenInvalid):
                read_other(token, NOW)
    with pytest.raises(TokenInvalid):
        read_token(token[:-1], NOW)


def test_the_link_to_a_receipt_does_not_end_and_is_bound_to_its_lead() -> None:
    token = SIGNER.consent("7ffwzp2npa6a")
    assert SIGNER.read_consent(token) == "7ffwzp2npa6a"
    with pytest.raises(TokenInvalid):
        SIGNER.read_consent(token.replace("7ff", "8ff"))


def test_a_link_to_own_data_ends_after_a_day() -> None:
    token = SIGNER.own_data("ab12")
    assert SIGNER.read_own_data(token, NOW + timedelta(days=1)) == "ab12"
    with pytest.raises(TokenExpired):
        SIGNER.read_own_data(token, NOW + timedelta(days=1, seconds=1))
    for other in (SIGNER.consent("ab12"), SIGNER.files("guide", "ab12"), "ab12", ""):
        with pytest.raises(TokenInvalid):
            SIGNER.read_own_data(other, NOW)
    with pytest.raises(TokenInvalid):
        SIGNER.read_consent(token)


def test_a_confirmation_names_its_lead_and_end_and_is_bound_to_its_address() -> None:
    ends = NOW + timedelta(days=7, microseconds=999)
    token = SIGNER.confirmation("the-guide", "7ffwzp2npa6a", ADDRESS, ends)
    grant = SIGNER.read_confirmation(token)
    expected = ("the-guide", "7ffwzp2npa6a", NOW + timedelta(days=7))
    assert (grant.campaign, grant.lead_id, grant.ends) == expected
    assert SIGNER.is_sent_to(grant, ADDRESS)
    assert not SIGNER.is_sent_to(grant, "carla@acme.example")
    assert "carol" not in token


def test_a_changed_confirmation_or_one_of_another_purpose_is_refused() -> None:
    token = SIGNER.confirmation("the-guide", "7ffwzp2npa6a", ADDRESS, NOW)
    other_key = LinkSigner(b"another secret", timedelta(days=7))
    for wrong in (
        "",
        token[:-1],
        token.replace("7ff", "8ff"),
        SIGNER.thanks("the-guide", "7ffwzp2npa6a"),
        SIGNER.files("the-guide", "7ffwzp2npa6a"),
        other_key.confirmation("the-guide", "7ffwzp2npa6a", ADDRESS, NOW),
    ):
        with pytest.raises(TokenInvalid):
            SIGNER.read_confirmation(wrong)
    for read_other in (SIGNER.read_thanks, SIGNER.read_files, SIGNER.read_sent):
        with pytest.raises(TokenInvalid):
            read_other(token, NOW)


def test_a_browser_proof_is_valid_only_for_its_lead() -> None:
    proof = SIGNER.browser_proof("7ffwzp2npa6a")
    assert SIGNER.is_browser_proof("7ffwzp2npa6a", proof)
    assert proof not in SIGNER.confirmation("the-guide", "7ffwzp2npa6a", ADDRESS, NOW)
    for lead_id, value in (("8ffwzp2npa6a", proof), ("7ffwzp2npa6a", ""), ("7ffwzp2npa6a", "ä")):
        assert not SIGNER.is_browser_proof(lead_id, value)
