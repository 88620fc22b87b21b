"""Services of tests that run side by side get different ports."""

import socket

import pytest

from tests.service import free_port


def test_a_port_is_reserved_before_its_service_starts_and_after_it_ends() -> None:
    port = free_port()
    for _ in range(2):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)) as service:  # reuses the address
            with socket.create_connection(("127.0.0.1", port)):
                service.accept()[0].close()
            with pytest.raises(OSError, match="in use"):
                socket.create_server(("127.0.0.1", port))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
