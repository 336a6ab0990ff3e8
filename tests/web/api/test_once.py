"""Writes with an Idempotency-Key: carried out once, answered alike."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest

from posture.domain.operator import Role
from posture.errors import ActionRefused, StoreError
from posture.web.safety.limits import TooMany
from tests.web.api.clocks import MovedClock
from tests.web.api.made_up_api import MadeUpApi
from tests.web.office import Office

NOTE = {"note": "because"}


def key(text: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": text}


def test_a_repeat_is_answered_alike_and_not_carried_out(made_up: MadeUpApi) -> None:
    client = made_up.client()

    first, again = (client.post("/made-up", json=NOTE, headers=key()) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotency-repeated"), again.headers["idempotency-repeated"]) == (None, "true")
    assert made_up.asked == ["because"]


def test_without_a_key_each_request_is_carried_out(made_up: MadeUpApi) -> None:
    client = made_up.client()

    numbers = [client.post("/made-up", json=NOTE).json()["number"] for _ in range(2)]

    assert numbers == [1, 2]


def test_the_same_key_of_another_operator_is_another_key(made_up: MadeUpApi) -> None:
    scripts = [made_up.client() for _ in range(2)]

    answers = [script.post("/made-up", json=NOTE, headers=key()).json() for script in scripts]

    assert [each["number"] for each in answers] == [1, 2]
    assert answers[0]["by"] != answers[1]["by"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/made-up", {"note": "something else"}),
        ("/made-up", {"note": "because", "times": 1}),
        ("/made-up?a=1", NOTE),
        ("/made-up/secret", NOTE),
    ],
)
def test_another_request_with_the_same_key_is_refused(made_up: MadeUpApi, path: str, body: dict[str, object]) -> None:
    client = made_up.client()
    client.post("/made-up", json=NOTE, headers=key())

    other = client.post(path, json=body, headers=key())

    assert (other.status_code, other.json()["type"]) == (422, "urn:posture:problem:key-reused")
    assert made_up.asked == ["because"]


def test_of_two_that_race_one_is_carried_out_and_the_other_told_to_come_again(made_up: MadeUpApi) -> None:
    token = made_up.new_token()
    made_up.gate.clear()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(lambda: made_up.client(token).post("/made-up", json=NOTE, headers=key()))
        assert made_up.is_inside.wait(timeout=20)
        meanwhile = made_up.client(token).post("/made-up", json=NOTE, headers=key())
        made_up.gate.set()
        answered = first.result(timeout=20)
    afterwards = made_up.client(token).post("/made-up", json=NOTE, headers=key())

    assert (meanwhile.status_code, meanwhile.json()["type"]) == (409, "urn:posture:problem:in-progress")
    assert int(meanwhile.headers["retry-after"]) >= 1
    assert (answered.status_code, afterwards.content) == (201, answered.content)
    assert made_up.asked == ["because"]


def test_of_many_that_race_exactly_one_is_carried_out(made_up: MadeUpApi) -> None:
    token = made_up.new_token()

    with ThreadPoolExecutor(6) as threads:
        answers = list(
            threads.map(lambda _: made_up.client(token).post("/made-up", json=NOTE, headers=key()), range(6))
        )

    assert made_up.asked == ["because"]
    assert {each.status_code for each in answers} <= {201, 409}
    assert len({each.content for each in answers if each.status_code == 201}) == 1


def test_a_refusal_is_kept_too(made_up: MadeUpApi) -> None:
    client = made_up.client()
    made_up.failure = ActionRefused("the gate is closed")
    first = client.post("/made-up", json=NOTE, headers=key())
    made_up.failure = None

    again = client.post("/made-up", json=NOTE, headers=key())

    assert (first.status_code, again.status_code) == (409, 409)
    assert again.json() == first.json()
    assert again.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("failure", [StoreError("the disk is full"), TooMany("too many", seconds=3)])
def test_what_was_refused_for_a_reason_that_passes_may_be_tried_again(made_up: MadeUpApi, failure: Exception) -> None:
    client = made_up.client()
    made_up.failure = failure
    first = client.post("/made-up", json=NOTE, headers=key())
    made_up.failure = None

    again = client.post("/made-up", json=NOTE, headers=key())

    assert first.status_code in (429, 503)
    assert again.status_code == 201


def test_what_broke_off_is_never_carried_out_again(office: Office) -> None:
    """Nobody knows what the first one did before it broke."""
    made_up = MadeUpApi(office)
    clock = office.application.clock = MovedClock()
    client = made_up.client()
    made_up.failure = RuntimeError("a bug")
    with pytest.raises(RuntimeError):
        client.post("/made-up", json=NOTE, headers=key())
    made_up.failure = None

    at_once = client.post("/made-up", json=NOTE, headers=key())
    clock.forward(timedelta(minutes=3))
    later = client.post("/made-up", json=NOTE, headers=key())

    assert at_once.json()["type"] == "urn:posture:problem:in-progress"
    assert (later.status_code, later.json()["type"]) == (409, "urn:posture:problem:outcome-unknown")
    assert "retry-after" not in later.headers
    assert made_up.asked == ["because"]


def test_after_a_day_the_key_is_a_new_one(office: Office) -> None:
    made_up = MadeUpApi(office)
    clock = office.application.clock = MovedClock()
    admin, _ = office.operator()
    _, token = office.application.acting.add_operator(
        "script", Role.ADMIN, account=None, lasts=timedelta(days=9), by=admin
    )
    client = made_up.client(token)
    numbers = [client.post("/made-up", json=NOTE, headers=key()).json()["number"]]

    for passed in (timedelta(hours=23), timedelta(hours=1)):
        clock.forward(passed)
        numbers.append(client.post("/made-up", json=NOTE, headers=key()).json()["number"])

    assert numbers == [1, 1, 2]


@pytest.mark.parametrize("text", ["", "x" * 201, "tab\there", "ünïcode"])
def test_a_key_that_is_none_is_refused(made_up: MadeUpApi, text: str) -> None:
    client = made_up.client()

    answer = client.post("/made-up", json=NOTE, headers={b"Idempotency-Key": text.encode("latin-1")})  # type: ignore[dict-item]

    assert answer.status_code == 422
    assert made_up.asked == []


def test_two_keys_are_refused(made_up: MadeUpApi) -> None:
    client = made_up.client()

    answer = client.post("/made-up", json=NOTE, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])  # type: ignore[arg-type]

    assert answer.status_code == 422
    assert made_up.asked == []


def test_a_secret_is_in_the_first_answer_alone_and_never_in_the_database(made_up: MadeUpApi) -> None:
    client = made_up.client()

    first, again = (client.post("/made-up/secret", headers=key()) for _ in range(2))

    assert first.json() == {"secret": "not to be kept"}
    assert (again.status_code, again.json()) == (201, {"secret": None})
    assert made_up.asked == ["secret"]
    with closing(sqlite3.connect(made_up.office.application.settings.data_dir / "posture.db")) as database:
        assert "not to be kept" not in "\n".join(database.iterdump())
