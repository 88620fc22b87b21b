"""Without a server: how long `receive` and the complete app take, and which rooms use the time.

A timer interrupts the process a thousand times a second and notes the innermost function whose
room is known. Unlike a profiler that counts calls, it slows nothing down and sees waiting for the
disk as well.
"""

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from types import FrameType

from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.contenders import CAMPAIGN, KEY, ROOT, control_fields, gatepost
from capture.campaign.files import read_campaign
from capture.form.campaign_form import form_class
from capture.intake.receive import receive_submission
from capture.intake.submission import Submission
from capture.lead.consent import Consent
from capture.ledger import open_ledger
from gatepost.server.serve import make_app
from gatepost.settings import SettingsWithSources

MEASURING = "making the request"
ROOMS = {
    "sqlite_utils/db.py:atomic": "commit, synced to disk",
    "capture/ledger/sqlite.py:_held": "waiting for the writer before",
    "capture/ledger/events.py": "events and their hash chain",
    "capture/ledger/": "ledger: statements and rows",
    "capture/intake/": "intake: the gate",
    "capture/qualification/": "qualification",
    "capture/lead/": "intake: the gate",
    "capture/form/": "form (WTForms, e-mail, phone)",
    "capture/web/rate_limit.py": "limit of posts",
    "capture/signed_links.py": "signed links",
    "werkzeug/formparser.py": "reading the body",
    "werkzeug/test.py": MEASURING,
    "capture/web/": "Flask and the view",
    "flask/": "Flask and the view",
    "werkzeug/": "Flask and the view",
}
"""Rooms by a part of the file's path; the first match counts."""


INTERVAL_SECONDS = 0.001


def show_inside(seconds: int) -> None:
    """Prints both measurements; each lasts this many seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        _show("receive() and its commit", _timed(_receiver(Path(text)), seconds))
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        rooms: Counter[str] = Counter()
        app = _poster(Path(text))
        leads = len(_sampled(lambda: _timed(app, seconds), rooms))
    rooms.pop(MEASURING, None)
    each = INTERVAL_SECONDS * 1000 / leads
    print(f"the complete app, without a server: {rooms.total() * each:.2f} ms a lead")
    for room, hits in rooms.most_common():
        print(f"  {hits / rooms.total():5.1%}  {hits * each:5.2f} ms  {room}")


def _show(name: str, times: list[float]) -> None:
    print(f"{name}: {1000 * len(times) / sum(times):,.0f}/s, median {median(times):.2f} ms")


def _timed(take: Callable[[int], None], seconds: int) -> list[float]:
    """Milliseconds of each lead, as many as possible in this many seconds."""
    times: list[float] = []
    ends = time.perf_counter() + seconds
    for number in count():
        started = time.perf_counter()
        if started > ends:
            break
        take(number)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _posted(number: int) -> dict[str, str]:
    """The form data that one visitor's browser sends."""
    who = f"x{number}"
    return {
        "full_name": f"Ann Lee {who}",
        "email": f"ann.lee@clinic-{who}.example",
        "company": f"Clinic {who}",
        "job_title": "Head of IT",
        "industry": "Healthcare",
        "company_size": "101-500",
        "country": "US",
        "phone": f"+1 212 {2_000_000 + number}",
        **control_fields(),
        "gp_id": f"bench-{who}",
    }


def _receiver(folder: Path) -> Callable[[int], None]:
    campaign = read_campaign(ROOT / "campaigns" / f"{CAMPAIGN}.toml")
    ledger = open_ledger(f"sqlite:///{folder}/receive.db", KEY.encode())
    form = form_class(campaign)(MultiDict(_posted(0)))
    form.validate()
    usual = form.answers()

    def take(number: int) -> None:
        answers = usual | {
            "email": f"ann@clinic-{number}.example",
            "phone": f"+1212{2_000_000 + number}",
        }
        submission = Submission(answers, Consent(True, campaign.version), f"bench-{number:08}")
        now = datetime.now(UTC)
        ledger.transact(lambda records: receive_submission(records, campaign, submission, now))

    return take


def _poster(folder: Path) -> Callable[[int], None]:
    app = make_app(SettingsWithSources.read(gatepost().settings(folder, 8000)).settings)

    def take(number: int) -> None:
        environ = EnvironBuilder(
            path=f"/f/{CAMPAIGN}", method="POST", data=_posted(number)
        ).get_environ()
        status = run_wsgi_app(app, environ)[1]
        if not status.startswith("303"):
            raise RuntimeError(f"lead {number}: {status}")

    return take


def _sampled(run: Callable[[], list[float]], rooms: Counter[str]) -> list[float]:
    def note(_: int, frame: FrameType | None) -> None:
        rooms[_room(frame)] += 1

    before = signal.signal(signal.SIGALRM, note)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL_SECONDS, INTERVAL_SECONDS)
    try:
        return run()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _room(frame: FrameType | None) -> str:
    while frame is not None:
        place = f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
        for part, room in ROOMS.items():
            if part in place:
                return room
        frame = frame.f_back
    return MEASURING
