"""Simultaneous posts to two real workers: duplicates and caps hold.

These are rules 1, 2 and 7 of docs/rules.md.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.service import Answer, Service, make_project, new_address, person, serving
from tests.waiting import HANG_SECONDS

AT_ONCE = 50


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = make_project(tmp_path_factory.mktemp("crowd"))
    guide = (folder / "campaigns" / "acme-cloud-guide.toml").read_text()
    capped = guide.replace("leads_a_company = 5 ", "leads_a_month = 10 ")
    assert capped != guide
    (folder / "campaigns" / "capped.toml").write_text(capped)
    with serving(folder, workers="2") as started:
        yield started
        assert started.run("verify").returncode == 0


def all_at_once(service: Service, forms: Sequence[dict[str, str]], slug: str) -> list[Answer]:
    """Posts the forms simultaneously, each by a separate client."""
    barrier = threading.Barrier(len(forms))

    def post(form: dict[str, str]) -> Answer:
        barrier.wait()
        return service.post(form, slug, X_Forwarded_For=new_address())

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(post, forms))


def stages(service: Service, slug: str) -> Counter[str]:
    with service.ledger() as ledger:
        return ledger.read(
            lambda reading: Counter(
                lead.review for lead in reading.leads.select() if lead.campaign == slug
            )
        )


def new_stages(service: Service, forms: Sequence[dict[str, str]], slug: str) -> dict[str, int]:
    """The number of new leads by stage. Every form got the thanks page."""
    before = stages(service, slug)
    answers = all_at_once(service, forms, slug)
    assert {answer.status for answer in answers} == {303}
    return dict(stages(service, slug) - before)


def test_the_same_form_fifty_times_at_once_makes_one_lead(service: Service) -> None:
    form = person(gp_id="one-filling-of-the-form")
    assert new_stages(service, [form] * AT_ONCE, "acme-cloud-guide") == {"qualified": 1}


def test_without_script_the_same_form_fifty_times_at_once_makes_one_lead(service: Service) -> None:
    assert new_stages(service, [person()] * AT_ONCE, "acme-cloud-guide") == {"qualified": 1}


def test_the_same_person_fifty_times_at_once_is_one_qualified_lead(service: Service) -> None:
    forms = [person(email="ann@crowd.example") for _ in range(AT_ONCE)]
    new_leads = new_stages(service, forms, "acme-cloud-guide")
    assert new_leads == {"qualified": 1, "duplicate": 49}


def test_of_fifty_people_at_once_a_cap_of_ten_accepts_ten(service: Service) -> None:
    new_leads = new_stages(service, [person() for _ in range(AT_ONCE)], "capped")
    assert new_leads == {"qualified": 10, "over_cap": 40}


def test_another_program_that_writes_loses_no_lead(service: Service) -> None:
    done = threading.Event()
    with ThreadPoolExecutor(1) as beside:
        writing = beside.submit(_write_until, done, service.folder / "var" / "gatepost.db")
        try:
            new_leads = new_stages(service, [person() for _ in range(AT_ONCE)], "acme-cloud-guide")
        finally:
            done.set()
        assert writing.result() > 0
    assert new_leads == {"qualified": AT_ONCE}


def _write_until(done: threading.Event, path: Path) -> int:
    """Writes without our lock file, as another program would. Returns the number of writes."""
    database, writes = sqlite3.connect(path, isolation_level=None, timeout=HANG_SECONDS), 0
    while not done.wait(0.002):
        database.execute("UPDATE outbox SET result = result")
        writes += 1
    database.close()
    return writes
