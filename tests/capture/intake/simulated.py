"""People and robots that fill in a form. The same seed gives the same posts on every machine."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from capture.campaign.model import Answer, Campaign
from capture.intake.submission import Submission
from tests.samples import CAMPAIGN, NO_GROUPS, campaign, consent_to

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

TERMS: Final = campaign(
    text=CAMPAIGN.replace(NO_GROUPS, "").replace(
        "[criteria]",
        """\
[fields.company]
label = "Company"
[fields.message]
label = "Your question"
type = "long_text"
required = false

[criteria]""",
    )
)

_FIRST: Final = """
    ada ben carla dora emil fiona greta hugo ines jonas karin leon maria nils olga paul rosa sven
    tina uwe vera wim yara zoe anton berta clara david elena frank gita henry irma jakob lena
"""
_LAST: Final = """
    abel brandt costa dietz ebert fischer gruber hansen ivers jansen keller lorenz maurer novak
    oster peters quandt richter schulz tanner ulrich vogel weber xander young ziegler adams baker
    clark diaz evans ford green hill irwin jones
"""
_KINDS: Final = "clinic hospital labs care health medical group partners systems works"
_FREE = ("gmail.com", "outlook.com", "gmx.de")
_WAYS = (
    ("/articles/pay-per-lead/", "https://www.google.com/", ""),
    ("/articles/pay-per-lead/", "", ""),
    ("/articles/what-is-a-lead/", "https://www.google.com/", ""),
    ("/articles/what-is-a-lead/", "https://duckduckgo.com/", ""),
    ("/articles/four-numbers/", "https://www.linkedin.com/", ""),
    ("/", "", ""),
    ("/guides/cloud/", "", "autumn-newsletter"),
    ("/guides/cloud/", "https://www.google.com/", "search-ads"),
    ("/guides/cloud/", "https://partner.example/", ""),
)
_WEIGHTS = (20, 10, 15, 5, 8, 12, 10, 15, 5)


@dataclass(frozen=True)
class Visit:
    """One form that somebody sends."""

    at: datetime
    style: str
    submission: Submission


@dataclass
class Crowd:
    """Creates people and robots from one random number generator."""

    seed: int
    terms: Campaign = TERMS
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    # Parts of a visit.

    def network(self) -> str:
        return ".".join(str(self.chance.randint(1, 250)) for _ in range(4))

    def phone(self) -> str:
        return f"+1212555{self.chance.randint(0, 9999):04}"

    def company(self) -> str:
        name = "".join(
            self.chance.choice("bcdfghklmnprstvw") + self.chance.choice("aeiou") for _ in "xyz"
        )
        return f"{name}-{self.chance.choice(_KINDS.split())}"

    def person(self, company: str = "", **answers: Answer) -> dict[str, Answer]:
        """The answers of a person, at a company or with a mailbox of a free provider."""
        first, last = self.chance.choice(_FIRST.split()), self.chance.choice(_LAST.split())
        own = company or self.company()
        domain = f"{own}.example"
        if not company and self.chance.random() < 0.2:
            domain = self.chance.choice(_FREE)
        local = self.chance.choice([f"{first}.{last}", f"{first[0]}{last}", first])
        if domain in _FREE:
            local += self.chance.choice(["", "", "", str(self.chance.randint(60, 99)), "1984"])
        return {
            "full_name": f"{first} {last}".title(),
            "email": f"{local}@{domain}",
            "company": own.replace("-", " ").title(),
            "company_size": "101+",
            **answers,
        }

    def way(self) -> dict[str, str]:
        path, referrer, utm = self.chance.choices(_WAYS, _WEIGHTS)[0]
        touch = {"path": path, "referrer": referrer, "utm_campaign": utm}
        return {key: value for key, value in touch.items() if value}

    def visit(  # noqa: PLR0913 # all that a visit has
        self,
        style: str,
        at: datetime,
        answers: dict[str, Answer],
        way: dict[str, str] | None = None,
        *,
        network: str = "",
        script: bool = True,
    ) -> Visit:
        touch = self.way() if way is None else way
        submission = Submission(
            answers,
            consent_to(self.terms.version),
            one_time_id=f"{self.chance.getrandbits(64):016x}" if script else "",
            first_touch=touch,
            last_touch=touch,
            network=network or self.network(),
        )
        return Visit(at, style, submission)

    # People.

    def people(self, start: datetime, days: int, a_day: int) -> Iterator[Visit]:
        """People of all kinds, most of them in the daytime; one in twenty without script."""
        for number in range(days * a_day):
            day = start + (number // a_day) * DAY
            at = day + timedelta(hours=min(23.9, max(0.0, self.chance.gauss(14, 4))))
            answers = self.person()
            if self.chance.random() < 0.3:
                answers["phone"] = self.phone()
            if self.chance.random() < 0.2:
                answers["message"] = self.chance.choice(["Please call me.", "What does it cost?"])
            yield self.visit("person", at, answers, script=self.chance.random() > 0.05)

    def colleagues(self, start: datetime, number: int) -> Iterator[Visit]:
        """Colleagues in one office after a webinar: one link, one network, one switchboard."""
        company, network, phone = self.company(), self.network(), self.phone()
        way = {"path": "/guides/cloud/", "utm_campaign": "webinar"}
        for _ in range(number):
            at = start + timedelta(minutes=self.chance.uniform(0, 55))
            yield self.visit(
                "colleague", at, self.person(company, phone=phone), way, network=network
            )

    def neighbours(self, start: datetime, companies: int) -> Iterator[Visit]:
        """People of several companies in one building, over a week."""
        network = self.network()
        for _ in range(companies):
            company = self.company()
            for _ in range(3):
                at = start + timedelta(days=self.chance.uniform(0, 7))
                yield self.visit("neighbour", at, self.person(company), network=network)

    # Robots. Each style is a simple script with one source, one network, or one pattern.

    def robots(self, start: datetime) -> Iterator[Visit]:
        """Robots of all styles, within a week."""
        minute = timedelta(minutes=1)
        plain = {"path": "/f/guide"}
        for number in range(80):
            yield self.visit(
                "flood", start + number * minute / 6, self.person(), plain, script=False
            )
        for number in range(150):
            at = start + number * timedelta(minutes=self.chance.uniform(3.9, 4.1))
            yield self.visit("human speed", at, self.person(), {"path": "/articles/"})
        for number in range(160):
            at = start + number * timedelta(minutes=self.chance.uniform(39, 41))
            yield self.visit(
                "slow", at, self.person(), {"path": "/", "referrer": "https://t.example"}
            )
        network = self.network()
        for number in range(80):
            at = start + number * timedelta(minutes=100)
            yield self.visit("one network", at, self.person(), network=network)
        phone = self.phone()
        for number in range(60):
            yield self.visit("one phone", start + number * 2 * HOUR, self.person(phone=phone))
        for number in range(60):
            answers = self.person()
            text = (
                f"Hello, I am {answers['full_name']} of {answers['company']}; please call me back."
            )
            at = start + number * 2 * HOUR
            yield self.visit("one text", at, {**answers, "message": text})
        for number in range(60):
            email = f"lead{number}@{self.company()}.example"
            yield self.visit("counted", start + number * HOUR, {**self.person(), "email": email})
        for number in range(60):
            answers = {**self.person(), "full_name": "Max Muster", "company": f"Company {number}"}
            yield self.visit("one name", start + number * 2 * HOUR, answers)


def in_order(*crowds: Iterator[Visit]) -> list[Visit]:
    """All visits in the order of their time."""
    visits = (visit for crowd in crowds for visit in crowd)
    return sorted(visits, key=lambda visit: visit.at)
