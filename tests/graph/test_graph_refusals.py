"""Permission, licence, cloud and fault told apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from posture.domain.outcome import Outcome
from posture.domain.tenant import Cloud, Licence
from posture.graph.answers import Answer, NoAnswer
from posture.graph.failures import Remedy, Trouble, trouble_with
from posture.graph.refusals import Ending, ending_of, ending_without_asking, is_absent
from posture.tables.table import ALL_CLOUDS, WithoutLicence

from .conftest import facts, source_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
P2_ONLY = frozenset({Licence.P1, Licence.P2})


def answer(status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None) -> Answer:
    body = json.dumps({"error": {"code": code, "message": message, "innerError": {"request-id": "r"}}}).encode()
    return Answer(status=status, headers=headers or {}, body=body, generation=1, requests=1)


def trouble(status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None) -> Trouble:
    found = trouble_with(answer(status, code, message, headers), now=NOW)
    assert found is not None
    return found


def ending(status: int, code: str = "", message: str = "", cloud: Cloud = Cloud.PUBLIC, **changes: Any) -> Ending:
    about = {name: changes.pop(name) for name in ("licences", "granted") if name in changes}
    return ending_of(
        trouble(status, code, message), source=source_of("users", **changes), facts=facts(**about), cloud=cloud
    )


def test_a_missing_permission_is_named() -> None:
    end = ending(403, "Authorization_RequestDenied", permissions=("User.Read.All",), granted=frozenset())
    assert end.outcome is Outcome.FORBIDDEN
    assert end.missing == "User.Read.All"
    assert "User.Read.All is not granted" in (end.reason or "")


def test_a_wider_permission_counts_as_granted() -> None:
    end = ending(
        403,
        permissions=("User.Read.All", "AuditLog.Read.All"),
        covered_by={"User.Read.All": frozenset({"Directory.Read.All"})},
        granted=frozenset({"Directory.Read.All"}),
    )
    assert end.missing == "AuditLog.Read.All"


def test_a_refusal_with_all_permissions_granted_says_so() -> None:
    end = ending(403, "Authorization_RequestDenied")
    assert end.outcome is Outcome.FORBIDDEN
    assert "although" in (end.reason or "")


def test_where_permission_and_licence_are_both_possible_both_are_said() -> None:
    end = ending(403, "AccessDenied", licence=Licence.P1, licences=None, granted=None)
    assert end.outcome is Outcome.FORBIDDEN
    assert "Directory.Read.All" in (end.reason or "")
    assert "Entra ID P1" in (end.reason or "")


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", ""),
        (400, "AadPremiumLicenseRequired", ""),
        (403, "AccessDenied", "Your tenant is not licensed for this feature."),
        (403, "Forbidden", "The tenant needs a Microsoft Entra ID P2 or Microsoft Entra ID Governance license."),
    ],
)
def test_a_missing_licence_is_named(status: int, code: str, message: str) -> None:
    end = ending(status, code, message, licence=Licence.P2)
    assert end.outcome is Outcome.NOT_LICENSED
    assert end.missing == "Entra ID P2"


def test_a_licence_code_in_an_inner_error_counts() -> None:
    body = {"error": {"code": "Forbidden", "innerError": {"code": "AadPremiumLicenseRequired"}}}
    found = trouble_with(
        Answer(status=403, headers={}, body=json.dumps(body).encode(), generation=1, requests=1), now=NOW
    )
    assert found is not None
    assert ending_of(found, source=source_of("x"), facts=facts(), cloud=Cloud.PUBLIC).outcome is Outcome.NOT_LICENSED


@pytest.mark.parametrize("cloud", [Cloud.USGOV, Cloud.USGOV_DOD, Cloud.CHINA])
@pytest.mark.parametrize("status", [400, 404])
def test_not_found_in_a_sovereign_cloud_means_not_offered(cloud: Cloud, status: int) -> None:
    assert ending(status, "BadRequest", cloud=cloud).outcome is Outcome.NOT_IN_THIS_CLOUD


@pytest.mark.parametrize("cloud", [Cloud.PUBLIC, Cloud.CUSTOM])
@pytest.mark.parametrize("status", [400, 404, 409, 501, 302])
def test_elsewhere_it_is_a_failure(cloud: Cloud, status: int) -> None:
    end = ending(status, "BadRequest", "what", cloud=cloud)
    assert end.outcome is Outcome.FAILED
    assert str(status) in (end.reason or "")


def test_a_table_that_needs_a_licence_is_not_asked_for_without_it() -> None:
    source = source_of("x", licence=Licence.P2)
    end = ending_without_asking(source, facts=facts(licences=frozenset({Licence.P1})), cloud=Cloud.PUBLIC)
    assert end is not None
    assert end.outcome is Outcome.NOT_LICENSED
    assert end.missing == "Entra ID P2"


def test_a_table_that_would_be_taken_for_empty_is_asked_for_whatever_the_plans_say() -> None:
    source = source_of("x", licence=Licence.P2, without_licence=WithoutLicence.EMPTY)
    assert ending_without_asking(source, facts=facts(licences=frozenset()), cloud=Cloud.PUBLIC) is None


@pytest.mark.parametrize("licences", [None, frozenset(), frozenset({Licence.P1})])
def test_what_graph_says_about_a_licence_counts_unless_the_plans_deny_it(
    licences: frozenset[Licence] | None,
) -> None:
    end = ending(
        400,
        "AadPremiumLicenseRequired",
        licence=Licence.P2,
        without_licence=WithoutLicence.EMPTY,
        licences=licences,
    )
    assert end.outcome is Outcome.NOT_LICENSED


def test_a_table_is_not_taken_for_empty_if_graph_and_the_plans_disagree() -> None:
    end = ending(
        403,
        "AccessDenied",
        "Your tenant is not licensed for this feature.",
        licence=Licence.P1,
        without_licence=WithoutLicence.EMPTY,
        licences=P2_ONLY,
    )
    assert end.outcome is Outcome.FAILED
    assert "the tenant has Entra ID P1" in (end.reason or "")


@pytest.mark.parametrize("licences", [None, P2_ONLY, frozenset({Licence.P2})])
def test_a_table_is_asked_for_if_the_licence_is_there_or_nobody_knows(licences: frozenset[Licence] | None) -> None:
    source = source_of("x", licence=Licence.P1)
    assert ending_without_asking(source, facts=facts(licences=licences), cloud=Cloud.PUBLIC) is None


def test_a_table_is_not_asked_for_in_a_cloud_without_it() -> None:
    source = source_of("x", clouds=ALL_CLOUDS - {Cloud.CHINA})
    end = ending_without_asking(source, facts=facts(), cloud=Cloud.CHINA)
    assert end is not None
    assert end.outcome is Outcome.NOT_IN_THIS_CLOUD


@pytest.mark.parametrize(
    ("status", "code", "for_each", "absent"),
    [
        (404, "Request_ResourceNotFound", ("a",), True),
        (404, "itemNotFound", ("a",), True),
        (404, "Request_ResourceNotFound", (), False),
        (404, "", ("a",), False),
        (404, "UnknownError", ("a",), False),
        (400, "Request_ResourceNotFound", ("a",), False),
    ],
)
def test_only_graphs_own_word_about_one_of_several_objects_means_that_it_is_absent(
    status: int, code: str, for_each: tuple[str, ...], absent: bool
) -> None:
    assert is_absent(trouble(status, code), source=source_of("x/{}", for_each=for_each)) is absent


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 509])
def test_passing_trouble_is_tried_again(status: int) -> None:
    assert trouble(status).remedy is Remedy.AGAIN


@pytest.mark.parametrize("status", [500, 502, 503, 504, 509])
def test_after_a_server_fault_the_connection_is_changed(status: int) -> None:
    assert trouble(status).fresh


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Sun, 01 Mar 2026 00:00:30 GMT", 30.0),
        ("Sat, 28 Feb 2026 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 40, None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_nonsense_is_ignored(text: str, seconds: float | None) -> None:
    assert trouble(429, headers={"retry-after": text}).asked_wait == seconds


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "Directory_ExpiredPageToken", ""),
        (400, "DirectoryPageTokenNotFoundException", ""),
        (400, "BadRequest", "The page token is not valid."),
        (410, "resyncRequired", ""),
    ],
)
def test_an_expired_page_token_means_restart(status: int, code: str, message: str) -> None:
    assert trouble(status, code, message).remedy is Remedy.RESTART


def test_a_claims_challenge_is_decoded() -> None:
    # {"access_token":{}} in base64, once padded and once not
    for encoded in ("eyJhY2Nlc3NfdG9rZW4iOnt9fQ==", "eyJhY2Nlc3NfdG9rZW4iOnt9fQ"):
        header = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
        for status in (401, 403):
            found = trouble(status, headers={"www-authenticate": header})
            assert (found.remedy, found.claims) == (Remedy.RENEW_TOKEN, '{"access_token":{}}')


def test_a_challenge_that_cannot_be_read_asks_for_a_plain_new_token() -> None:
    header = 'Bearer error="insufficient_claims", claims="%%%"'
    found = trouble(401, headers={"www-authenticate": header})
    assert (found.remedy, found.claims) == (Remedy.RENEW_TOKEN, None)


def test_hostile_error_texts_stay_on_one_line_and_short() -> None:
    text = trouble(400, "Bad\x1b[31m", "line\r\none " + "x" * 5000).sentence
    assert "\x1b" not in text
    assert "\n" not in text
    assert len(text) < 500


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"code": 5, "message": []}}', b"\xff"]
)
def test_an_error_body_of_any_shape_is_survived(body: bytes) -> None:
    found = trouble_with(Answer(status=400, headers={}, body=body, generation=1, requests=1), now=NOW)
    assert found is not None
    assert found.remedy is Remedy.GIVE_UP


def test_a_success_is_no_trouble() -> None:
    assert trouble_with(answer(200), now=NOW) is None


def test_no_answer_is_tried_again_on_a_fresh_connection() -> None:
    found = trouble_with(NoAnswer(why="the connection broke", requests=1), now=NOW)
    assert found is not None
    assert found.remedy is Remedy.AGAIN
    assert found.fresh
