"""People and robots of a simulated week: the posts that they send, with times and networks.

All random numbers come from one seed. No robot was designed to be found by the signals: each style
is a program that somebody could really run, and all of them know which answers qualify.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from capture.demo.people import FIRST_NAMES, LAST_NAMES
from capture.form.touches import touch_of_page

START: Final = datetime(2026, 11, 16, tzinfo=UTC)
WEEK: Final = timedelta(days=7)
FORM_PAGE: Final = "/f/guide"

ROBOTS: Final = {
    "fills every field": 170,
    "burst": 170,
    "one network": 165,
    "one template": 165,
    "invented domains": 165,
    "headless browser": 165,
}
"""By style of robot: its number of the 1,000 posts."""
PEOPLE: Final = {
    "person": 86,
    "no script": 20,
    "autofill": 40,
    "slow": 14,
    "shared office": 16,
    "after a webinar": 24,
}
"""By kind: its number of the 200 people."""

AUTOFILLED_HONEYPOT: Final = 1 / 40
"""The share of browsers with autofill that fill the hidden field too."""
FORGED_EXISTS: Final = 0.5
"""The share of forged mailboxes of real companies that exist."""

_LAST: Final = (
    *LAST_NAMES,
    *("Fraser", "Gupta", "Hill", "Iverson", "Jones", "Keller", "Lang", "Moore", "Nguyen", "Olsen"),
)
_PLACE: Final = (
    "Lakeside", "Mercy", "Northern", "Valley", "Summit", "Harbor", "Prairie", "Cedar",
    "Riverside", "Granite", "Union", "Coastal", "Pine", "Golden", "Liberty", "Capital", "Maple",
    "Ocean", "Metro", "Highland", "Sunrise", "Heritage", "Pioneer", "Silver",
)  # fmt: skip
_KIND: Final = ("Health", "Hospital", "Clinic", "Medical", "Care", "Dental", "Labs", "Pharmacy")
_TITLES: Final = (
    "CIO", "IT Director", "Head of Infrastructure", "Practice Manager", "VP Operations", "CTO",
    "Director of IT", "Systems Administrator", "Procurement Manager", "COO", "Cloud Architect",
    "Head of Digital", "Compliance Officer", "Security Lead", "Finance Director",
)  # fmt: skip
_SIZES: Final = ("101-500", "501-1000", "1001+")
_OPENINGS: Final = (
    "We move our records next year", "Our contract ends in spring", "I was asked to look at this",
    "After a bad migration", "For our board meeting", "We have three sites", "As a small team",
    "With two data centers", "Somebody at a conference told me about you", "Before we decide",
)  # fmt: skip
_MIDDLES: Final = (
    "and compare providers", "and need a second opinion", "so a price for about {} users helps",
    "and our {} nurses must not notice", "with {} terabytes of pictures", "audit in {} weeks",
    "and I wonder what others with {} beds do", "so please no sales call before {} o'clock",
)  # fmt: skip
_SUBJECTS: Final = (
    "laboratory results", "billing", "our archive", "e-mail", "patient portals", "video visits",
    "payroll", "X-rays", "a new clinic", "two old servers", "disaster recovery", "telephony",
)  # fmt: skip
_ENDINGS: Final = (
    "Thanks!", "Is there a version for dental groups?", "What would you do differently?",
    "Happy to talk.", "E-mail is best.", "", "Kind regards", "Do you work with Epic?",
)  # fmt: skip
_FREE: Final = ("gmail.com", "outlook.com", "yahoo.com")
_ARTICLES: Final = ("/what-pays-in-each-price-model/", "/first-48-hours-of-a-lead/", "/sla/")
_SEARCH: Final = "https://www.google.com/"
_TEMPLATE: Final = (
    "Hello, I am {name} from {company}. We look for a partner for {topic}; please send an offer."
)
_TOPICS: Final = ("cloud hosting", "data backup", "a new website", "patient records")


@dataclass(frozen=True, slots=True)
class Post:
    """One form that somebody sends."""

    at: datetime
    style: str
    fields: dict[str, str]
    """The fields of the form, as the browser sends them."""
    address: str
    """The IP address of the sender."""
    referrer: str = ""
    """The `Referer` header, for a browser without script: the page of the form."""
    mailbox_exists: bool = True
    is_robot: bool = False


@dataclass
class Crowd:
    """Creates all posts of one seed."""

    seed: int
    scale: float = 1.0
    """The share of each style's posts that a smaller week has."""
    chance: random.Random = field(init=False)
    with_mail: set[str] = field(default_factory=lambda: set(_FREE))
    """The domains that take mail."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._real_companies = [self._company() for _ in range(120)]

    def posts(self) -> list[Post]:
        """All posts of the week, in the order of their time."""
        posts = [*self._people(), *self._robots()]
        return sorted(posts, key=lambda post: post.at)

    def _number(self, count: int) -> int:
        return max(2, round(count * self.scale))

    # Parts of a post.

    def _network(self) -> str:
        return ".".join(str(self.chance.randint(1, 250)) for _ in range(4))

    def _company(self) -> tuple[str, str]:
        """A real company: its name and its domain, which takes mail."""
        choose = self.chance.choice
        place, other, kind = choose(_PLACE), choose(_LAST), choose(_KIND)
        name = f"{place} {other} {kind}"
        domain = f"{place}{other}-{kind}.example".lower()
        self.with_mail.add(domain)
        return name, domain

    def _name(self) -> tuple[str, str]:
        return self.chance.choice(FIRST_NAMES), self.chance.choice(_LAST)

    def _answers(self, company: tuple[str, str], name: tuple[str, str]) -> dict[str, str]:
        """Answers that qualify."""
        choose, (first, last) = self.chance.choice, name
        local = choose((f"{first}.{last}", f"{first[0]}{last}", f"{first}{last[0]}", first))
        answers = {
            "full_name": f"{first} {last}",
            "email": f"{local}@{company[1]}".lower(),
            "company": company[0],
            "job_title": choose(_TITLES),
            "industry": "Healthcare",
            "company_size": self.chance.choices(_SIZES, (60, 25, 15))[0],
            "country": "US",
        }
        if self.chance.random() < 0.4:
            area = choose(("212", "312", "415", "617", "713"))
            answers["phone"] = f"{area}-{self.chance.randint(200_0000, 999_9999)}"
        if self.chance.random() < 0.25:
            number = self.chance.randint(3, 900)
            middle = choose(_MIDDLES).format(number)
            answers["message"] = (
                f"{choose(_OPENINGS)} {middle}. About {choose(_SUBJECTS)}. {choose(_ENDINGS)}"
            )
        return answers

    def _post(  # noqa: PLR0913 - what a browser sends
        self,
        style: str,
        at: datetime,
        answers: dict[str, str],
        *,
        page: str,
        referrer: str = "",
        address: str = "",
        seconds: float | None,
    ) -> Post:
        """A post from the page with the form. `seconds` is None if no script ran."""
        fields = {"consent": "y", "homepage": "", **answers}
        if seconds is not None:
            touch = json.dumps(touch_of_page(page, referrer, at))
            fields |= {
                "gp_id": f"{self.chance.getrandbits(96):024x}",
                "gp_seconds": f"{seconds:.1f}",
                "gp_first": touch,
                "gp_last": touch,
                "gp_page": page.partition("?")[0],
            }
        is_robot = style in ROBOTS
        exists = not is_robot or self.chance.random() < FORGED_EXISTS
        return Post(
            at, style, fields, address or self._network(), page,
            mailbox_exists=exists, is_robot=is_robot,
        )  # fmt: skip

    # People.

    def _people(self) -> Iterator[Post]:
        for kind in ("person", "no script", "autofill", "slow"):
            for _ in range(self._number(PEOPLE[kind])):
                yield self._single_person(kind)
        yield from self._office()
        for weekday in (1, 3):
            yield from self._webinar(weekday)

    def _daytime(self) -> datetime:
        """A time of the week: mostly working hours in New York, less on the weekend."""
        day = self.chance.choices(range(7), (20, 22, 21, 18, 12, 3, 4))[0]
        hour = min(23.9, max(0.0, self.chance.gauss(18, 3.2)))
        return START + timedelta(days=day, hours=hour)

    def _way(self) -> tuple[str, str]:
        """The URL of the page with the form, and the page that linked to it."""
        newsletter = urlencode({"utm_source": "newsletter", "utm_campaign": "november"})
        ways = (
            (self.chance.choice(_ARTICLES), _SEARCH),
            (self.chance.choice(_ARTICLES), ""),
            (f"{_ARTICLES[0]}?{newsletter}", ""),
            (FORM_PAGE, ""),
            (_ARTICLES[1], "https://www.linkedin.com/"),
        )
        return self.chance.choices(ways, (40, 15, 20, 15, 10))[0]

    def _single_person(self, kind: str) -> Post:
        page, referrer = self._way()
        seconds: float | None = self.chance.lognormvariate(4.2, 0.5)
        answers = self._answers(self._company(), self._name())
        if self.chance.random() < 0.1:  # some use a private mailbox
            local = answers["email"].partition("@")[0]
            answers["email"] = f"{local}{self.chance.randint(1, 99)}@{self.chance.choice(_FREE)}"
        if kind == "autofill":
            seconds = self.chance.uniform(3, 12)
            if self.chance.random() < AUTOFILLED_HONEYPOT:
                answers["homepage"] = f"https://{answers['email'].partition('@')[2]}"
        elif kind == "slow":
            seconds = self.chance.uniform(900, 20_000)
        elif kind == "no script":
            seconds = None
        return self._post(
            kind, self._daytime(), answers, page=page, referrer=referrer, seconds=seconds
        )

    def _office(self) -> Iterator[Post]:
        """People of several companies in one building with one IP address, over the week."""
        address, companies = self._network(), [self._company() for _ in range(6)]
        for _ in range(self._number(PEOPLE["shared office"])):
            post = self._single_person("shared office")
            answers = self._answers(self.chance.choice(companies), self._name())
            yield replace(post, fields=post.fields | answers, address=address)

    def _webinar(self, weekday: int) -> Iterator[Post]:
        """People in the hour after a webinar: eight of one company in one network, four others."""
        start = START + timedelta(days=weekday, hours=17)
        page = _ARTICLES[0] + "?" + urlencode({"utm_source": "webinar", "utm_campaign": "records"})
        company, address = self._company(), self._network()
        number = self._number(PEOPLE["after a webinar"] // 2)
        for count in range(number):
            is_colleague = count < number * 2 // 3
            answers = self._answers(company if is_colleague else self._company(), self._name())
            at = start + timedelta(minutes=self.chance.expovariate(1 / 15) % 60)
            yield self._post(
                "after a webinar", at, answers, page=page,
                address=address if is_colleague else "", seconds=self.chance.uniform(20, 120),
            )  # fmt: skip

    # Robots.

    def _robots(self) -> Iterator[Post]:
        makers = {
            "fills every field": self._filler,
            "burst": self._burst,
            "one network": self._one_network,
            "one template": self._one_template,
            "invented domains": self._invented,
            "headless browser": self._headless,
        }
        for style, make in makers.items():
            yield from make(style, self._number(ROBOTS[style]))

    def _any_time(self) -> datetime:
        """A time of the week, by day or by night."""
        return START + self.chance.random() * WEEK

    def _forged(self) -> dict[str, str]:
        """Answers in the name of a real company, with an address that may exist."""
        return self._answers(self.chance.choice(self._real_companies), self._name())

    def _filler(self, style: str, number: int) -> Iterator[Post]:
        """A robot without script that writes text and links into all fields, from three servers."""
        servers = [self._network() for _ in range(3)]
        for _ in range(number):
            answers = self._forged() | {
                "homepage": f"https://{self.chance.choice(_TOPICS).replace(' ', '-')}.example",
                "message": "Great site! https://pills.example https://loans.example",
            }
            if self.chance.random() < 0.5:  # the robot does not understand choices
                answers["industry"] = "asdf"
            yield self._post(
                style, self._any_time(), answers,
                page=FORM_PAGE, address=self.chance.choice(servers), seconds=None,
            )  # fmt: skip

    def _burst(self, style: str, number: int) -> Iterator[Post]:
        """All within two hours, from one network, with forged addresses."""
        address = self._network()
        start = START + timedelta(days=2, hours=3)
        for _ in range(number):
            at = start + self.chance.random() * timedelta(hours=2)
            yield self._post(
                style, at, self._forged(), page=FORM_PAGE, address=address, seconds=None
            )

    def _one_network(self, style: str, number: int) -> Iterator[Post]:
        """A browser in one network, as slow as a person, day and night."""
        address, page = self._network(), self.chance.choice(_ARTICLES)
        for count in range(number):
            at = START + (count + self.chance.random()) * WEEK / number
            yield self._post(
                style, at, self._forged(), page=page, address=address,
                seconds=self.chance.uniform(20, 90),
            )  # fmt: skip

    def _one_template(self, style: str, number: int) -> Iterator[Post]:
        """Each post from a new network; the text is a template with four subjects."""
        page = self.chance.choice(_ARTICLES)
        for _ in range(number):
            answers = self._forged()
            topic = self.chance.choice(_TOPICS)
            text = _TEMPLATE.format(
                name=answers["full_name"], company=answers["company"], topic=topic
            )
            yield self._post(
                style, self._any_time(), {**answers, "message": text},
                page=page, seconds=self.chance.uniform(20, 90),
            )  # fmt: skip

    def _invented(self, style: str, number: int) -> Iterator[Post]:
        """Each post from a new network and for a company that does not exist."""
        page = self.chance.choice(_ARTICLES)
        for _ in range(number):
            syllables = (
                self.chance.choice("bdfglmnprst") + self.chance.choice("aeiou") for _ in "abcd"
            )
            name = "".join(syllables).capitalize()
            company = f"{name} {self.chance.choice(_KIND)}", f"{name.lower()}.example"
            yield self._post(
                style, self._any_time(), self._answers(company, self._name()),
                page=page, seconds=self.chance.uniform(20, 90),
            )  # fmt: skip

    def _headless(self, style: str, number: int) -> Iterator[Post]:
        """A browser with script in home networks, with real companies and plausible answers. It
        opens the form's page or an article with the form; half of the visits seem to come from a
        search."""
        for _ in range(number):
            page = self.chance.choice((FORM_PAGE, *_ARTICLES))
            referrer = self.chance.choice((_SEARCH, ""))
            yield self._post(
                style, self._any_time(), self._forged(),
                page=page, referrer=referrer, seconds=self.chance.lognormvariate(4.0, 0.5),
            )  # fmt: skip
