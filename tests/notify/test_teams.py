"""Teams, against a flow made up on this machine that answers as Power Automate does."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from posture.domain.delivery import Allowance, Letter, Refused, Sent, TryLater
from posture.domain.notice import Event
from posture.notify.samples import sample_letter
from posture.notify.teams import QUEUED, TeamsChannel
from posture.notify.wording import Wording

from .posting_builders import LINKS, LONG, NOW, SHORT, SIGNATURE, URL_PATH, a_letter, a_notice, letters, reach_of
from .receiver import Behaviour, Receiver, answer, drop_unanswered, drop_unread, echo, hang

OTHER_FAULT = '{"error": {"code": "InvalidRequestContent", "message": "The request content is not valid."}}'


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as receiver:
        yield receiver


def a_channel(receiver: Receiver, **changes: Any) -> TeamsChannel:
    fields: dict[str, Any] = {
        "name": "soc",
        "settings": "0",
        "url": receiver.address + URL_PATH,
        "bare_card": False,
        "wording": Wording(LINKS, None),
        "reach": reach_of(receiver),
        "now": lambda: NOW,
        "limits": LONG,
    }
    return TeamsChannel(**(fields | changes))


def error(code: str, message: str = "made up") -> str:
    return json.dumps({"error": {"code": code, "message": message}}, indent=2)


def test_a_card_is_attached_to_a_message_and_queued(receiver: Receiver) -> None:
    tried = list(a_channel(receiver).deliver([sample_letter(Event.FINDING_OPENED)]))

    assert tried == [Sent(note=QUEUED)]
    [received] = receiver.received
    assert received.path == URL_PATH
    message = json.loads(received.body)
    [attachment] = message["attachments"]
    assert message["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    assert (attachment["content"]["type"], attachment["content"]["version"]) == ("AdaptiveCard", "1.4")
    assert "Payroll" in received.body.decode()


def test_a_flow_that_wants_the_card_alone_gets_it_alone(receiver: Receiver) -> None:
    list(a_channel(receiver, bare_card=True).deliver([sample_letter(Event.FINDING_OPENED)]))

    assert json.loads(receiver.received[0].body)["type"] == "AdaptiveCard"


def test_it_keeps_to_what_a_flow_may_post(receiver: Receiver) -> None:
    assert a_channel(receiver).allowance == Allowance(messages=25, within=timedelta(minutes=5))


@pytest.mark.parametrize("bare_card", [True, False])
@pytest.mark.parametrize("name", ["x" * 10_000, "名" * 5_000, '"},{' * 2_000, "\u202e\0</at>" * 1_000], ids=len)
def test_ten_thousand_findings_with_long_names_fit_into_one_message(
    receiver: Receiver, name: str, bare_card: bool
) -> None:
    facts = {**a_notice().facts, "resource_name": name, "message": name, "evidence": {name[:500]: [name] * 3}}
    letter = a_letter(*(a_notice(number, facts=facts) for number in range(10_000)), is_digest=True)

    tried = list(a_channel(receiver, bare_card=bare_card).deliver([letter]))

    assert tried == [Sent(note=QUEUED)]
    [received] = receiver.received
    assert len(received.body) < 20_000
    assert json.loads(received.body)


def test_one_finding_with_much_evidence_fits_into_one_message(receiver: Receiver) -> None:
    facts = {
        **a_notice().facts,
        "message": "m" * 50_000,
        "evidence": {"members": ["someone@contoso.example"] * 9_000},
    }

    assert list(a_channel(receiver).deliver([a_letter(a_notice(facts=facts))])) == [Sent(note=QUEUED)]
    assert len(receiver.received[0].body) < 20_000


@pytest.mark.parametrize(
    ("text", "note"), [("1", None), ("", None), ("taken", "taken"), ('{"error": null}', '{"error": null}')]
)
def test_a_flow_that_answers_by_itself_is_believed(receiver: Receiver, text: str, note: str | None) -> None:
    receiver.answers = [answer(200, text)]

    [tried] = a_channel(receiver).deliver([a_letter()])

    assert tried == Sent(note=note and f"{receiver.address} answered 200 and said: {note}.")


def test_an_error_inside_a_success_is_that_of_a_retired_connector(receiver: Receiver) -> None:
    said = (
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 410 with ContextId"
    )
    receiver.answers = [answer(200, said)]

    first, second = a_channel(receiver).deliver(letters(2))

    assert isinstance(first, Refused)
    assert first.closes_channel
    assert "Office 365 connector" in first.because
    assert "flow" in first.because
    assert second == first
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (400, "WorkflowTriggerIsNotEnabled", "Turn it on in Power Automate."),
        (401, "DirectApiAuthorizationRequired", '"&amp;"'),
        (400, "DirectApiAuthorizationRequired", "let anyone trigger the flow"),
        (400, "TriggerInputSchemaMismatch", "bare_card"),
        (401, "AuthorizationFailed", "The signature in the URL is wrong"),
        (403, "AuthorizationFailed", "let anyone trigger the flow"),
        (404, "WorkflowNotFound", "The flow was deleted or has a new URL."),
        (410, "Gone", "Copy the URL from the flow again."),
    ],
)
def test_what_no_message_gets_past_closes_the_channel_and_says_what_to_do(
    receiver: Receiver, status: int, code: str, advice: str
) -> None:
    receiver.answers = [answer(status, error(code))]

    tried = list(a_channel(receiver).deliver(letters(3)))

    [first, *others] = tried
    assert isinstance(first, Refused)
    assert first.closes_channel
    assert advice in first.because
    assert str(status) in first.because
    assert code in first.because
    assert others == [first, first]
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("status", "text"), [(400, OTHER_FAULT), (400, ""), (413, "Request Entity too large"), (415, "")]
)
def test_a_message_that_is_refused_does_not_hold_up_the_next(receiver: Receiver, status: int, text: str) -> None:
    receiver.answers = [answer(status, text)]

    first, second = a_channel(receiver).deliver(letters(2))

    assert isinstance(first, Refused)
    assert not first.closes_channel
    assert first.because.startswith(f"{receiver.address} answered {status}")
    assert second == Sent(note=QUEUED)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_flow_is_tried_later_and_gets_no_more(receiver: Receiver, status: int) -> None:
    receiver.answers = [answer(status, error("WorkflowRunRateLimit", "busy"), Retry_After="45")]

    tried = list(a_channel(receiver).deliver(letters(3)))

    assert all(isinstance(each, TryLater) and each.after == timedelta(seconds=45) for each in tried)
    assert len(tried) == 3
    assert len(receiver.received) == 1


@pytest.mark.parametrize("behaviour", [hang, drop_unread, drop_unanswered])
def test_no_answer_is_tried_later_and_the_rest_is_not_sent(receiver: Receiver, behaviour: Behaviour) -> None:
    receiver.answers = [behaviour]

    tried = list(a_channel(receiver, limits=SHORT).deliver(letters(3)))

    assert [type(each) for each in tried] == [TryLater] * 3
    assert len(receiver.received) <= 1


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [answer(307, Location=f"{receiver.address}/elsewhere")]

    [tried] = a_channel(receiver).deliver([a_letter()])

    assert isinstance(tried, Refused)
    assert tried.closes_channel
    assert [received.path for received in receiver.received] == [URL_PATH]


def test_a_broken_template_holds_up_its_own_message_alone(receiver: Receiver, tmp_path: Path) -> None:
    own = tmp_path / "templates"
    (own / "teams").mkdir(parents=True)
    (own / "teams" / "plan_waiting.card.j2").write_text("{{ no.such.thing }}", encoding="utf-8")

    channel = a_channel(receiver, wording=Wording(LINKS, own))
    first, second = channel.deliver([sample_letter(Event.PLAN_WAITING), sample_letter(Event.PLAN_DONE)])

    assert isinstance(first, TryLater)
    assert first.spares_channel
    assert "plan_waiting.card.j2" in first.because
    assert second == Sent(note=QUEUED)


def test_a_template_whose_least_is_too_long_holds_up_its_own_message_alone(
    receiver: Receiver, tmp_path: Path
) -> None:
    own = tmp_path / "templates"
    (own / "teams").mkdir(parents=True)
    blocks = json.dumps([{"type": "TextBlock", "text": f"line {number}"} for number in range(1_000)])
    card = f'{{"type": "AdaptiveCard", "version": "1.4", "body": {blocks}, "actions": []}}'
    (own / "teams" / "plan_waiting.card.j2").write_text(card, encoding="utf-8")

    channel = a_channel(receiver, wording=Wording(LINKS, own))
    first, second = channel.deliver([sample_letter(Event.PLAN_WAITING), sample_letter(Event.PLAN_DONE)])

    assert isinstance(first, TryLater)
    assert first.spares_channel
    assert second == Sent(note=QUEUED)


@pytest.mark.parametrize("status", [200, 202, 302, 400, 401, 404, 413, 429, 503])
def test_the_address_is_told_to_nobody_even_if_the_flow_repeats_it(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpcore")
    receiver.answers = [echo(status)]
    channel = a_channel(receiver)

    told = f"{list(channel.deliver([a_letter()]))} {channel!r} {caplog.text}"

    assert receiver.received
    assert SIGNATURE not in told
    assert "s1gnature" not in told
    assert "0f1e2d3c4b5a" not in told


@pytest.mark.parametrize("event", [*Event, None])
def test_every_event_makes_a_message(receiver: Receiver, event: Event | None) -> None:
    letter: Letter = replace(sample_letter(event), is_digest=event is None)

    body = a_channel(receiver).message(letter)

    assert len(body) < 20_000
    assert json.loads(body)["attachments"][0]["content"]["body"]
