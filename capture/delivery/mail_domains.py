"""Finds out by DNS which e-mail domains take mail.

A domain takes mail if it has an MX record, or no MX record but an address (RFC 5321, section 5.1).
It takes none if it has a null MX (RFC 7505), or if the DNS answers that it has none of these
records. In all other cases the result is unknown, and the lead passes: if no answer comes in time,
after an error, or if the answer cannot be read.

The answer "none of these records" is accepted only from a DNS server that also finds a name which
always exists: a machine without the Internet may get that answer for every name.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import dns.name
import dns.resolver
from dns.exception import DNSException
from dns.rdatatype import AAAA, MX, A, RdataType

SECONDS: Final = 5.0
"""Time limit of the look-up of one domain."""
_SECONDS_OF_PASS: Final = 8.0
"""Time limit of all look-ups of a pass. A server that stops waits ten seconds for the dispatcher,
so a pass must be shorter."""
PAUSE_SECONDS: Final = 60.0
"""How long nothing is looked up after the DNS did not work."""
MOST_SILENT_PASSES: Final = 3
"""After so many passes in which no answer came in time, there is a pause too."""
ANSWER_SECONDS: Final = 3600.0
"""How long an answer is kept."""
UNKNOWN_SECONDS: Final = 60.0
"""How long a domain is not looked up again after an unknown result."""

KNOWN_NAME: Final = "a.root-servers.net."
"""A name for which every DNS server with access to the Internet has an address."""
_EXAMPLE: Final = ".example"
"""The ending of example names, which do not exist in the public DNS (RFC 6761)."""

_THREADS: Final = 16
_MOST_KEPT: Final = 10_000
"""The most answers in memory, about two megabytes."""

log = logging.getLogger(__name__)


class TakesMail(Enum):
    """Whether a domain takes mail."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DnsServer:
    """A DNS server to use instead of those in the machine's configuration."""

    address: str
    """An IP address."""
    port: int = 53


@dataclass(kw_only=True)
class MailDomains:
    """Looks domains up, several at the same time, and remembers the answers. For one thread."""

    server: DnsServer | None = None
    """None: the servers in the machine's configuration."""
    examples_pass: bool = False
    """Whether names that end in `.example` are not looked up; their result is unknown."""
    seconds: float = SECONDS
    seconds_of_pass: float = _SECONDS_OF_PASS
    clock: Callable[[], float] = time.monotonic
    """Returns the time in seconds, to know when a kept answer is too old."""
    _answers: dict[str, tuple[TakesMail, float]] = field(default_factory=dict)
    """By domain: the answer, and the time until which it is kept."""
    _works_until: float = float("-inf")
    """The time until which the DNS is not tested again."""
    _paused_until: float = float("-inf")
    _silent_passes: int = 0
    """The number of passes, in a row, in which the time ran out without any answer."""
    _is_reported: bool = False
    """Whether the log already says that the DNS does not work."""

    def without_mail(self, domains: Collection[str]) -> AbstractSet[str]:
        """The domains that certainly take no mail."""
        answers = self.look_up(domains)
        return {domain for domain, answer in answers.items() if answer is TakesMail.NO}

    def look_up(self, domains: Collection[str]) -> Mapping[str, TakesMail]:
        """Whether each domain takes mail. Returns within `seconds_of_pass`, even without DNS."""
        now = self.clock()
        self._forget(now)
        new = sorted(
            domain
            for domain in set(domains)
            if domain not in self._answers and not self._is_example(domain)
        )
        if new and now >= self._paused_until:
            self._look_up_new(new)
        unknown = (TakesMail.UNKNOWN, now)
        return {domain: self._answers.get(domain, unknown)[0] for domain in domains}

    def _is_example(self, domain: str) -> bool:
        return self.examples_pass and domain.endswith(_EXAMPLE)

    def _forget(self, now: float) -> None:
        """Removes answers that are too old, or all answers if there are too many."""
        kept = {domain: entry for domain, entry in self._answers.items() if entry[1] > now}
        self._answers = kept if len(kept) < _MOST_KEPT else {}

    def _look_up_new(self, domains: Sequence[str]) -> None:
        """Looks up domains and keeps the answers. Pauses if the DNS does not work."""
        started = self.clock()
        look_up = self._start_pass()
        if look_up is None or not self._works(look_up):
            self._pause()
            return
        with ThreadPoolExecutor(min(_THREADS, len(domains))) as pool:
            answers = list(pool.map(look_up.takes_mail, domains))
        now = self.clock()
        for domain, answer in zip(domains, answers, strict=True):
            seconds = UNKNOWN_SECONDS if answer is TakesMail.UNKNOWN else ANSWER_SECONDS
            self._answers[domain] = answer, now + seconds
        has_answer = set(answers) != {TakesMail.UNKNOWN}
        is_silent = not has_answer and now - started >= self.seconds
        self._silent_passes = self._silent_passes + 1 if is_silent else 0
        self._is_reported = self._is_reported and not has_answer
        if self._silent_passes >= MOST_SILENT_PASSES:
            self._pause()

    def _pause(self) -> None:
        self._paused_until = self.clock() + PAUSE_SECONDS
        self._silent_passes = 0
        if not self._is_reported:
            log.warning(
                "the DNS does not answer; check DNS_SERVER or the machine's configuration. "
                "Meanwhile no lead is quarantined because its e-mail domain takes no mail"
            )
        self._is_reported = True

    def _start_pass(self) -> "_LookUp | None":
        """A pass with the current configuration; None if the machine has none."""
        try:
            resolver = dns.resolver.Resolver(configure=self.server is None)
        except (DNSException, OSError, ValueError):
            return None
        if self.server is not None:
            resolver.nameservers, resolver.port = [self.server.address], self.server.port
        return _LookUp(resolver, self.seconds, time.monotonic() + self.seconds_of_pass)

    def _works(self, look_up: "_LookUp") -> bool:
        """Whether the DNS finds the name that always exists, so that its answers are reliable."""
        if self.clock() < self._works_until:
            return True
        if not look_up.records(KNOWN_NAME, A, look_up.deadline()):
            return False
        self._works_until = self.clock() + ANSWER_SECONDS
        return True


@dataclass(frozen=True, slots=True)
class _LookUp:
    """The look-ups of one pass."""

    resolver: dns.resolver.Resolver
    seconds: float
    """Time limit of the look-up of one domain."""
    end: float
    """When the pass ends, on the monotonic clock."""

    def deadline(self) -> float:
        """The latest time at which a look-up that begins now ends."""
        return min(self.end, time.monotonic() + self.seconds)

    def takes_mail(self, domain: str) -> TakesMail:
        """Whether one domain takes mail."""
        deadline = self.deadline()
        mail_servers = self.records(domain, MX, deadline)
        if mail_servers is None:
            return TakesMail.UNKNOWN
        if mail_servers:
            is_null = all(record.exchange == dns.name.root for record in mail_servers)
            return TakesMail.NO if is_null else TakesMail.YES
        # Addresses are looked up even after the answer that the name does not exist: some servers
        # give this answer if only the MX record is missing.
        is_certain = True
        for kind in (A, AAAA):
            addresses = self.records(domain, kind, deadline)
            if addresses:
                return TakesMail.YES
            is_certain = is_certain and addresses is not None
        return TakesMail.NO if is_certain else TakesMail.UNKNOWN

    def records(self, domain: str, kind: RdataType, deadline: float) -> Sequence[Any] | None:
        """The records of a kind, also behind an alias; None if the result is unknown."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            return None
        try:
            name = dns.name.from_text(domain)  # absolute: no search list of the machine is used
            answer = self.resolver.resolve(
                name, kind, raise_on_no_answer=False, lifetime=seconds, search=False
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except (DNSException, OSError, UnicodeError):
            return None
        return tuple(answer.rrset or ())
