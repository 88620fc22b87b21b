"""What counts as one sender, in every notation of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.web.sender import UNKNOWN, client_network, visitor_network

FOUR = "203.0.113.7"


@pytest.mark.parametrize(
    "address",
    [
        FOUR,
        f"::ffff:{FOUR}",  # a dual-stack socket
        "::ffff:cb00:7107",
        "0:0:0:0:0:FFFF:203.0.113.7",
        f"::{FOUR}",  # IPv4-compatible
        "2002:cb00:7107::1",  # 6to4
        "2002:cb00:7107:99::7",
        "2001:0:4136:e378:8000:63bf:34ff:8ef8",  # Teredo
        f"64:ff9b::{FOUR}",  # NAT64
        f"{FOUR}:4711",
        f"[::ffff:{FOUR}]:4711",
        f"::ffff:{FOUR}%eth0",
        f"  {FOUR} ",
    ],
)
def test_an_ipv4_visitor_is_counted_by_the_ipv4_address(address: str) -> None:
    assert client_network(address) == FOUR


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:7:7::1", "2001:db8:7:7::/64"),
        ("2001:db8:7:7:ffff::9%eth0", "2001:db8:7:7::/64"),
        ("[2001:db8:7:7::1]:80", "2001:db8:7:7::/64"),
        ("[2001:db8:7:7::1]", "2001:db8:7:7::/64"),
        ("2001:db8:7:8::1", "2001:db8:7:8::/64"),
        ("fe80::1%wlan0", "fe80::/64"),
        ("::1", "::/64"),
        ("::", "::/64"),
    ],
)
def test_an_ipv6_visitor_is_counted_by_the_network(address: str, network: str) -> None:
    assert client_network(address) == network


@pytest.mark.parametrize("address", [None, "", " ", "unix:", "localhost", "1.2.3", "%eth0", "[]"])
def test_a_peer_without_an_address_is_unknown(address: str | None) -> None:
    assert client_network(address) == UNKNOWN


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_two_ipv4_visitors_are_never_one_sender(one: object, other: object) -> None:
    for way in ("{}", "::ffff:{}", "64:ff9b::{}", "{}:80"):
        assert (client_network(way.format(one)) == client_network(way.format(other))) == (
            one == other
        )


@given(st.text(max_size=60))
def test_every_notation_of_a_proxy_is_counted(address: str) -> None:
    assert client_network(address)


@pytest.mark.parametrize("address", [None, "", "unix:", "127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_the_address_of_a_proxy_on_this_machine_is_no_visitors_network(address: str | None) -> None:
    assert visitor_network(address) == ""


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::7", "10.0.0.7"])
def test_any_other_address_is_a_visitors_network(address: str) -> None:
    assert visitor_network(address) == client_network(address)
