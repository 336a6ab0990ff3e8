"""How often somebody may try."""

from __future__ import annotations

import pytest

from posture.web.safety.limits import Limits, TooMany, neighbourhood
from tests.web.made_up_pages import MadeUpPages
from tests.web.office import URL, Client, Office


def fail(client: Client, token: str) -> int:
    return client.post("/sign-in", data={"token": token}, headers={"origin": URL}).status_code


def test_guessing_tokens_from_one_address_ends_soon(office: Office, web_client: Client) -> None:
    _, good = office.operator()

    tries = [fail(web_client, f"posture_guess_{number}") for number in range(12)]

    assert tries == [403] * 10 + [429] * 2
    answer = web_client.post("/sign-in", data={"token": good}, headers={"origin": URL})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert "Too many tries" in answer.text


def test_guessing_the_end_of_one_token_ends_sooner_from_wherever_it_is_tried() -> None:
    limits = Limits()
    for number in range(5):
        address = f"192.0.2.{number}"
        limits.refuse_tired(address=address, token=f"posture_abcdefghij{number}")
        limits.sign_in_failed(address=address, token=f"posture_abcdefghij{number}")

    with pytest.raises(TooMany):
        limits.refuse_tired(address="192.0.2.99", token="posture_abcdefghij99")
    limits.refuse_tired(address="192.0.2.99", token="posture_another-one")


def test_who_signs_in_with_a_good_token_may_do_so_often(office: Office) -> None:
    _, token = office.operator()
    client = office.client()

    assert [fail(client, token) for _ in range(20)] == [303] * 20


def test_guessing_bearer_tokens_ends_as_soon(office: Office, web_client: Client) -> None:
    statuses = [
        web_client.get("/api/v1/me", headers={"authorization": f"Bearer posture_guess_{number}"}).status_code
        for number in range(11)
    ]

    assert statuses == [401] * 10 + [429]


def test_one_operator_changes_so_much_a_minute_and_holds_up_nobody_else(office: Office, pages: MadeUpPages) -> None:
    eager, other = office.signed_in(), office.signed_in(name="other")

    statuses = [eager.post("/made-up", data={"note": "n"}).status_code for _ in range(122)]

    assert statuses == [200] * 120 + [429] * 2
    assert eager.get("/made-up").status_code == 200
    assert other.post("/made-up", data={"note": "n"}).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "testclient", True),
    ],
)
def test_a_subscriber_is_one_address_however_many_they_have(one: str, other: str, same: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) is same
