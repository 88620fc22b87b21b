"""A large gated file from the real server: constant memory, and a range reads only its bytes."""

import http.client
import re
from contextlib import closing
from pathlib import Path

import pytest

from capture.signed_links import Grant, LinkSigner
from capture.web.config import WebConfig
from tests.service import GUIDE, Service, person, serving
from tests.waiting import HANG_SECONDS, wait_until

pytestmark = pytest.mark.server

MEGABYTE = 1_000_000
SIZE = 200 * MEGABYTE


def worker(service: Service) -> Path:
    """The folder in /proc of the only worker."""
    assert service.process is not None
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    (pid,) = children.read_text().split()
    return Path(f"/proc/{pid}")


def number(path: Path, name: str) -> int:
    """The number behind a name in a file of /proc."""
    match = re.search(rf"^{name}:\s+(\d+)", path.read_text(), re.M)
    assert match is not None
    return int(match[1])


def length_of(service: Service, path: str) -> int:
    """The bytes that arrive, without keeping them."""
    length = 0
    with closing(
        http.client.HTTPConnection("127.0.0.1", service.port, timeout=HANG_SECONDS)
    ) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        while part := response.read(MEGABYTE):
            length += len(part)
    return length


def count_of(service: Service, lead_id: str) -> int:
    """The lead's downloads. They are counted after the answer, so it waits for the first."""
    with service.ledger() as ledger:
        work = lambda: ledger.read(lambda reading: reading.downloads.of_lead(lead_id))  # noqa: E731
        wait_until(work)
        return work()[0].count


def test_a_large_file_is_sent_with_constant_memory_and_counted(project: Path) -> None:
    file = project / "content" / "gated" / "cloud-guide.pdf"
    with file.open("wb") as sparse:
        sparse.write(b"%PDF")
        sparse.truncate(SIZE)
    with serving(project, workers="1") as service:
        assert service.thanks(service.post(person())).status == 200
        with service.ledger() as ledger:
            lead_id = ledger.read(lambda reading: next(reading.leads.select())).lead_id
        signer = LinkSigner((project / "var" / "secret_key").read_bytes(), WebConfig.link_life)
        path = f"/d/{signer.download(Grant(GUIDE, lead_id, file.name))}"
        status, io = worker(service) / "status", worker(service) / "io"
        start = service.get(path, Range="bytes=0-9")  # loads what every download needs
        peak = number(status, "VmHWM")
        assert length_of(service, path) == SIZE
        assert number(status, "VmHWM") - peak < 10_000  # kilobytes
        read = number(io, "rchar")
        end = service.get(path, Range=f"bytes={SIZE - 5}-")
        assert (end.status, end.body) == (206, bytes(5))
        assert number(io, "rchar") - read < MEGABYTE
        assert (start.status, start.body[:4]) == (206, b"%PDF")
        assert count_of(service, lead_id) >= 1
