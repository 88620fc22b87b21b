"""Which URLs and which addresses a webhook may reach."""

import threading
from collections.abc import Sequence

import pytest

from capture.delivery.addresses import (
    WebhookUrl,
    checked_addresses,
    is_allowed,
    read_url,
)
from capture.delivery.attempts import PermanentFailure, TemporaryFailure
from capture.errors import Refused

URL = WebhookUrl(is_https=True, host="crm.example", port=443, target="/hook")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://crm.example/hook", URL),
        ("https://CRM.example.:443/hook", URL),
        ("https://crm.example", WebhookUrl(True, "crm.example", 443, "/")),
        ("https://crm.example:8443/a?b=c", WebhookUrl(True, "crm.example", 8443, "/a?b=c")),
        ("https://bücher.example/", WebhookUrl(True, "xn--bcher-kva.example", 443, "/")),
        ("https://93.184.215.14/", WebhookUrl(True, "93.184.215.14", 443, "/")),
        (
            "https://[2606:2800:21f::1]/",
            WebhookUrl(True, "2606:2800:21f::1", 443, "/"),
        ),
    ],
)
def test_a_url_is_split_into_its_parts(text: str, url: WebhookUrl) -> None:
    assert read_url(text) == url


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://crm.example/", "needs HTTPS"),
        ("ftp://crm.example/", "needs HTTPS"),
        ("crm.example/hook", "needs HTTPS"),
        ("https://ann:secret@crm.example/", "user name and password"),
        ("https://@crm.example/", "user name and password"),
        ("https://crm.example/#top", "after #"),
        ("https://crm.example:22/", "port 22 is not allowed"),
        ("https://crm.example:0/", "port 0 is not allowed"),
        ("https://crm.example:99999/", "not a valid URL"),
        ("https://[::1/", "not a valid URL"),
        ("https:///hook", "not a valid host name"),
        ("https://a..b/", "not a valid host name"),
        ("https://crm .example/", "without spaces"),
        ("https://crm.example/\r\nHost: other", "without spaces"),
        ("https://crm.example/bücher", "path in ASCII"),
        ("https://crm.example\\@other.example/", "user name and password"),
        ("https://127.0.0.1/", "not a public address"),
        ("https://[::1]/", "not a public address"),
        ("https://[::ffff:10.0.0.1]/", "not a public address"),
        ("", "1 to 1000 characters"),
        ("https://crm.example/" + "x" * 1000, "1 to 1000 characters"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        read_url(text)
    assert len(str(refused.value).splitlines()) == 1


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(Refused) as refused:
        read_url("https://ann:secret@crm.example/")
    assert "secret" not in str(refused.value)


def test_loopback_needs_its_setting() -> None:
    assert read_url("http://127.0.0.1:8000/", allow_loopback=True).port == 8000
    with pytest.raises(Refused):
        read_url("https://10.0.0.1/", allow_loopback=True)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",  # metadata
        "168.63.129.16",  # metadata
        "169.254.169.254",  # metadata
        "192.0.0.192",  # metadata
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",  # contains 127.0.0.1
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::5db8:d70e",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "2606:2800:21f::5efe:7f00:1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",  # metadata
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "crm.example",
        "",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_allowed(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_setting_allows_loopback_and_nothing_else(address: str) -> None:
    assert is_allowed(address, allow_loopback=True)
    assert not is_allowed("10.0.0.1", allow_loopback=True)
    assert not is_allowed("169.254.169.254", allow_loopback=True)


def test_a_host_is_refused_if_any_of_its_addresses_is_private() -> None:
    addresses = ["93.184.215.14", "10.0.0.1"]
    with pytest.raises(PermanentFailure, match=r"crm\.example has the address 10\.0\.0\.1"):
        checked_addresses(URL, lambda _host, _port: addresses, seconds=10)


def test_all_public_addresses_are_returned_in_their_order() -> None:
    addresses = ["2606:2800:21f::1", "93.184.215.14"]
    assert checked_addresses(URL, lambda _host, _port: addresses, seconds=10) == addresses


def test_http_without_tls_reaches_loopback_only() -> None:
    url = WebhookUrl(is_https=False, host="crm.example", port=80, target="/")
    with pytest.raises(PermanentFailure, match="HTTP without TLS"):
        checked_addresses(
            url, lambda _host, _port: ["93.184.215.14"], seconds=10, allow_loopback=True
        )


def test_a_host_that_is_not_found_may_be_found_later() -> None:
    def fail(_host: str, _port: int) -> Sequence[str]:
        raise OSError("Name or service not known")

    with pytest.raises(TemporaryFailure, match=r"crm\.example: no address found"):
        checked_addresses(URL, fail, seconds=10)
    with pytest.raises(TemporaryFailure, match="it has no address"):
        checked_addresses(URL, lambda _host, _port: [], seconds=10)


def test_a_name_server_that_does_not_answer_ends_the_attempt() -> None:
    released = threading.Event()

    def wait(_host: str, _port: int) -> Sequence[str]:
        released.wait()
        return []

    with pytest.raises(TemporaryFailure, match="not found in time"):
        checked_addresses(URL, wait, seconds=0.01)
    released.set()
