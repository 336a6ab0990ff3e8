"""Sign-ins, answers given once, examinations, and operators with limits, alike on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest

from posture.domain.action import ActionId
from posture.domain.answer import (
    ANSWERS_WITHIN,
    KEPT_FOR,
    Answer,
    FirstRequest,
    OtherRequest,
    Repeated,
    StillAnswering,
)
from posture.domain.check import CheckId
from posture.domain.examination import Examination, ReaderExamined, RemediatorExamined
from posture.domain.judgement import SkipKind, SkipReason
from posture.domain.operator import Operator, Role, Scope
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.sign_in import SignIn
from posture.domain.tenant import Licence
from posture.store.database import Store
from tests.usecases.builders import MONDAY, TENANT_ID, an_operator

HOUR = timedelta(hours=1)
HASH, OTHER_HASH = "0a" * 32, "0b" * 32
HOSTILE = "Zoë \u202e<b>名前</b>\x00\ud800 '; drop table sign_ins; --"
ANSWER = Answer(status=201, headers={"location": "/api/v1/plans/1"}, body='{"name": "名前"}')


def recorded(store: Store, operator: Operator, *, token_hash: str = HASH) -> Operator:
    with store.open_acting_unit() as unit:
        unit.add_operator(operator, token_hash=token_hash)
    return operator


def a_sign_in(operator: Operator, **changes: Any) -> SignIn:
    fields: dict[str, Any] = {
        "operator": operator,
        "signed_in_at": MONDAY,
        "started_at": MONDAY,
        "used_at": MONDAY,
        "ends_at": MONDAY + 8 * HOUR,
        "ended_at": None,
        "sign_out_hint": None,
    }
    return SignIn(**(fields | changes))


def an_examination(**changes: Any) -> Examination:
    refused = TableOutcome(
        table="users",
        outcome=Outcome.FORBIDDEN,
        rows=0,
        requests=1,
        seconds=0.5,
        as_of=MONDAY,
        reason=HOSTILE.replace("\x00\ud800", ""),
        missing="User.Read.All",
    )
    skip = SkipReason(kind=SkipKind.PERMISSION_MISSING, detail="needs User.Read.All")
    fields: dict[str, Any] = {
        "tenant_id": TENANT_ID,
        "at": MONDAY,
        "reader": ReaderExamined(
            refused=None,
            granted=frozenset({"User.Read.All", "Organization.Read.All"}),
            missing=("AuditLog.Read.All",),
            licences=frozenset({Licence.P1}),
            clock_skew=timedelta(seconds=-1.5),
            tables_asked=4,
            tables_refused=(refused,),
            skips={CheckId("risky-users"): skip},
        ),
        "remediator": RemediatorExamined(
            refused=None,
            granted=frozenset({"User.RevokeSessions.All"}),
            actions=12,
            impossible={ActionId("delete-guest"): "it lacks User.DeleteRestore.All"},
        ),
    }
    return Examination(**(fields | changes))


# Operators with limits


@pytest.mark.parametrize("tenants", [None, frozenset(), frozenset({"contoso", "fabrikam"})])
def test_an_operator_comes_back_with_tenants_scopes_and_subject(store: Store, tenants: frozenset[str] | None) -> None:
    ada = an_operator(
        role=Role.HELPDESK,
        tenants=tenants,
        scopes=frozenset({Scope.READ, Scope.PROPOSE}),
        subject="https://login.example.com|ada",
    )

    recorded(store, ada)

    with store.reading() as reader:
        assert reader.acting.operators() == [ada]
        assert reader.acting.operator_by_token(HASH) == ada
    with store.open_acting_unit() as unit:
        assert unit.operator_by_subject("https://login.example.com|ada") == ada
        assert unit.operator_by_subject("https://login.example.com|ADA") is None


def test_of_several_records_of_one_person_the_last_one_counts(store: Store) -> None:
    first = recorded(store, an_operator("ada", subject="i|ada", expires_at=MONDAY))
    again = recorded(store, an_operator("ada", subject="i|ada", added_at=MONDAY + HOUR), token_hash=OTHER_HASH)

    with store.open_acting_unit() as unit:
        assert unit.operator_by_subject("i|ada") == again != first


def test_what_a_provider_says_anew_is_written_over_what_it_said(store: Store) -> None:
    ada = recorded(store, an_operator("ada", role=Role.HELPDESK, subject="i|ada"))
    bob = recorded(store, an_operator("bob"), token_hash=OTHER_HASH)
    admin = an_operator("ada", subject="i|ada", account="a@example.com", tenants=frozenset({"contoso"}))

    with store.open_acting_unit() as unit:
        unit.change_operator(admin)

    with store.reading() as reader:
        assert reader.acting.operators() == [admin, bob]
        assert reader.acting.operator_by_token(HASH) == admin != ada


def test_nobody_is_changed_who_is_not_on_record(store: Store) -> None:
    recorded(store, an_operator("ada"))

    with pytest.raises(ValueError, match="not on record"), store.open_acting_unit() as unit:
        unit.change_operator(an_operator("ada", added_at=MONDAY + HOUR))


# Sign-ins


def test_a_sign_in_is_found_by_its_hash_with_the_person_as_on_record_now(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    at = MONDAY - HOUR
    with store.open_sign_ins() as sign_ins:
        sign_ins.add(a_sign_in(ada, signed_in_at=at, sign_out_hint="hint"), id_hash=HASH)

    with store.open_acting_unit() as unit:
        unit.revoke_operator("ada", at=MONDAY)

    with store.reading() as reader:
        found = reader.access.sign_in(HASH)
        assert reader.access.sign_in(OTHER_HASH) is None
    as_revoked = an_operator("ada", revoked_at=MONDAY, signed_in_at=at)
    assert found == a_sign_in(as_revoked, signed_in_at=at, sign_out_hint="hint")
    assert not found.is_good(MONDAY, idle=HOUR)


def test_an_ended_sign_in_stays_ended_and_forgets_the_hint(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    with store.open_sign_ins() as sign_ins:
        sign_ins.add(a_sign_in(ada, sign_out_hint="hint"), id_hash=HASH)

        assert sign_ins.end(HASH, at=MONDAY + HOUR)
        assert not sign_ins.end(HASH, at=MONDAY + 2 * HOUR)
        sign_ins.touch(HASH, at=MONDAY + 3 * HOUR)

        found = sign_ins.find(HASH)
    assert found is not None
    assert (found.ended_at, found.used_at, found.sign_out_hint) == (MONDAY + HOUR, MONDAY, None)


def test_that_a_sign_in_was_used_is_never_waited_for_while_a_scan_writes(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    with store.open_sign_ins() as sign_ins:
        sign_ins.add(a_sign_in(ada), id_hash=HASH)

    # Were it waited for, this would wait for itself until the database loses patience.
    with store.open_unit(TENANT_ID):
        store.touch_sign_in(HASH, at=MONDAY + HOUR)
    store.touch_sign_in(HASH, at=MONDAY + 2 * HOUR)

    with store.reading() as reader:
        found = reader.access.sign_in(HASH)
    assert found is not None
    assert found.used_at == MONDAY + 2 * HOUR


def test_who_writes_after_that_waits_for_a_scan_as_ever(store: Store) -> None:
    begun = Event()

    def write() -> None:
        begun.set()
        recorded(store, an_operator("ada"))

    with ThreadPoolExecutor(1) as threads:
        with store.open_unit(TENANT_ID):
            store.touch_sign_in(HASH, at=MONDAY)
            writing = threads.submit(write)
            begun.wait(30)
        writing.result(30)


def test_all_sign_ins_of_one_person_end_and_no_others(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    bob = recorded(store, an_operator("bob"), token_hash=OTHER_HASH)
    with store.open_sign_ins() as sign_ins:
        for number, operator in enumerate([ada, ada, bob]):
            sign_ins.add(a_sign_in(operator), id_hash=f"{number:064x}")

        assert sign_ins.end_all(ada, at=MONDAY) == 2
        assert sign_ins.end_all(ada, at=MONDAY) == 0

        of_bob = sign_ins.find(f"{2:064x}")
    assert of_bob is not None
    assert of_bob.ended_at is None


def test_sign_ins_are_forgotten_once_their_time_is_over(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    with store.open_sign_ins() as sign_ins:
        sign_ins.add(a_sign_in(ada, ends_at=MONDAY), id_hash=HASH)
        sign_ins.add(a_sign_in(ada, ends_at=MONDAY + HOUR), id_hash=OTHER_HASH)

        assert sign_ins.forget(MONDAY + HOUR) == 1

        assert sign_ins.find(HASH) is None
        assert sign_ins.find(OTHER_HASH) is not None


@pytest.mark.parametrize("id", ["", "a-random-id", "0A" * 32, "0a" * 32 + "\n"])
def test_an_id_in_clear_is_never_taken_for_its_hash_nor_repeated(store: Store, id: str) -> None:
    ada = recorded(store, an_operator("ada"))

    with pytest.raises(ValueError, match="as its SHA-256") as refusal, store.open_sign_ins() as sign_ins:
        sign_ins.add(a_sign_in(ada), id_hash=id)

    assert "random" not in str(refusal.value)


# Answers


def test_a_request_is_answered_once_and_repeated_from_then_on(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))

    with store.open_answers() as answers:
        first = answers.begin(ada, "k", request="r", at=MONDAY)
    with store.open_answers() as answers:
        answers.finish(ada, "k", ANSWER)
    with store.open_answers() as answers:
        again = answers.begin(ada, "k", request="r", at=MONDAY + HOUR)
        other = answers.begin(ada, "k", request="other", at=MONDAY + HOUR)

    assert (first, again, other) == (FirstRequest(), Repeated(answer=ANSWER), OtherRequest())


def test_while_the_first_is_answered_others_wait_and_learn_if_it_was_cut_off(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))

    with store.open_answers() as answers:
        answers.begin(ada, "k", request="r", at=MONDAY)
        soon = answers.begin(ada, "k", request="r", at=MONDAY + ANSWERS_WITHIN - timedelta(seconds=1))
        late = answers.begin(ada, "k", request="r", at=MONDAY + ANSWERS_WITHIN)

    assert soon == StillAnswering(since=MONDAY, is_cut_off=False)
    assert late == StillAnswering(since=MONDAY, is_cut_off=True)


def test_a_key_is_new_after_a_day_and_after_it_was_given_back(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    with store.open_answers() as answers:
        answers.begin(ada, "k", request="r", at=MONDAY)
        answers.finish(ada, "k", ANSWER)

        assert answers.begin(ada, "k", request="other", at=MONDAY + KEPT_FOR) == FirstRequest()
        answers.give_back(ada, "k")
        assert answers.begin(ada, "k", request="r", at=MONDAY + KEPT_FOR) == FirstRequest()


def test_a_key_belongs_to_one_operator(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    bob = recorded(store, an_operator("bob"), token_hash=OTHER_HASH)
    with store.open_answers() as answers:
        answers.begin(ada, "k", request="r", at=MONDAY)
        answers.finish(ada, "k", ANSWER)

        assert answers.begin(bob, "k", request="r", at=MONDAY) == FirstRequest()
        assert answers.forget(MONDAY + HOUR) == 2
        assert answers.begin(ada, "k", request="r", at=MONDAY) == FirstRequest()


def test_of_two_who_ask_at_once_one_is_the_first(store: Store) -> None:
    ada = recorded(store, an_operator("ada"))
    together = Barrier(4)

    def ask() -> object:
        together.wait()
        with store.open_answers() as answers:
            return answers.begin(ada, "k", request="r", at=MONDAY)

    with ThreadPoolExecutor(4) as threads:
        found = [future.result() for future in [threads.submit(ask) for _ in range(4)]]

    assert found.count(FirstRequest()) == 1
    assert found.count(StillAnswering(since=MONDAY, is_cut_off=False)) == 3


# Examinations


def test_an_examination_comes_back_as_it_was(store: Store) -> None:
    full = an_examination()
    nothing_known = an_examination(
        tenant_id="22222222-2222-2222-2222-222222222222",
        reader=ReaderExamined(
            refused="AADSTS700016: no such application",
            granted=None,
            missing=(),
            licences=None,
            clock_skew=None,
            tables_asked=0,
            tables_refused=(),
            skips={},
        ),
        remediator=None,
    )

    for examination in (full, nothing_known):
        store.add_examination(examination)

    with store.reading() as reader:
        assert reader.access.examinations([full.tenant_id, nothing_known.tenant_id]) == [full, nothing_known]
        assert reader.access.examinations([full.tenant_id]) == [full]
        assert reader.access.examinations([]) == []


def test_only_the_newest_examination_of_a_tenant_is_shown_and_never_forgotten(store: Store) -> None:
    store.add_examination(an_examination(at=MONDAY))
    newest = an_examination(at=MONDAY + HOUR, remediator=None)
    store.add_examination(newest)

    assert store.forget_examinations(MONDAY + 9 * HOUR) == 1

    with store.reading() as reader:
        assert reader.access.examinations([TENANT_ID]) == [newest]


def test_text_that_no_database_holds_does_not_stop_an_examination(store: Store) -> None:
    refused = RemediatorExamined(refused=HOSTILE, granted=None, actions=1, impossible={})

    store.add_examination(an_examination(remediator=refused))

    with store.reading() as reader:
        (found,) = reader.access.examinations([TENANT_ID])
    assert found.remediator is not None
    assert found.remediator.refused == HOSTILE.replace("\x00\ud800", "\ufffd\ufffd")
