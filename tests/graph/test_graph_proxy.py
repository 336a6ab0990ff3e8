"""The proxy: whose address counts, and what is said about one that cannot be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from posture.errors import TenantUnreachable
from posture.graph.credentials import Connection
from posture.graph.proxy import proxy_in_force
from posture.graph.pursuit import RetryBudget
from posture.graph.reader import TenantReader

HOST = "graph.example.com"


@pytest.fixture(autouse=True)
def no_proxy_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_settings_and_environment_there_is_none() -> None:
    assert proxy_in_force(None, host=HOST) is None


def test_the_settings_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://other.example.com:3128")
    monkeypatch.setenv("NO_PROXY", HOST)
    proxy = proxy_in_force("https://proxy.example.com:3128", host=HOST)
    assert proxy is not None
    assert str(proxy.url) == "https://proxy.example.com:3128"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_an_address_of_the_environment_needs_no_scheme(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "who:pass@proxy.example.com:3128")
    proxy = proxy_in_force(None, host=HOST)
    assert proxy is not None
    assert str(proxy.url) == "http://proxy.example.com:3128"
    assert proxy.auth == ("who", "pass")


def test_a_host_can_be_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "example.com")
    assert proxy_in_force(None, host=HOST) is None


UNUSABLE = [
    "socks5://who:proxy-secret@proxy.example.com:1080",
    "http://who:proxy#secret@proxy.example.com:3128",
    "http://who:proxy-secret@proxy.example.com:99999",
    "http://who:proxy-secret@proxy.example.com:0",
    "http://",
    "http://[::1",
]


@pytest.mark.parametrize("address", UNUSABLE)
def test_an_unusable_address_is_refused_without_being_quoted(address: str) -> None:
    with pytest.raises(TenantUnreachable, match=r"http://host:port into http\.proxy") as caught:
        proxy_in_force(address, host=HOST)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_reader_with_an_unusable_proxy_says_so(
    connect: Callable[..., Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", UNUSABLE[1])
    connection = dataclasses.replace(connect(), graph_root="https://graph.example.com")
    with pytest.raises(TenantUnreachable, match="The proxy cannot be used"):
        TenantReader(connection, budget=RetryBudget(tries=1)).identify()
