"""Neither the address of a webhook nor its secret is told to anybody, whatever a server makes of them."""

from __future__ import annotations

import html
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from posture.domain.delivery import Refused, Sent, TryLater
from posture.notify.masking import Mask

from .posting_builders import LONG, SECRET, SHORT, SIGNATURE, URL_PATH, a_letter, a_webhook, letters, reach_of
from .receiver import Behaviour, Handler, Receiver, answer, answer_with, drop_unanswered, echo, hang

FLOW = "0f1e2d3c4b5a"
TELLING = (SIGNATURE, quote(SIGNATURE, safe=""), SECRET, FLOW, "s1gnature", "shared-secret")


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as receiver:
        yield receiver


@pytest.mark.parametrize(
    "behaviour",
    [
        *(echo(status) for status in (202, 302, 400, 401, 404, 413, 429, 500)),
        answer(302, Location=f"https://other.example.com{URL_PATH}"),
        hang,
        drop_unanswered,
    ],
)
def test_what_a_server_repeats_of_address_and_secret_is_in_no_note_and_no_log(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, behaviour: Behaviour
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpcore")
    caplog.set_level(logging.DEBUG, logger="httpx")
    receiver.answers = [behaviour]
    channel = a_webhook(receiver, limits=SHORT if behaviour is hang else LONG)

    told = f"{list(channel.deliver(letters(2)))} {channel!r} {caplog.text}"

    assert receiver.received or behaviour is hang
    assert [secret for secret in TELLING if secret in told] == []


@pytest.mark.parametrize(
    "written",
    [
        html.escape,
        lambda text: html.escape(html.escape(text))[:0] + json.dumps(text),
        lambda text: json.dumps(text).replace("/", "\\/"),
        lambda text: json.dumps(text).replace("&", "\\u0026").replace("+", "\\u002b"),
        lambda text: quote(text, safe=""),
        quote_plus,
        str.upper,
        lambda text: text.replace("%2F", "%2f").replace("%2B", "%2b"),
        lambda text: f"'{text}'",
    ],
)
def test_a_secret_is_found_however_it_is_escaped(receiver: Receiver, written: Callable[[str], str]) -> None:
    url = receiver.address + URL_PATH
    texts = [url, URL_PATH, SIGNATURE, URL_PATH.rpartition("sig=")[2], SECRET, f"/workflows/{FLOW}"]
    mask = Mask(url, SECRET)

    hidden = mask.hide(" ".join(written(text) for text in texts))

    assert "***" in hidden
    assert [secret for secret in TELLING if secret.lower() in hidden.lower()] == []
    assert quote_plus(SECRET).lower() not in hidden.lower()


def test_a_text_in_another_encoding_hides_no_secret(receiver: Receiver) -> None:
    receiver.answers = [answer(400, SIGNATURE.encode("utf-16-le"))]

    [tried] = a_webhook(receiver).deliver([a_letter()])

    assert isinstance(tried, Refused)
    assert SIGNATURE not in tried.because.replace("\\x00", "")


def test_what_is_said_around_a_secret_stays(receiver: Receiver) -> None:
    def behave(handler: Handler) -> None:
        received = handler.take()
        answer_with(handler, 400, f"The flow at {received.path} is busy.", {})

    receiver.answers = [behave]

    [tried] = a_webhook(receiver).deliver([a_letter()])

    because = f"{receiver.address} answered 400 and said: The flow at *** is busy.."
    assert tried == Refused(because=because, closes_channel=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/" + SIGNATURE,
        "ftp://hooks.example.com/" + SIGNATURE,
        "https:///" + SIGNATURE,
        "hooks.example.com/" + SIGNATURE,
        f"https://who:{SIGNATURE}@hooks.example.com/",
        f"https://hooks.example.com:99999/{SIGNATURE}",
        f"https://[{SIGNATURE}",
        f"https://hooks.example.com/\r\nX-Evil: {SIGNATURE}",
        f"https://hooks.example.com/\0{SIGNATURE}",
        "",
    ],
)
def test_an_address_that_cannot_be_used_closes_the_channel_without_being_quoted(receiver: Receiver, url: str) -> None:
    channel = a_webhook(receiver, url=url)

    first, second = channel.deliver(letters(2))

    assert isinstance(first, Refused)
    assert first.closes_channel
    assert first.because.startswith("The URL of the channel cannot be used.")
    assert "s1gnature" not in f"{first} {channel!r}"
    assert second == first
    assert receiver.received == []


def test_an_exception_holds_no_address(receiver: Receiver) -> None:
    def broken() -> None:
        raise RuntimeError("a bug")

    channel = a_webhook(receiver, now=broken)

    with pytest.raises(RuntimeError, match="a bug") as caught:
        list(channel.deliver([a_letter()]))

    told = "".join(traceback.format_exception(caught.value))
    assert [secret for secret in TELLING if secret in told] == []


def test_the_library_logs_for_others_as_before(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    list(a_webhook(receiver).deliver([a_letter()]))
    caplog.set_level(logging.DEBUG, logger="httpcore")

    logging.getLogger("httpcore.http11").debug("of somebody else")

    assert "of somebody else" in caplog.text


def test_letters_are_not_sent_in_clear_to_another_machine(receiver: Receiver) -> None:
    [tried] = a_webhook(receiver, url="http://192.0.2.1/hook").deliver([a_letter()])

    assert tried == Refused(
        because="The URL of the channel cannot be used. It is not an https URL.", closes_channel=True
    )


def test_success_and_trouble_tell_the_host_alone(receiver: Receiver) -> None:
    receiver.answers = [answer(202), answer(503)]

    tried = list(a_webhook(receiver, reach=reach_of(receiver)).deliver(letters(2)))

    assert tried == [Sent(note=None), TryLater(because=f"{receiver.address} answered 503.", after=None)]
