"""A real DNS server on this machine: UDP, and TCP for answers that do not fit."""

import errno
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from capture.delivery.mail_domains import KNOWN_NAME, DnsServer

Query = dns.message.Message
Respond = Callable[[Query], bytes | None]
"""The answer to a query; None: no answer at all."""

KNOWN: Mapping[str, tuple[str, ...]] = {KNOWN_NAME: ("A 198.41.0.4",)}
"""The name that a machine looks up to test its DNS."""


@dataclass
class Dns:
    """A running server. Names are absolute, such as `acme.example.`."""

    zone: dict[str, tuple[str, ...] | Respond]
    """By name: its records, each as `MX 10 mail.acme.example.`, or how it answers. A name that is
    missing does not exist."""
    port: int = 0
    questions: list[tuple[str, str]] = field(default_factory=list)
    """Name and type of each query, in the order of arrival."""
    tcp_questions: list[str] = field(default_factory=list)
    """The names that were queried by TCP."""

    @property
    def server(self) -> DnsServer:
        return DnsServer("127.0.0.1", self.port)

    def count(self, name: str) -> int:
        """The number of queries for a name."""
        return sum(name == question for question, _ in self.questions)

    def answer(self, wire: bytes, *, is_udp: bool) -> bytes | None:
        """The answer to a query as it came over the network."""
        query = dns.message.from_wire(wire)
        name, kind = query.question[0].name.to_text(), query.question[0].rdtype
        self.questions.append((name, dns.rdatatype.to_text(kind)))
        if not is_udp:
            self.tcp_questions.append(name)
        entry = self.zone.get(name)
        if callable(entry):
            return entry(query)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if entry is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._add_records(response, name, kind)
        if is_udp and len(response.to_wire()) > 512:
            response.answer.clear()
            response.flags |= dns.flags.TC
        return response.to_wire()

    def _add_records(self, response: Query, name: str, kind: dns.rdatatype.RdataType) -> None:
        records = self.zone.get(name, ())
        for record in () if callable(records) else records:
            record_kind, _, data = record.partition(" ")
            if record_kind in {dns.rdatatype.to_text(kind), "CNAME"}:
                rrset = dns.rrset.from_text(name, 60, "IN", record_kind, data)
                response.answer.append(rrset)
            if record_kind == "CNAME":
                self._add_records(response, data, kind)


def fails(rcode: dns.rcode.Rcode) -> Respond:
    """Answers with an error code."""

    def respond(query: Query) -> bytes:
        response = dns.message.make_response(query)
        response.set_rcode(rcode)
        return response.to_wire()

    return respond


def silent(_query: Query) -> None:
    """Sends no answer."""


def garbage(query: Query) -> bytes:
    """Answers with the query's id, followed by bytes that are no DNS message."""
    return struct.pack("!H", query.id) + b"\xff" * 40


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


def _listen_on_one_port(
    udp_handler: type[socketserver.BaseRequestHandler],
    tcp_handler: type[socketserver.BaseRequestHandler],
) -> tuple[socketserver.ThreadingUDPServer, _TcpServer]:
    """Both servers of one free port. A port that is free for UDP may be in use for TCP."""
    for _ in range(100):
        udp = socketserver.ThreadingUDPServer(("127.0.0.1", 0), udp_handler)
        try:
            return udp, _TcpServer(udp.server_address, tcp_handler)
        except OSError as problem:
            udp.server_close()
            if problem.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "100 ports that were free for UDP were in use for TCP")


@contextmanager
def serving_dns(zone: Mapping[str, tuple[str, ...] | Respond]) -> Iterator[Dns]:
    """Runs a server that knows this zone and the name that always exists."""
    server = Dns({**KNOWN, **zone})

    class Udp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, sock = self.request
            answer = server.answer(wire, is_udp=True)
            if answer is not None:
                sock.sendto(answer, self.client_address)

    class Tcp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            (size,) = struct.unpack("!H", self.rfile.read(2))
            answer = server.answer(self.rfile.read(size), is_udp=False)
            if answer is not None:
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

    udp, tcp = _listen_on_one_port(Udp, Tcp)
    server.port = udp.server_address[1]
    threads = [
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
        for made in (udp, tcp)
    ]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        for made in (udp, tcp):
            made.shutdown()
            made.server_close()
        for thread in threads:
            thread.join()


def unused_port() -> int:
    """A UDP port of this machine on which nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
