"""How a receiver is reached: whom the channel trusts, through which proxy, and what it says when nobody is there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from posture.domain.delivery import Sent, TryLater
from posture.graph.trust import bundles_in_force, tls_context
from posture.notify.posting import Limits, Reach
from posture.simulator.certificates import write_certificates
from tests.graph.tunnel import Tunnel

from .posting_builders import a_letter, a_webhook, letters, reach_of
from .receiver import Receiver


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def tunnel() -> Iterator[Tunnel]:
    with Tunnel() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def no_proxy(host: str) -> None:
    return None


def trusting(bundle: Path) -> Reach:
    return Reach(trust=lambda: tls_context([bundle]), proxy=no_proxy)


def test_a_certificate_of_somebody_else_is_not_trusted(receiver: Receiver, tmp_path: Path) -> None:
    other = write_certificates(tmp_path / "other").ca_bundle

    tried = list(a_webhook(receiver, reach=trusting(other)).deliver(letters(2)))

    [first, second] = tried
    assert isinstance(first, TryLater)
    assert "certificate is not trusted" in first.because
    assert "http.ca_bundle" in first.because
    assert second == first
    assert receiver.received == []


def test_a_certificate_for_another_name_is_not_trusted(receiver: Receiver, tunnel: Tunnel) -> None:
    host, _, port = receiver.address.removeprefix("https://").rpartition(":")
    tunnel.leads_to = (host, int(port))
    reach = reach_of(receiver, proxy=f"http://{tunnel.address}")

    [tried] = a_webhook(receiver, url="https://hooks.example.com/hook", reach=reach).deliver([a_letter()])

    assert isinstance(tried, TryLater)
    assert "There is no connection to https://hooks.example.com: its certificate is not trusted" in tried.because
    assert receiver.received == []


def test_the_bundle_of_the_environment_is_trusted(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(receiver.ca_bundle))
    reach = Reach(trust=lambda: tls_context(bundles_in_force(None)), proxy=no_proxy)

    assert list(a_webhook(receiver, reach=reach).deliver([a_letter()])) == [Sent(note=None)]


def test_a_bundle_that_is_not_there_is_named_and_tried_later(receiver: Receiver, tmp_path: Path) -> None:
    tried = list(a_webhook(receiver, reach=trusting(tmp_path / "missing.pem")).deliver(letters(2)))

    assert {type(each) for each in tried} == {TryLater}
    assert "missing.pem" in str(tried)


def test_a_letter_goes_through_the_proxy_with_its_login_and_the_proxy_sees_no_address(
    receiver: Receiver, tunnel: Tunnel
) -> None:
    reach = reach_of(receiver, proxy=f"http://who:pass@{tunnel.address}")

    tried = list(a_webhook(receiver, reach=reach).deliver(letters(3)))

    assert tried == [Sent(note=None)] * 3
    assert tunnel.seen.requests == [f"CONNECT {receiver.address.removeprefix('https://')} HTTP/1.1"]
    assert tunnel.seen.logins == {"who:pass"}


def test_a_proxy_of_the_environment_that_nobody_asked_for_is_not_used(
    receiver: Receiver, tunnel: Tunnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{tunnel.address}")

    assert list(a_webhook(receiver).deliver([a_letter()])) == [Sent(note=None)]
    assert tunnel.seen.requests == []


def test_a_proxy_that_refuses_is_told_apart_from_the_receiver(receiver: Receiver) -> None:
    with refusing_proxy() as address:
        reach = reach_of(receiver, proxy=f"http://who:pass@{address}")
        tried = list(a_webhook(receiver, reach=reach).deliver(letters(2)))

    because = f"The proxy made no connection to {receiver.address}: 407 Proxy Authentication Required."
    assert tried == [TryLater(because=because, after=None)] * 2
    assert "pass" not in str(tried)


def test_a_proxy_that_is_not_there_is_tried_later(receiver: Receiver) -> None:
    reach = reach_of(receiver, proxy=f"http://127.0.0.1:{free_port()}")

    [tried] = a_webhook(receiver, reach=reach).deliver([a_letter()])

    assert isinstance(tried, TryLater)
    assert "no connection" in tried.because


def test_an_address_of_a_proxy_that_is_none_is_tried_later(receiver: Receiver) -> None:
    [tried] = a_webhook(receiver, reach=reach_of(receiver, proxy="ftp://proxy.example.com")).deliver([a_letter()])

    assert isinstance(tried, TryLater)
    assert "http.proxy" in tried.because


def test_nobody_at_the_address_is_tried_later(receiver: Receiver) -> None:
    url = f"https://127.0.0.1:{free_port()}/hook"

    [tried] = a_webhook(receiver, url=url).deliver([a_letter()])

    because = f"There is no connection to {url.removesuffix('/hook')}: Connection refused."
    assert tried == TryLater(because=because, after=None)


def test_a_name_that_nobody_knows_is_tried_later(receiver: Receiver) -> None:
    [tried] = a_webhook(receiver, url="https://hooks.invalid/hook").deliver([a_letter()])

    because = "There is no connection to https://hooks.invalid: its name is not known."
    assert tried == TryLater(because=because, after=None)


def test_a_server_without_tls_is_tried_later(receiver: Receiver) -> None:
    with answering_in_clear() as address:
        [tried] = a_webhook(receiver, url=f"https://{address}/hook").deliver([a_letter()])

    assert isinstance(tried, TryLater)
    assert "TLS failed" in tried.because


@pytest.mark.parametrize(
    ("limits", "because"),
    [
        (Limits(connect=0.2, whole=60), "There was no connection to {} within 0.2 seconds."),
        (Limits(connect=60, whole=0.2), "{} gave no answer within 0.2 seconds."),
    ],
)
def test_a_server_that_never_shakes_hands_is_not_waited_for(receiver: Receiver, limits: Limits, because: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        tried = list(a_webhook(receiver, url=f"{address}/hook", limits=limits).deliver(letters(2)))

    assert tried == [TryLater(because=because.format(address), after=None)] * 2


def test_a_connection_that_ended_between_two_calls_does_not_matter(receiver: Receiver) -> None:
    channel = a_webhook(receiver)

    first = list(channel.deliver([a_letter(number=1)]))
    second = list(channel.deliver([a_letter(number=2)]))

    assert first == second == [Sent(note=None)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class one_answer:  # noqa: N801  used as a function
    """A server that says the same to every connection."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self._server = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        threading.Thread(target=self._serve, daemon=True).start()
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def _serve(self) -> None:
        try:
            while True:
                connection, _ = self._server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(self._said)
        except OSError:
            return

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def refusing_proxy() -> one_answer:
    return one_answer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


def answering_in_clear() -> one_answer:
    return one_answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")
