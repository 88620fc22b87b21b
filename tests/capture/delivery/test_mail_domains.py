"""Finds domains that take mail, with real queries to a DNS server on this machine."""

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from capture.delivery.mail_domains import (
    ANSWER_SECONDS,
    KNOWN_NAME,
    MOST_SILENT_PASSES,
    PAUSE_SECONDS,
    UNKNOWN_SECONDS,
    DnsServer,
    MailDomains,
    TakesMail,
)
from capture.email_domains import domain_of
from tests.capture.delivery.dns_server import (
    Dns,
    Respond,
    fails,
    garbage,
    serving_dns,
    silent,
    unused_port,
)

YES, NO, UNKNOWN = TakesMail.YES, TakesMail.NO, TakesMail.UNKNOWN
ACME = "acme.test"
SHORT = 0.3
"""Time limit in seconds of a look-up that must end without an answer."""


class Seconds:
    """A clock that moves only when a test sets it, and by `step` when it is read."""

    def __init__(self, step: float = 0) -> None:
        self.now = 1000.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def mail_domains(server: Dns, clock: Seconds | None = None, seconds: float = 5) -> MailDomains:
    return MailDomains(server=server.server, seconds=seconds, clock=clock or Seconds())


def answer(entry: tuple[str, ...] | Respond | None, seconds: float = 5) -> TakesMail:
    """Whether a domain with these records, or with none at all, takes mail."""
    with serving_dns({} if entry is None else {f"{ACME}.": entry}) as server:
        return mail_domains(server, seconds=seconds).look_up([ACME])[ACME]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (("MX 10 mail.acme.test.", "MX 20 second.acme.test."), YES),
        (("MX 0 .",), NO),
        (("MX 0 .", "A 192.0.2.1"), NO),
        (("MX 0 .", "MX 10 mail.acme.test."), YES),
        (("A 192.0.2.1",), YES),
        (("AAAA 2001:db8::1",), YES),
        (("TXT nothing",), NO),
        ((), NO),
        (None, NO),
        (("CNAME other.test.",), NO),
        (fails(dns.rcode.SERVFAIL), UNKNOWN),
        (fails(dns.rcode.REFUSED), UNKNOWN),
    ],
)
def test_a_domain_takes_mail_if_it_has_mx_records_or_an_address(
    records: tuple[str, ...] | Respond | None, expected: TakesMail
) -> None:
    assert answer(records) is expected


def test_an_alias_takes_mail_if_its_target_does() -> None:
    zone = {f"{ACME}.": ("CNAME other.test.",), "other.test.": ("MX 10 mail.other.test.",)}
    with serving_dns(zone) as server:
        assert mail_domains(server).look_up([ACME]) == {ACME: YES}


@pytest.mark.parametrize("respond", [silent, garbage])
def test_a_domain_without_a_readable_answer_in_time_is_unknown(respond: Respond) -> None:
    assert answer(respond, seconds=SHORT) is UNKNOWN


def test_a_name_that_exists_only_for_addresses_takes_mail() -> None:
    """Some servers answer that the name does not exist if they do not know the record type."""

    def denies_mx(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        if query.question[0].rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(f"{ACME}.", 60, "IN", "A", "192.0.2.1"))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    assert answer(denies_mx) is YES


def test_a_domain_without_mx_is_unknown_if_its_address_is_unknown() -> None:
    def only_mx(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        if query.question[0].rdtype != dns.rdatatype.MX:
            response.set_rcode(dns.rcode.SERVFAIL)
        return response.to_wire()

    assert answer(only_mx) is UNKNOWN


def test_an_answer_that_is_too_long_is_requested_by_tcp() -> None:
    records = tuple(f"MX {number} mail-server-{number}.acme.test." for number in range(40))
    with serving_dns({f"{ACME}.": records}) as server:
        assert mail_domains(server).look_up([ACME]) == {ACME: YES}
        assert server.tcp_questions == [f"{ACME}."]


def test_a_domain_with_umlauts_is_looked_up_as_dns_writes_it() -> None:
    domain = domain_of("ann@bücher.test")
    with serving_dns({"xn--bcher-kva.test.": ("MX 10 mail.acme.test.",)}) as server:
        assert mail_domains(server).look_up([domain]) == {domain: YES}


@pytest.mark.parametrize("domain", ["", "a..test", f"{'a' * 64}.test", "ä.test", "[192.0.2.1]"])
def test_a_text_that_is_no_domain_is_unknown(domain: str) -> None:
    with serving_dns({}) as server:
        assert mail_domains(server).look_up([domain])[domain] in {UNKNOWN, NO}


def test_a_look_up_takes_five_seconds_at_most() -> None:
    assert MailDomains().seconds == 5


def test_many_domains_are_looked_up_at_the_same_time() -> None:
    slow = {f"slow{number}.test": silent for number in range(16)}
    with serving_dns({f"{name}.": respond for name, respond in slow.items()}) as server:
        domains = MailDomains(server=server.server, seconds=SHORT, seconds_of_pass=5)
        assert set(domains.look_up(slow).values()) == {UNKNOWN}
        names = {name for name, _ in server.questions}
    assert names == {KNOWN_NAME, *(f"{name}." for name in slow)}


def test_a_domain_without_an_answer_within_the_pass_is_unknown() -> None:
    slow = {f"slow{number}.test": silent for number in range(40)}
    with serving_dns({f"{name}.": respond for name, respond in slow.items()}) as server:
        domains = MailDomains(server=server.server, seconds=SHORT, seconds_of_pass=SHORT)
        assert domains.look_up(slow) == dict.fromkeys(slow, UNKNOWN)
        assert server.count("slow9.test.") == 0  # the last in order: its time was over


# Kept answers.


def test_an_answer_is_kept_for_an_hour() -> None:
    clock = Seconds()
    with serving_dns({}) as server:
        domains = mail_domains(server, clock)
        assert domains.look_up([ACME]) == {ACME: NO}
        server.zone[f"{ACME}."] = ("MX 10 mail.acme.test.",)
        clock.now += ANSWER_SECONDS - 1
        assert domains.without_mail([ACME]) == {ACME}
        clock.now += 1
        assert domains.without_mail([ACME]) == set()


def test_an_unknown_domain_is_looked_up_again_after_a_minute() -> None:
    clock = Seconds()
    with serving_dns({f"{ACME}.": fails(dns.rcode.SERVFAIL)}) as server:
        domains = mail_domains(server, clock)
        assert domains.look_up([ACME]) == {ACME: UNKNOWN}
        del server.zone[f"{ACME}."]
        clock.now += UNKNOWN_SECONDS - 1
        assert domains.look_up([ACME]) == {ACME: UNKNOWN}
        clock.now += 1
        assert domains.look_up([ACME]) == {ACME: NO}


# A machine without a DNS that works.


def test_answers_of_a_dns_that_finds_no_name_at_all_do_not_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Seconds()
    with serving_dns({}) as server:
        known = server.zone.pop(KNOWN_NAME)
        domains = mail_domains(server, clock)
        assert domains.look_up([ACME]) == {ACME: UNKNOWN}
        assert server.questions == [(KNOWN_NAME, "A")]
        clock.now += PAUSE_SECONDS - 1
        assert domains.look_up(["other.test"]) == {"other.test": UNKNOWN}
        assert len(server.questions) == 1
        clock.now += 1
        domains.look_up([ACME])
        assert [record.message.split(";")[0] for record in caplog.records] == [
            "the DNS does not answer"
        ]
        server.zone[KNOWN_NAME] = known
        clock.now += PAUSE_SECONDS
        assert domains.look_up([ACME]) == {ACME: NO}
    assert ACME not in caplog.text


def test_a_machine_without_dns_is_unknown_and_pauses() -> None:
    domains = MailDomains(server=DnsServer("127.0.0.1", unused_port()), seconds=SHORT)
    assert domains.look_up([ACME]) == {ACME: UNKNOWN}
    assert domains.look_up(["other.test"]) == {"other.test": UNKNOWN}


def test_the_dns_pauses_after_several_passes_without_any_answer() -> None:
    with serving_dns({}) as server:
        clock = Seconds(step=SHORT)
        domains = MailDomains(server=server.server, seconds=SHORT, clock=clock)
        names = [f"silent{number}.test" for number in range(MOST_SILENT_PASSES + 1)]
        server.zone.update({f"{name}.": silent for name in names})
        for name in names:
            assert domains.look_up([name]) == {name: UNKNOWN}
        assert [server.count(f"{name}.") > 0 for name in names] == [
            *[True] * MOST_SILENT_PASSES,
            False,
        ]


# Example names.


def test_an_example_name_passes_in_a_trial_and_takes_no_mail_otherwise() -> None:
    with serving_dns({}) as server:
        trial = MailDomains(server=server.server, examples_pass=True)
        assert trial.look_up(["clinic.example"]) == {"clinic.example": UNKNOWN}
        assert server.questions == []
        real = MailDomains(server=server.server)
        assert real.look_up(["clinic.example"]) == {"clinic.example": NO}


def test_the_search_list_of_the_machine_adds_nothing_to_a_name() -> None:
    with serving_dns({"acme.": ("MX 10 mail.acme.test.",)}) as server:
        assert mail_domains(server).look_up(["acme"]) == {"acme": YES}
        assert server.questions[-1] == ("acme.", "MX")
