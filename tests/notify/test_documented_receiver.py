"""The receiver that docs/how-to/receive-a-webhook.md shows, fed by the channel itself."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from posture.domain.delivery import Refused, Sent, Tried
from posture.notify.posting import Reach
from posture.notify.webhook import WebhookChannel, signature
from posture.report.notice_schema import notice_schema

from .posting_builders import LINKS, SECRET, a_letter, a_notice

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "receive-a-webhook.md"


def shown(language: str) -> str:
    [block] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The example as a module, which writes down what it takes."""
    monkeypatch.setenv("POSTURE_WEBHOOK_SECRET", SECRET)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(shown("python"), str(PAGE), "exec"), names)  # noqa: S102  what we tell others to run
    names["taken"] = []
    names["take"] = names["taken"].append
    names["Receiver"].log_message = lambda *_: None
    return SimpleNamespace(**names)


@pytest.fixture
def port(example: SimpleNamespace) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), example.Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def told(port: int, *, secret: str = SECRET, ago: timedelta = timedelta(0)) -> Tried:
    channel = WebhookChannel(
        name="siem",
        settings="0",
        url=f"http://127.0.0.1:{port}/hook",
        secret=secret,
        links=LINKS,
        reach=Reach(trust=no_tls, proxy=no_proxy),
        now=lambda: datetime.now(UTC) - ago,
    )
    [tried] = channel.deliver([a_letter(a_notice(1), a_notice(2))])
    return tried


def no_proxy(host: str) -> None:
    return None


def no_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def test_what_posture_sends_is_taken(example: SimpleNamespace, port: int) -> None:
    assert told(port) == Sent(note=None)
    assert [notice["id"] for notice in example.taken] == [a_notice(1).id, a_notice(2).id]


def test_the_same_message_again_is_answered_and_not_taken_twice(example: SimpleNamespace, port: int) -> None:
    assert [told(port), told(port)] == [Sent(note=None)] * 2
    assert len(example.taken) == 2


@pytest.mark.parametrize("ago", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_message_of_another_time_is_refused(example: SimpleNamespace, port: int, ago: timedelta) -> None:
    tried = told(port, ago=ago)

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert example.taken == []


def test_a_message_signed_with_another_secret_is_refused(example: SimpleNamespace, port: int) -> None:
    tried = told(port, secret=SECRET + "x")

    assert isinstance(tried, Refused)
    assert "same secret" in tried.because
    assert example.taken == []


@pytest.mark.parametrize(
    "changed",
    [
        {"body": b'{"notices": [1]}'},
        {"Posture-Signature": ""},
        {"Posture-Signature": "v1=é"},
        {"Posture-Timestamp": "now"},
        {"Posture-Timestamp": "²"},
        {"Posture-Timestamp": "0"},
    ],
)
def test_whatever_was_changed_on_the_way_is_refused(
    example: SimpleNamespace, port: int, changed: dict[str, Any]
) -> None:
    now = int(datetime.now(UTC).timestamp())
    body = b'{"notices": []}'
    headers = {"Posture-Timestamp": str(now), "Posture-Signature": signature(SECRET, timestamp=now, body=body)}

    assert posted(port, body, headers) == 204
    assert posted(port, changed.pop("body", body), headers | changed) == 401
    assert example.taken == []


def test_a_body_without_end_is_not_read(example: SimpleNamespace, port: int) -> None:
    assert posted(port, b"", {"Content-Length": "99999999999"}) == 413


def test_the_message_that_is_shown_fits_the_schema() -> None:
    jsonschema.validate(json.loads(shown("json")), notice_schema(), format_checker=jsonschema.FormatChecker())


def posted(port: int, body: bytes, headers: dict[str, str]) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/hook", body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
