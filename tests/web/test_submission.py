"""From a post to the files: thanks, expiring links, one answer for all (rule 6, docs/rules.md)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from capture.signed_links import Grant, LinkSigner
from tests.service import GUIDE, Answer, Service, person

WEEK = timedelta(days=7)


def links(thanks: Answer) -> list[str]:
    return re.findall(r'href="(/d/[^"]+)" download', thanks.text)


def tokens(service: Service) -> LinkSigner:
    return LinkSigner((service.folder / "var" / "secret_key").read_bytes(), WEEK)


def test_a_valid_form_leads_to_thanks_and_the_promised_files(service: Service) -> None:
    thanks = service.thanks(service.post(person()))
    files = [service.get(link) for link in links(thanks)]
    assert (thanks.status, "Thank you" in thanks.text) == (200, True)
    for name, file in zip(("cloud-guide.pdf", "lead-kpis.xlsx"), files, strict=True):
        assert file.body == (service.folder / "content" / "gated" / name).read_bytes()
        assert file.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert file.headers["X-Robots-Tag"] == "noindex"


def test_a_demo_is_thanked_without_files(service: Service) -> None:
    thanks = service.thanks(service.post(person(company_size="201-1000"), "acme-demo"))
    assert (thanks.status, links(thanks)) == (200, [])


def test_the_url_of_the_thanks_page_contains_nothing_of_the_visitor(service: Service) -> None:
    posted = service.post(person())
    assert posted.location.startswith(f"/f/{GUIDE}/thanks?t=")
    assert "clinic" not in repr(posted)
    assert service.get(posted.location).headers["Referrer-Policy"] == "no-referrer"
    assert posted.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["", "?t=", "?t=nonsense", "?t=%00%ff", "?x=1"])
def test_the_thanks_page_without_a_token_links_to_the_form(service: Service, query: str) -> None:
    answer = service.get(f"/f/{GUIDE}/thanks{query}")
    assert answer.status == 410
    assert f'href="/f/{GUIDE}"' in answer.text


def test_a_thanks_token_of_another_campaign_is_refused(service: Service) -> None:
    posted = service.post(person(company_size="201-1000"), "acme-demo")
    assert service.get(posted.location.replace("acme-demo", GUIDE)).status == 410


def test_an_expired_link_says_so_and_how_to_get_a_new_one(service: Service) -> None:
    grant = Grant(GUIDE, "aaaaaaaaaaaa", "cloud-guide.pdf")
    hour = timedelta(hours=1)
    for age, status in ((WEEK - hour, 200), (WEEK + hour, 410)):
        with time_machine.travel(datetime.now(UTC) - age):
            link = tokens(service).download(grant)
        answer = service.get(f"/d/{link}")
        assert (answer.status, b"This link has ended" in answer.body) == (status, status == 410)


def test_a_tampered_link_is_unknown(service: Service) -> None:
    good = tokens(service).download(Grant(GUIDE, "aaaaaaaaaaaa", "cloud-guide.pdf"))
    other_key = LinkSigner(b"another key altogether", WEEK)
    forged = other_key.download(Grant(GUIDE, "aaaaaaaaaaaa", "cloud-guide.pdf"))
    thanks = tokens(service).thanks(GUIDE, "aaaaaaaaaaaa")
    for token in (good[:-1], f"x{good}", good.replace(".", "..", 1), forged, thanks, "x", "%00"):
        assert service.get(f"/d/{token}").status == 404


@pytest.mark.parametrize(
    ("campaign", "file", "status"),
    [
        (GUIDE, "secret.pdf", 404),
        (GUIDE, "../../campaigns/acme-demo.toml", 404),
        ("acme-demo", "cloud-guide.pdf", 404),
        ("gone", "cloud-guide.pdf", 404),
        (GUIDE, "cloud-guide.pdf", 200),
    ],
)
def test_a_signed_link_gives_only_files_of_the_current_campaign(
    service: Service, campaign: str, file: str, status: int
) -> None:
    token = tokens(service).download(Grant(campaign, "aaaaaaaaaaaa", file))
    assert service.get(f"/d/{token}").status == status


def test_gated_files_have_no_public_url(service: Service) -> None:
    for path in ("/content/gated/cloud-guide.pdf", "/cloud-guide.pdf", "/../content/gated/a"):
        assert service.get(path).status == 404


def test_reload_and_retry_give_one_lead_and_one_answer(service: Service) -> None:
    form = person(gp_id="this-filling-of-the-form")
    first, again = service.post(form), service.post(form)
    service.thanks(first), service.thanks(first)
    assert first.bare == again.bare
    assert leads_of(service, form["email"]) == ["qualified"]


def test_without_script_a_double_click_gives_one_lead(service: Service) -> None:
    form = person()
    service.post(form), service.post(form)
    assert leads_of(service, form["email"]) == ["qualified"]


def leads_of(service: Service, email: str) -> list[str]:
    """The stage of each lead with that address."""
    with service.ledger() as ledger:
        return ledger.read(
            lambda reading: [
                lead.review
                for lead in reading.leads.select()
                if (personal_data := reading.people.personal_data(lead.lead_id))
                and personal_data.answers.get("email") == email
            ]
        )


class TestTheSameAnswerForEveryone:
    """Rule 6: a visitor cannot see the verdict on the lead."""

    @pytest.fixture
    def qualified(self, service: Service) -> tuple[Answer, Answer]:
        posted = service.post(person())
        return posted, service.thanks(posted)

    def same(
        self, service: Service, form: dict[str, str], qualified: tuple[Answer, Answer], stage: str
    ) -> None:
        """Asserts the same answers as for a qualified lead, and that the files are available."""
        posted = service.post(form)
        thanks = service.thanks(posted)
        assert [posted.bare, thanks.bare] == [answer.bare for answer in qualified]
        assert [service.get(link).status for link in links(thanks)] == [200, 200]
        assert stage in leads_of(service, form.get("email", "None"))

    def test_a_duplicate(self, service: Service, qualified: tuple[Answer, Answer]) -> None:
        form = person()
        service.post(form)
        self.same(service, {**form, "full_name": "A. Lee"}, qualified, "duplicate")

    def test_a_disqualified(self, service: Service, qualified: tuple[Answer, Answer]) -> None:
        self.same(service, person(industry="Retail"), qualified, "disqualified")

    def test_one_over_the_cap(self, service: Service, qualified: tuple[Answer, Answer]) -> None:
        for number in range(5):
            service.post(person(email=f"ann{number}@one-company.example"))
        self.same(service, person(email="bo@one-company.example"), qualified, "over_cap")

    def test_a_suppressed(self, service: Service, qualified: tuple[Answer, Answer]) -> None:
        customers = service.folder / "customers.csv"
        customers.write_text("email\nann@customer.example\n")
        assert service.run("suppress", "acme", str(customers)).returncode == 0
        self.same(service, person(email="ann@customer.example"), qualified, "suppressed")

    def test_a_robot(self, service: Service, qualified: tuple[Answer, Answer]) -> None:
        self.same(
            service, person(homepage="https://spam.example", gp_seconds="0"), qualified, "spam"
        )

    def test_a_person_whose_browser_filled_the_hidden_field(
        self, service: Service, qualified: tuple[Answer, Answer]
    ) -> None:
        self.same(service, person(homepage="https://ann.example"), qualified, "quarantined")

    def test_a_robot_that_fills_the_form_badly(
        self, service: Service, qualified: tuple[Answer, Answer]
    ) -> None:
        form = {"homepage": "x", "email": "no address", "company_size": "7", "full_name": "Bot"}
        form["gp_version"] = "0" * 64  # nor does a form that never was give it away
        posted = service.post(form)
        assert [posted.bare, service.thanks(posted).bare] == [answer.bare for answer in qualified]


@pytest.mark.parametrize(
    ("seconds", "name", "stage"),
    [
        ("0", "Ann Lee", "qualified"),
        ("0", "Ann https://a.example", "spam"),
        ("2", "Ann https://b.example", "qualified"),
        ("", "Ann https://c.example", "qualified"),
    ],
)
def test_haste_counts_only_if_measured_and_never_alone(
    service: Service, seconds: str, name: str, stage: str
) -> None:
    form = person(gp_seconds=seconds, full_name=name)
    service.thanks(service.post(form))
    assert leads_of(service, form["email"]) == [stage]


def test_a_test_lead_is_marked_on_the_page_and_in_the_ledger(service: Service) -> None:
    url = service.run("test-lead", GUIDE, "--no-open").stdout.strip()
    page = service.get(url.partition(str(service.port))[2])
    token = url.partition("?test=")[2]
    form = person(gp_test=token)
    assert ("Test lead." in page.text, token in page.text) == (True, True)
    service.thanks(service.post(form))
    service.thanks(service.post({**form, "full_name": "Again"}))
    with service.ledger() as ledger:
        newest = ledger.read(lambda reading: list(reading.leads.select(newest_first=True))[:2])
    assert [(lead.test, lead.review) for lead in newest] == [(True, "qualified")] * 2


@pytest.mark.parametrize("token", ["nonsense", "%00", "é"])
def test_an_unknown_test_token_makes_an_ordinary_lead(service: Service, token: str) -> None:
    assert "Test lead." not in service.get(f"/f/{GUIDE}?test=nonsense").text
    form = person(gp_test=token)
    service.thanks(service.post(form))
    with service.ledger() as ledger:
        newest = ledger.read(lambda reading: next(reading.leads.select(newest_first=True)))
        stored = ledger.read(lambda reading: reading.people.personal_data(newest.lead_id))
    assert stored is not None
    assert (newest.test, stored.answers["email"]) == (False, form["email"])
