"""Channels on the page: how they are, what arrived, trying again, sending a test."""

from __future__ import annotations

from posture.domain.operator import Role
from tests.web.service_pages.reception import Reception, rows_of, text_of


def test_a_closed_channel_says_why(reception: Reception) -> None:
    page = text_of(reception.admin().get("/channels"))

    assert "siem" in page
    assert "closed" in page


def test_a_test_leads_to_its_job_which_tells_how_it_went(reception: Reception) -> None:
    client = reception.admin()

    answer = client.post("/channels/test", data={"channel": "siem"})
    page = text_of(client.get(answer.headers["location"]))

    assert answer.status_code == 303
    assert "Test of the channel siem" in page


def test_a_channel_that_is_not_in_the_settings_is_not_there(reception: Reception) -> None:
    assert reception.admin().post("/channels/test", data={"channel": "nobody-has-it"}).status_code == 404


def test_a_message_can_be_tried_again(reception: Reception) -> None:
    client = reception.admin()

    answer = client.post("/channels/retry", data={"delivery": reception.delivery.id})

    assert answer.status_code == 303
    assert "It is tried again within a minute." in text_of(client.get(answer.headers["location"]))


def test_a_message_that_is_not_on_record_cannot(reception: Reception) -> None:
    client = reception.admin()

    assert client.post("/channels/retry", data={"delivery": "0" * 64}).status_code == 404
    assert client.post("/channels/retry", data={}).status_code == 404


def test_who_is_limited_sees_no_channels_because_messages_tell_of_all_tenants(reception: Reception) -> None:
    client = reception.signed_in(Role.ADMIN, ["contoso"])

    assert client.get("/channels").status_code == 403
    assert client.get("/messages.csv").status_code == 403
    assert client.post("/channels/test", data={"channel": "siem"}).status_code == 403


def test_a_viewer_looks_and_changes_nothing(reception: Reception) -> None:
    client = reception.signed_in(Role.VIEWER)

    assert "Send a test" not in text_of(client.get("/channels"))
    assert client.post("/channels/test", data={"channel": "siem"}).status_code == 403
    assert client.post("/channels/retry", data={"delivery": reception.delivery.id}).status_code == 403


def test_channels_and_messages_are_files(reception: Reception) -> None:
    client = reception.admin()

    assert [row["channel"] for row in rows_of(client, "/channels")] == ["siem"]
    assert [row["id"] for row in rows_of(client, "/messages")] == [reception.delivery.id]
