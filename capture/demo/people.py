"""People of the demonstration: who sends a form, from which article, and with what answers."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from capture.campaign.model import Answer, Campaign
from capture.intake.submission import HONEYPOT, Submission
from capture.lead.consent import Consent
from capture.lead.events import show_time

FIRST_NAMES: Final = (
    "Anna", "Brian", "Carla", "Daniel", "Elena", "Frank", "Grace", "Hector", "Irene", "Jonas",
    "Karen", "Liam", "Maria", "Nathan", "Olivia", "Peter", "Quinn", "Rosa", "Samuel", "Tara",
    "Ulrich", "Vera", "Walter", "Ximena", "Yusuf", "Zoe", "Amir", "Beth", "Chen", "Divya",
)  # fmt: skip
LAST_NAMES: Final = (
    "Adams", "Baker", "Castillo", "Diaz", "Evans", "Fischer", "Garcia", "Huang", "Ito", "Jensen",
    "Kim", "Lopez", "Meyer", "Novak", "Okafor", "Patel", "Quintero", "Rossi", "Schmidt", "Tanaka",
    "Underwood", "Vargas", "Weber", "Xu", "Young", "Zimmer", "Brooks", "Clarke", "Doyle", "Ellis",
)  # fmt: skip
_PLACE: Final = (
    "Lakeside", "Mercy", "Northern", "Valley", "Summit", "Harborview", "Prairie", "Cedar",
    "Riverside", "Granite", "Union", "Coastal", "Pine", "Golden", "Liberty", "Capital", "Maple",
    "Ocean", "Metro", "Highland", "Sunrise", "Heritage", "Pioneer", "Silver",
)  # fmt: skip
_TRADE: Final[Mapping[str, Sequence[str]]] = {
    "Healthcare": ("Clinic", "Hospital", "Dental", "Care"),
    "Manufacturing": ("Works", "Metals", "Packaging", "Tools"),
    "Retail": ("Stores", "Market", "Outfitters", "Foods"),
    "Software": ("Labs", "Systems", "Apps", "Data"),
    "Other": ("Partners", "Logistics", "Group", "Energy"),
}
_TITLES: Final = (
    "CIO", "Head of IT", "Director of Operations", "CFO", "VP Finance", "CEO", "Owner",
    "IT Manager", "Assistant", "Analyst", "Head of People", "COO", "Team Lead",
)  # fmt: skip
_TITLE_WEIGHTS: Final = (9, 12, 12, 8, 6, 6, 6, 10, 3, 5, 9, 8, 4)
_SIZES: Final = ("1-50", "51-100", "101-500", "501-1000", "1001+")
_SIZE_WEIGHTS: Final = (10, 12, 42, 22, 14)
_COUNTRY: Final[Mapping[str, str]] = {"USD": "US", "EUR": "DE", "GBP": "GB"}
_SOURCES: Final[Sequence[tuple[int, Mapping[str, str]]]] = (
    (46, {"referrer": "https://www.google.com/"}),
    (12, {"referrer": "https://www.bing.com/"}),
    (16, {"utm_source": "newsletter", "utm_medium": "email"}),
    (
        12,
        {"utm_source": "linkedin", "utm_medium": "social", "referrer": "https://www.linkedin.com/"},
    ),
    (14, {}),
)
"""Weight, and the touch of a visit from there."""
_COMPANIES: Final = 900
"""Companies that exist in the demonstration; several people of one may send a form."""
_ENDINGS: Final = ("", "-group", "-online", "-north", "-south", "-team", "-direct", "-one")
"""Companies with the same name have different domains."""
_READ_ONLY: Final = 4
"""Every fourth article is read, but leads nobody to a form."""

_AGAIN: Final = 0.04
"""The share of people who send the form once more."""


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    domain: str
    industry: str
    size: str

    @property
    def is_large_clinic(self) -> bool:
        """Whether it meets the criteria of every campaign."""
        return self.industry == "Healthcare" and self.size == "501-1000"


class People:
    """Creates submissions. All random numbers come from `chance`."""

    def __init__(self, chance: random.Random, articles: Sequence[str]) -> None:
        """`articles` are the paths of the site's articles, the most read first."""
        self._chance = chance
        self._articles = articles or ("/",)
        self._weights = article_weights(len(self._articles))
        self._known: dict[str, list[dict[str, Answer]]] = {}
        self._domains: set[str] = set()
        self._companies = [self._company(number) for number in range(_COMPANIES)]

    def _company(self, number: int) -> _Company:
        industry = self._chance.choices(list(_TRADE), (44, 16, 14, 16, 10))[0]
        name = f"{_PLACE[number % len(_PLACE)]} {self._chance.choice(_TRADE[industry])}"
        word = name.lower().replace(" ", "-")
        domains = (f"{word}{ending}.example" for ending in _ENDINGS)
        domain = next((each for each in domains if each not in self._domains), f"{word}.example")
        self._domains.add(domain)
        return _Company(name, domain, industry, self._chance.choices(_SIZES, _SIZE_WEIGHTS)[0])

    def submission(self, terms: Campaign, at: datetime, network: str = "") -> Submission:
        """The form of a new person. A few are robots' or have autofill in the hidden field.

        `network` is the IP address, by default one of its own. A form with a given one is of a
        clinic, and of no robot.
        """
        chance, company = self._chance, self._chance.choice(self._companies)
        if network:
            company = chance.choice([each for each in self._companies if each.is_large_clinic])
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        answers: dict[str, Answer] = {
            "full_name": f"{first} {last}",
            "email": f"{first}.{last}{chance.randint(1, 99)}@{company.domain}".lower(),
            "company": company.name,
            "job_title": chance.choices(_TITLES, _TITLE_WEIGHTS)[0],
            "industry": company.industry,
            "company_size": company.size,
            "country": _COUNTRY[terms.currency],
        }
        known = self._known.setdefault(terms.slug, [])
        if known and not network and chance.random() < _AGAIN:
            answers = chance.choice(known)
        else:
            known.append(answers)
        first_touch, last_touch = self._touches(terms, at)
        return Submission(
            answers={name: answers[name] for name in terms.fields if name in answers},
            consent=Consent(given=True, version=terms.version),
            spam_signals=() if network else self._signals(),
            first_touch=first_touch,
            last_touch=last_touch,
            network=network or ".".join(str(chance.randint(1, 250)) for _ in range(4)),
            page=last_touch["path"],
        )

    def _touches(self, terms: Campaign, at: datetime) -> tuple[dict[str, str], dict[str, str]]:
        first, last = self._chance.choices(self._articles, self._weights, k=2)
        source = self._chance.choices(
            [touch for _, touch in _SOURCES], [weight for weight, _ in _SOURCES]
        )[0]
        if self._chance.random() < 0.15:
            last = f"/f/{terms.slug}"
        time = show_time(at)
        return {"path": first, "time": time, **source}, {"path": last, "time": time}

    def _signals(self) -> tuple[str, ...]:
        draw = self._chance.random()
        if draw < 0.02:
            return (HONEYPOT, "too_fast")
        return (HONEYPOT,) if draw < 0.05 else ()


def article_weights(articles: int) -> list[float]:
    """How many of the leads come from each article, the most read first."""
    weights = [1 / (place + 1) for place in range(articles)]
    weights[_READ_ONLY - 1 :: _READ_ONLY] = [0.0] * len(weights[_READ_ONLY - 1 :: _READ_ONLY])
    return weights
