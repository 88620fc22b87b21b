"""Risk signals: reasons to quarantine a lead that passes every criterion.

Each signal has a weight in the campaign file. A lead is quarantined if its weights add up to
`hold_at` (rule 36 of docs/rules.md). No signal is proof, and none uses a third party.

Some signals are about a group: leads that share a trait, such as the traffic source. In a group the
leads of one company count once, and leads that a person has checked do not count. A burst does not
count leads that have other sufficient signals, because those are often robots. So colleagues,
people in one building, and people who come from the same source as robots usually pass.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from capture.campaign.model import Campaign
from capture.campaign.quarantine import Quarantine
from capture.intake.arrival import Arrival
from capture.intake.submission import HONEYPOT, Submission
from capture.intake.submission_traits import (
    ANSWERS,
    DOMAIN,
    NAME,
    NETWORK,
    PHONE,
    SHAPE,
    STEM,
    TEXT,
    TRAFFIC_SOURCE,
)
from capture.lead.identity import select_keys
from capture.ledger.protocol import ReadTransaction
from capture.ledger.traits import Trait, TraitLead, Traits

TRAITS_KEPT: Final = timedelta(days=29)
"""How long traits are kept. Older ones are deleted once a day, so none gets older than 30 days."""

_INVALID_CONTACT: Final = "invalid_contact"
"""The code of the rejection reason for a person who cannot be reached."""

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_Details = Mapping[str, int | str]
_FOUR_WEEKS: Final = timedelta(days=28)
_TIMES_USUAL: Final = 4
"""A burst is a number of leads in addition to the usual rate multiplied by this factor."""
_TEAM: Final = 20
"""Up to this number of leads, one company's domain counts once in a window."""
_BURST: Final = "burst"
_TIMES_EXPLAINED: Final = 5
"""For a burst, this many times more leads are read: those with other signals do not count."""
_REJECTED_COLLEAGUES: Final = 2
"""Rejections that make a company's domain suspect. For a phone number or mailbox, one is enough."""


@dataclass(frozen=True, slots=True)
class RiskSignal:
    """One reason to doubt that a lead is a real person."""

    name: str
    """Its key in the campaign file's table `quarantine`."""
    weight: int
    details: _Details = field(default_factory=dict)
    """Numbers and codes that explain it, such as how many leads came within the hour."""
    members: tuple[str, ...] = ()
    """The ids of the earlier leads of its groups, if it is about groups."""


def risk_signals(reading: ReadTransaction, arrival: Arrival) -> tuple[RiskSignal, ...]:
    """All risk signals of a submission; none without traits: for tests, imports, and if quarantine
    is disabled."""
    if arrival.traits is None:
        return ()
    terms = arrival.campaign.quarantine
    groups = _Groups(reading, arrival.campaign, arrival.traits, arrival.now)
    own = tuple(_own_signals(terms, arrival.submission))
    others = (*groups.signals(_ALIKE_SIGNALS), *_rejected_answer(reading, arrival))
    burst = () if needs_quarantine(terms, (*own, *others)) else groups.signals((_BURST,))
    return (*own, *burst, *others)


def needs_quarantine(terms: Quarantine, signals: Iterable[RiskSignal]) -> bool:
    """Whether the weights add up, so that the lead is quarantined."""
    if not terms.enabled:
        return False
    total = sum(signal.weight for signal in signals)
    return total >= terms.hold_at


def as_data(signals: Iterable[RiskSignal]) -> list[dict[str, Any]]:
    """The signals as an event stores them."""
    return [{"name": signal.name, "weight": signal.weight, **signal.details} for signal in signals]


def from_data(signals: Iterable[Mapping[str, Any]]) -> list[RiskSignal]:
    """The signals that `as_data` wrote, without the ids of other leads."""
    return [
        RiskSignal(
            name=signal["name"],
            weight=signal["weight"],
            details={key: signal[key] for key in signal if key not in {"name", "weight"}},
        )
        for signal in signals
    ]


def _own_signals(terms: Quarantine, submission: Submission) -> Iterator[RiskSignal]:
    """The signal of the submission itself: at most one, because two spam signals make it spam."""
    for signal in submission.spam_signals:
        if signal == HONEYPOT and terms.honeypot:
            yield RiskSignal("honeypot", terms.honeypot)
        elif signal != HONEYPOT and terms.spam_signal:
            yield RiskSignal("spam_signal", terms.spam_signal, {"what": signal})


# Groups.


@dataclass(frozen=True, slots=True)
class _Rule:
    """How many leads with the same trait, within which time window, are a group."""

    trait: str
    window: timedelta
    signal: str
    """Its key in the table `quarantine`. The key with `_leads` appended has the number of leads."""
    factor: int = 1
    """Multiplies that number."""
    counts_beyond_team: bool = False
    """Whether each lead of one company after the first `_TEAM` leads counts."""

    def min_leads(self, terms: Quarantine) -> int:
        """The number of leads that is enough for a group."""
        number: int = getattr(terms, f"{self.signal}_leads")
        return number * self.factor


_RULES: Final = (
    _Rule(TRAFFIC_SOURCE, _HOUR, _BURST, counts_beyond_team=True),
    _Rule(TRAFFIC_SOURCE, _DAY, _BURST, 2, counts_beyond_team=True),
    _Rule(PHONE, _FOUR_WEEKS, "alike"),
    _Rule(TEXT, _FOUR_WEEKS, "alike"),
    _Rule(ANSWERS, _FOUR_WEEKS, "alike"),
    _Rule(NAME, _FOUR_WEEKS, "alike", 2),
    _Rule(DOMAIN, _FOUR_WEEKS, "alike"),
    _Rule(STEM, _DAY, "alike", 2),
    _Rule(SHAPE, _DAY, "alike", 2),
    _Rule(NETWORK, _DAY, "network"),
    _Rule(NETWORK, 7 * _DAY, "network", 2),
)


_ALIKE_SIGNALS: Final = ("alike", "network")
_RULES_BY_SIGNAL_AND_TRAIT: Final = {
    key: tuple(rule for rule in _RULES if (rule.signal, rule.trait) == key)
    for key in ((rule.signal, rule.trait) for rule in _RULES)
}


@dataclass(frozen=True, slots=True)
class _Group:
    details: _Details
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Finds the groups that a new lead belongs to."""

    reading: ReadTransaction
    campaign: Campaign
    traits: Traits
    now: datetime

    def signals(self, names: Iterable[str]) -> Iterator[RiskSignal]:
        """At most one signal for each of these names, with all its groups."""
        for name in names:
            weight: int = getattr(self.campaign.quarantine, name)
            if not weight:
                continue
            groups = [
                group
                for trait in self.traits.traits
                if (rules := _RULES_BY_SIGNAL_AND_TRAIT.get((name, trait.kind)))
                if (group := self._group(trait, rules)) is not None
            ]
            if groups:
                members = dict.fromkeys(lead_id for group in groups for lead_id in group.members)
                yield RiskSignal(name, weight, groups[0].details, tuple(members))

    def _group(self, trait: Trait, rules: Sequence[_Rule]) -> _Group | None:
        """The group of the trait by the first rule that applies; None if none does."""
        terms = self.campaign.quarantine
        limit = _limit(max(rule.min_leads(terms) for rule in rules))
        since = self.now - max(rule.window for rule in rules)
        leads = self._newest(trait, rules, since, limit)
        for rule in rules:
            least = rule.min_leads(terms)
            if len(leads) + 1 < least or self._size(rule, leads) < least:
                continue
            # Few leads get here, so these queries are rare.
            usual = self._usual_hundredths(trait, rule) if trait.has_rate else 0
            least += math.ceil(_TIMES_USUAL * usual / 100)
            if _limit(least) > limit:
                limit = _limit(least)
                leads = self._newest(trait, rules, since, limit)
            if self._size(rule, leads) < least:
                continue
            checked = self.reading.traits.checked([lead.lead_id for lead in leads])
            group = [
                lead
                for lead in leads
                if lead.received_at > self.now - rule.window and lead.lead_id not in checked
            ]
            size = self._size(rule, group)
            if size >= least:
                members = tuple(lead.lead_id for lead in group)
                return _Group(_details(trait, rule, size, usual), members)
        return None

    def _newest(
        self, trait: Trait, rules: Sequence[_Rule], since: datetime, limit: int
    ) -> Sequence[TraitLead]:
        """The newest leads with the trait; for a burst, those without another sufficient signal."""
        slug, traits = self.campaign.slug, self.reading.traits
        if rules[0].signal != _BURST:
            return traits.newest(slug, trait, since, limit)
        leads = traits.newest(slug, trait, since, _TIMES_EXPLAINED * limit)
        if len(leads) + 1 < min(rule.min_leads(self.campaign.quarantine) for rule in rules):
            return leads
        explained = traits.quarantined_without([lead.lead_id for lead in leads], _BURST)
        return [lead for lead in leads if lead.lead_id not in explained][:limit]

    def _size(self, rule: _Rule, leads: Iterable[TraitLead]) -> int:
        """The number of leads that count within the rule's window, including the new one."""
        since = self.now - rule.window
        senders = Counter(lead.sender for lead in leads if lead.received_at > since)
        senders[self.reading.traits.sender(self.campaign.slug, self.traits.sender)] += 1
        if not rule.counts_beyond_team:
            return len(senders)
        return sum(max(1, number - _TEAM + 1) for number in senders.values())

    def _usual_hundredths(self, trait: Trait, rule: _Rule) -> int:
        """The usual number of leads with the trait within the rule's window, in hundredths.

        The mean of the 28 days before the window, or of the time since the campaign's first lead.
        """
        until = self.now - rule.window
        since = until - _FOUR_WEEKS
        first = self.reading.leads.first(self.campaign.slug)
        if first is not None:
            since = max(since, first.received_at)
        number = self.reading.traits.count(self.campaign.slug, trait, since, until)
        return int(100 * number * rule.window / max(until - since, _DAY))


def _limit(least: int) -> int:
    """How many leads to read: more than `least`, because colleagues count once."""
    return 3 * least + _TEAM


def _details(trait: Trait, rule: _Rule, size: int, usual: int) -> _Details:
    details: dict[str, int | str] = {"leads": size, "minutes": rule.window // _MINUTE}
    if rule.signal == "alike":
        details["what"] = trait.kind
    return details | ({"usual_hundredths": usual} if trait.has_rate else {})


# Rejected answers.


def _rejected_answer(reading: ReadTransaction, arrival: Arrival) -> Iterator[RiskSignal]:
    """The signal that the client has rejected this phone number, mailbox or company."""
    weight = arrival.campaign.quarantine.rejected_answer
    if not weight:
        return
    keys = arrival.keys
    rejections = reading.traits.rejections(arrival.campaign.client, keys, _INVALID_CONTACT)
    for kind in ("phone", "email", "company_domain"):
        matches = [rejections[key] for key in select_keys(keys, {kind}) if key in rejections]
        rejected = max((leads.rejected for leads in matches), default=0)
        accepted = max((leads.accepted for leads in matches), default=0)
        if kind == "company_domain" and rejected < max(_REJECTED_COLLEAGUES, accepted + 1):
            continue
        if rejected:
            yield RiskSignal("rejected_answer", weight, {"what": kind, "leads": rejected})
            return
