"""The webhook, against a receiver over TLS on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from posture.domain.delivery import Refused, Sent, TryLater
from posture.domain.notice import Event
from posture.notify.links import Links
from posture.notify.notice_json import LONGEST_PART, parts_of
from posture.notify.posting import Limits
from posture.notify.samples import sample_letter
from posture.report.notice_schema import notice_schema

from .posting_builders import LINKS, NOW, SECRET, SHORT, URL_PATH, a_letter, a_notice, a_webhook, letters
from .receiver import Behaviour, Receiver, answer, answer_first, drip, drop_unanswered, drop_unread, hang


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as receiver:
        yield receiver


def test_a_letter_is_posted_as_json_of_the_documented_schema(receiver: Receiver) -> None:
    tried = list(a_webhook(receiver).deliver([a_letter()]))

    assert tried == [Sent(note=None)]
    [received] = receiver.received
    document = json.loads(received.body)
    jsonschema.validate(document, notice_schema(), format_checker=jsonschema.FormatChecker())
    assert document["id"] == received.headers["posture-id"] == a_letter().id
    assert document["notices"][0]["facts"]["resource_name"] == "Payroll 0"
    assert document["notices"][0]["link"] == f"https://posture.example.com/findings/{a_notice().about}"
    assert received.headers["user-agent"].startswith("posture/")
    assert received.headers["content-type"] == "application/json"


def test_the_address_is_used_to_the_letter_escapes_included(receiver: Receiver) -> None:
    list(a_webhook(receiver).deliver([a_letter()]))

    assert receiver.received[0].path == URL_PATH


def test_the_signature_is_that_of_timestamp_and_body(receiver: Receiver) -> None:
    list(a_webhook(receiver).deliver([a_letter()]))

    [received] = receiver.received
    timestamp = received.headers["posture-timestamp"]
    signed = timestamp.encode() + b"." + received.body
    assert timestamp == str(int(NOW.timestamp()))
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert received.headers["posture-signature"] == f"v1={expected}"


def test_the_time_of_a_message_is_that_of_posting_it(receiver: Receiver) -> None:
    times = iter(NOW + timedelta(minutes=minute) for minute in range(10))

    list(a_webhook(receiver, now=lambda: next(times)).deliver(letters(2)))

    first, second = (int(received.headers["posture-timestamp"]) for received in receiver.received)
    assert second > first


def test_many_letters_go_over_one_connection(receiver: Receiver) -> None:
    tried = list(a_webhook(receiver).deliver(letters(20)))

    assert tried == [Sent(note=None)] * 20
    assert [received.headers["posture-id"] for received in receiver.received] == [each.id for each in letters(20)]
    assert receiver.connections == 1


def test_a_caller_may_stop_early(receiver: Receiver) -> None:
    delivering = a_webhook(receiver).deliver(letters(3))

    assert next(delivering) == Sent(note=None)
    delivering.close()  # type: ignore[attr-defined]

    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_success_is_one(receiver: Receiver, status: int) -> None:
    receiver.answers = [answer(status)]

    assert list(a_webhook(receiver).deliver([a_letter()])) == [Sent(note=None)]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_receiver_that_takes_nothing_from_us_closes_the_channel_and_gets_no_more(
    receiver: Receiver, status: int
) -> None:
    receiver.answers = [answer(status, "no\n  such\thook\x1b[31m")]

    tried = list(a_webhook(receiver).deliver(letters(3)))

    [first, *others] = tried
    assert isinstance(first, Refused)
    assert first.closes_channel
    assert f"{receiver.address} answered {status} and said: no such hook\\x1b[31m." in first.because
    assert others == [first, first]
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [400, 405, 409, 413, 415, 422])
def test_a_message_that_is_refused_does_not_hold_up_the_next(receiver: Receiver, status: int) -> None:
    receiver.answers = [answer(status, "too much")]

    first, second = a_webhook(receiver).deliver(letters(2))

    assert first == Refused(because=f"{receiver.address} answered {status} and said: too much.", closes_channel=False)
    assert second == Sent(note=None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [answer(status, Location=f"{receiver.address}/elsewhere")]

    [tried] = a_webhook(receiver).deliver([a_letter()])

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert "redirect" in tried.because
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ({"Retry_After": "120"}, timedelta(seconds=120)),
        ({"Retry_After": "Mon, 02 Mar 2026 08:05:00 GMT"}, timedelta(minutes=5)),
        ({"Retry_After": "Mon, 02 Mar 2026 07:00:00 GMT"}, timedelta(0)),
        ({"Retry_After": "99999999999999999999999"}, timedelta(hours=6)),
        ({"Retry_After": "Mon, 02 Mar 9999 07:00:00 GMT"}, timedelta(hours=6)),
        ({"Retry_After": "-5"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "Mon, 99 Mar 2026 07:00:00 GMT"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_receiver_is_left_alone_as_long_as_it_wants_within_reason(
    receiver: Receiver, status: int, header: dict[str, str], after: timedelta | None
) -> None:
    receiver.answers = [answer(status, "busy", **header)]

    tried = list(a_webhook(receiver).deliver(letters(2)))

    assert tried == [TryLater(because=f"{receiver.address} answered {status} and said: busy.", after=after)] * 2
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [408, 425, 500, 502, 504])
def test_trouble_of_the_server_is_tried_later_and_the_rest_is_not_sent(receiver: Receiver, status: int) -> None:
    receiver.answers = [answer(status)]

    tried = list(a_webhook(receiver).deliver(letters(3)))

    assert tried == [TryLater(because=f"{receiver.address} answered {status}.", after=None)] * 3
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "behaviour",
    [hang, drip(b""), drip(b"HTTP/1.1 202 Accepted\r\nX-Drip: ")],
    ids=["says nothing", "drips from the start", "drips a header"],
)
def test_a_server_that_does_not_finish_is_not_waited_for(receiver: Receiver, behaviour: Behaviour) -> None:
    receiver.answers = [behaviour]

    tried = list(a_webhook(receiver, limits=SHORT).deliver(letters(2)))

    assert tried == [TryLater(because=f"{receiver.address} gave no answer within 1 seconds.", after=None)] * 2
    assert len(receiver.received) <= 1


def test_a_text_that_drips_on_does_not_make_a_taken_message_a_lost_one(receiver: Receiver) -> None:
    receiver.answers = [drip(b"HTTP/1.1 202 Accepted\r\nContent-Length: 5000\r\n\r\n")]

    assert list(a_webhook(receiver, limits=Limits(connect=30, whole=4)).deliver([a_letter()])) == [Sent(note=None)]


def test_no_more_of_an_answer_is_read_than_is_shown_from(receiver: Receiver) -> None:
    receiver.answers = [answer(400, b"\n" * 10_000_000 + b"end")]

    [tried] = a_webhook(receiver).deliver([a_letter()])

    assert tried == Refused(because=f"{receiver.address} answered 400.", closes_channel=False)


def test_a_long_answer_is_cut(receiver: Receiver) -> None:
    receiver.answers = [answer(400, "so much to say " * 1_000)]

    [tried] = a_webhook(receiver).deliver([a_letter()])

    assert isinstance(tried, Refused)
    assert tried.because.endswith("….")
    assert len(tried.because) < 300


@pytest.mark.parametrize("behaviour", [drop_unread, drop_unanswered])
def test_a_connection_that_drops_is_tried_later(receiver: Receiver, behaviour: Behaviour) -> None:
    receiver.answers = [behaviour]

    tried = list(a_webhook(receiver).deliver(letters(2)))

    because = f"{receiver.address} ended the connection before it had answered."
    assert tried == [TryLater(because=because, after=None)] * 2


def test_a_connection_that_drops_in_the_text_of_an_answer_changes_nothing(receiver: Receiver) -> None:
    def half(handler: object) -> None:
        handler.take()  # type: ignore[attr-defined]
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")  # type: ignore[attr-defined]
        handler.hang_up()  # type: ignore[attr-defined]

    receiver.answers = [half]

    assert list(a_webhook(receiver).deliver([a_letter()])) == [Sent(note=None)]


def test_a_refusal_is_heard_that_comes_before_the_message_is_read(receiver: Receiver) -> None:
    letter = a_letter(*(a_notice(number) for number in range(1_000)), is_digest=True)
    receiver.answers = [answer_first(413)]

    [tried] = a_webhook(receiver).deliver([letter])

    assert tried == Refused(because=f"{receiver.address} answered 413.", closes_channel=False)


def test_a_long_digest_goes_out_in_parts_that_can_be_told_apart(receiver: Receiver) -> None:
    letter = a_letter(*(a_notice(number) for number in range(10_000)), is_digest=True)
    channel = a_webhook(receiver)

    tried = list(channel.deliver([letter]))

    assert tried == [Sent(note=None)]
    documents = [json.loads(received.body) for received in receiver.received]
    assert len(documents) > 1
    assert all(len(received.body) <= LONGEST_PART for received in receiver.received)
    assert [document["part"] for document in documents] == list(range(1, len(documents) + 1))
    assert {document["parts"] for document in documents} == {len(documents)}
    told = [notice["id"] for document in documents for notice in document["notices"]]
    assert told == [notice.id for notice in letter.notices]
    ids = [received.headers["posture-id"] for received in receiver.received]
    assert len(set(ids)) == len(ids)
    assert all(id.startswith(f"{letter.id}-") for id in ids)


def test_after_trouble_in_the_middle_all_parts_go_out_again_with_the_same_ids(receiver: Receiver) -> None:
    letter = a_letter(*(a_notice(number) for number in range(5_000)), is_digest=True)
    receiver.answers = [answer(202), answer(503)]
    channel = a_webhook(receiver)

    [first] = channel.deliver([letter])
    [second] = channel.deliver([letter])

    assert isinstance(first, TryLater)
    assert second == Sent(note=None)
    ids = [received.headers["posture-id"] for received in receiver.received]
    assert ids[:2] == ids[2:4]


def test_facts_beyond_measure_are_shortened_and_it_is_said(receiver: Receiver) -> None:
    facts = {**a_notice().facts, "message": "m" * 2_000_000, "evidence": {"members": ["someone"] * 200_000}}
    letter = a_letter(a_notice(1, facts=facts), a_notice(2))

    assert list(a_webhook(receiver).deliver([letter])) == [Sent(note=None)]

    [received] = receiver.received
    shortened, whole = json.loads(received.body)["notices"]
    assert shortened["facts_shortened"] is True
    assert shortened["facts"]["message"] == "m" * 999 + "…"
    assert "evidence" not in shortened["facts"]
    assert whole["facts_shortened"] is False
    jsonschema.validate(json.loads(received.body), notice_schema())


@pytest.mark.parametrize(
    "name", ['"},{"id":"x', "\u202egnp.exe", "<script>", "\0", "a\r\nPosture-Signature: v1=0", "{{ 7*7 }}", "名前"]
)
def test_a_hostile_name_arrives_as_it_is_and_nowhere_else(receiver: Receiver, name: str) -> None:
    facts = {**a_notice().facts, "resource_name": name, "message": name, "evidence": {name: [name]}}

    list(a_webhook(receiver).deliver([a_letter(a_notice(facts=facts))]))

    [received] = receiver.received
    document = json.loads(received.body)
    jsonschema.validate(document, notice_schema())
    assert document["notices"][0]["facts"] == facts
    assert "posture-signature" in received.headers
    assert received.headers["posture-signature"] != "v1=0"


def test_half_a_character_does_not_stop_the_message(receiver: Receiver) -> None:
    letter = a_letter(a_notice(facts={**a_notice().facts, "resource_name": "half \ud83d"}))

    assert list(a_webhook(receiver).deliver([letter])) == [Sent(note=None)]

    assert json.loads(receiver.received[0].body)["notices"][0]["facts"]["resource_name"] == "half ?"


@pytest.mark.parametrize("event", [*Event, None])
def test_every_event_fits_the_schema(event: Event | None) -> None:
    [part] = parts_of(sample_letter(event), LINKS)

    document = json.loads(part.body)
    jsonschema.validate(document, notice_schema(), format_checker=jsonschema.FormatChecker())
    assert document["is_sample"] is True
    assert all(notice["link"].startswith("https://posture.example.com/") for notice in document["notices"])


def test_a_notice_about_no_tenant_and_no_check_fits_the_schema() -> None:
    nothing: dict[str, Any] = {
        "tenant_id": None,
        "tenant_name": None,
        "check": None,
        "resource_type": None,
        "facts": {},
    }

    [part] = parts_of(a_letter(a_notice(event=Event.CHANNEL_FAILED, **nothing)), LINKS)

    document = json.loads(part.body)
    jsonschema.validate(document, notice_schema(), format_checker=jsonschema.FormatChecker())
    assert document["is_sample"] is False
    assert document["notices"][0]["title"] is None
    assert document["notices"][0]["link"] == "https://posture.example.com/"


def test_the_title_of_a_check_is_told_where_the_facts_have_none() -> None:
    letter = sample_letter(Event.FINDING_OPENED)
    [notice] = letter.notices
    untitled = replace(notice, facts={name: value for name, value in notice.facts.items() if name != "title"})

    [part] = parts_of(replace(letter, notices=(untitled,)), LINKS)

    assert json.loads(part.body)["notices"][0]["title"] == notice.facts["title"]


def test_without_a_page_of_our_own_there_is_no_link() -> None:
    [part] = parts_of(a_letter(), Links(page=None, reference_hosts=frozenset()))

    assert json.loads(part.body)["notices"][0]["link"] is None
