"""What is asked of workers through ``Access``, and operators who are added and revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from posture.domain.job import JobState
from posture.domain.job_kind import JobKind
from posture.domain.operator import Role, Scope
from posture.errors import NotAllowedToDecide, NotThere, UsageError
from tests.access.desk import DAY, NOON, TENANT_IDS, Desk

# Jobs


def test_a_scan_is_asked_for_once_however_often_somebody_asks(desk: Desk) -> None:
    access = desk.access("ada", role=Role.HELPDESK)

    first = access.scan_now("contoso")
    again = access.scan_now("contoso")
    other = access.scan_now("contoso", tags=["guest"], checks=["inactive-guests"])

    assert again == first
    assert (first.kind, first.tenant_id, first.arguments) == (JobKind.SCAN, TENANT_IDS["contoso"], {})
    assert (first.asked_by, first.slot) == ("ada", None)
    assert other.arguments == {"tags": ["guest"], "checks": ["inactive-guests"]}


@pytest.mark.parametrize("wanted", [{"tags": ["no-such-tag"]}, {"checks": ["no-such-check"]}])
def test_a_scan_of_checks_that_do_not_exist_is_not_asked_for(desk: Desk, wanted: dict[str, list[str]]) -> None:
    with pytest.raises(NotThere):
        desk.access().scan_now("contoso", **wanted)

    assert desk.jobs(JobKind.SCAN) == []


def test_an_examination_is_asked_for(desk: Desk) -> None:
    job = desk.access().examine_now("fabrikam")

    assert (job.kind, job.tenant_id) == (JobKind.EXAMINE, TENANT_IDS["fabrikam"])


def test_a_schedule_runs_in_one_tenant_or_in_all(desk: Desk) -> None:
    access = desk.access("ada")

    in_one = access.run_schedule("scan", tenant="contoso")
    in_all = access.run_schedule("scan")

    assert [job.tenant_id for job in in_one] == [TENANT_IDS["contoso"]]
    assert {job.tenant_id for job in in_all} == set(TENANT_IDS.values())
    assert {job.asked_by for job in in_all} == {"ada"}


def test_who_is_limited_runs_and_pauses_a_schedule_in_their_tenant(desk: Desk) -> None:
    access = desk.access("ada", tenants=frozenset({"contoso"}))

    assert len(access.run_schedule("scan", tenant="contoso")) == 1
    pause = access.pause_schedule("scan", tenant="contoso", reason="maintenance")
    access.resume_schedule("scan", tenant="contoso")

    assert (pause.tenant_id, pause.by, pause.reason) == (TENANT_IDS["contoso"], "ada", "maintenance")


@pytest.mark.parametrize("name", ["no-such-schedule", "", "notify"])
def test_a_schedule_that_is_not_there_neither_runs_nor_pauses(desk: Desk, name: str) -> None:
    access = desk.access()

    # "notify" is about no single tenant.
    for ask in (access.run_schedule, access.resume_schedule):
        with pytest.raises(NotThere):
            ask(name, tenant="contoso")


def test_a_job_that_waits_is_cancelled_and_one_that_has_ended_is_not(desk: Desk) -> None:
    access = desk.access("ada")
    job = access.scan_now("contoso")

    assert access.cancel_job(job.id).state is JobState.CANCELLED
    with pytest.raises(UsageError, match="cannot be cancelled"):
        access.cancel_job(job.id)
    with pytest.raises(NotThere, match="no job"):
        access.cancel_job("no-such-job")


def test_a_job_of_no_tenant_is_there_for_who_is_for_all(desk: Desk) -> None:
    access = desk.access()
    (job,) = access.run_schedule("notify")

    with pytest.raises(NotThere):
        desk.access(tenants=frozenset(TENANT_IDS)).cancel_job(job.id)

    assert access.cancel_job(job.id).state is JobState.CANCELLED


def test_a_sample_to_a_channel_is_asked_for_and_sent_by_a_worker(desk: Desk) -> None:
    job = desk.access().test_channel("siem")

    assert (job.kind, job.arguments, job.tenant_id) == (JobKind.TEST_CHANNEL, {"channel": "siem"}, None)
    with pytest.raises(NotThere, match="no channel"):
        desk.access().test_channel("no-such-channel")


@pytest.mark.parametrize("id", ["", "0", "no-such-delivery"])
def test_only_deliveries_that_are_there_are_tried_again(desk: Desk, id: str) -> None:
    with pytest.raises(NotThere, match="no delivery"):
        desk.access().retry_deliveries([id])


# People


def test_an_operator_is_added_with_a_token_that_works(desk: Desk) -> None:
    added, token = desk.access("ada").add_operator(
        "berta",
        Role.HELPDESK,
        account="berta@example.com",
        lasts=DAY,
        tenants=frozenset({"contoso"}),
        scopes=frozenset({Scope.READ}),
    )

    assert desk.application.signing_in.by_bearer(token, address="192.0.2.1") == added
    assert (added.tenants, added.scopes, added.expires_at) == (frozenset({"contoso"}), {Scope.READ}, NOON + DAY)


def test_an_operator_for_a_tenant_that_is_not_there_is_not_added(desk: Desk) -> None:
    with pytest.raises(NotThere, match="nowhere"):
        desk.access().add_operator("eve", Role.VIEWER, lasts=DAY, tenants=frozenset({"contoso", "nowhere"}))


def test_a_revoked_operator_is_signed_out_everywhere(desk: Desk) -> None:
    berta = desk.somebody("berta")
    signing_in = desk.application.signing_in
    ids = [signing_in.begin(berta, lasts=DAY, before=None)[1] for _ in range(2)]

    desk.access("ada").revoke_operator("BERTA")

    assert [signing_in.find(id, idle=DAY) for id in ids] == [None, None]
    with desk.store.reading() as reader:
        (found,) = [one for one in reader.acting.operators() if one.name == "berta"]
    assert found.revoked_at == NOON


@pytest.mark.parametrize("name", ["nobody", "", "gone"])
def test_only_who_is_there_is_revoked(desk: Desk, name: str) -> None:
    desk.somebody("gone", expires_at=NOON - DAY)

    with pytest.raises(NotThere, match="no active operator"):
        desk.access().revoke_operator(name)


def test_the_last_administrator_without_limits_stays(desk: Desk) -> None:
    desk.somebody("limited", tenants=frozenset({"contoso"}))
    desk.somebody("narrow", scopes=frozenset({Scope.ADMINISTER}))

    with pytest.raises(NotAllowedToDecide, match="last active admin"):
        desk.access("ada").revoke_operator("ada")


def test_stopping_and_allowing_in_a_tenant_of_ones_own(desk: Desk) -> None:
    access = desk.access("ada", tenants=frozenset({"contoso"}))

    stop = access.stop("contoso", reason=" drill ")
    with desk.store.reading() as reader:
        assert reader.acting.stops() == [stop]
    access.allow("contoso")

    assert (stop.tenant_id, stop.by, stop.reason) == (TENANT_IDS["contoso"], "ada", "drill")
    with desk.store.reading() as reader:
        assert reader.acting.stops() == []


@pytest.mark.parametrize("reason", ["", " "])
def test_a_stop_and_a_pause_need_a_reason(desk: Desk, reason: str) -> None:
    access = desk.access()

    with pytest.raises(UsageError, match="needs a reason"):
        access.stop(None, reason=reason)
    with pytest.raises(UsageError, match="needs a reason"):
        access.pause_schedule("scan", reason=reason)


def test_who_is_limited_is_told_of_a_queue_for_their_own_tenants_only(desk: Desk) -> None:
    limited, everybody = desk.access(tenants=frozenset({"fabrikam"})), desk.access()
    everybody.scan_now("contoso")
    desk.clock.at = NOON + timedelta(minutes=10)

    assert [(each.queue, each.waiting, each.since) for each in everybody.stalled_queues()] == [("default", 1, NOON)]
    assert limited.stalled_queues() == []


# Sign-ins

IDLE = timedelta(minutes=30)


def test_a_sign_in_is_good_while_it_is_used_and_not_longer_than_it_lasts(desk: Desk) -> None:
    signing_in = desk.application.signing_in
    ada = desk.somebody("ada")
    _, id = signing_in.begin(ada, lasts=timedelta(hours=2), before=None)

    good_after = []
    for minutes in range(29, 200, 29):
        desk.clock.at = NOON + timedelta(minutes=minutes)
        good_after.append((minutes, signing_in.find(id, idle=IDLE) is not None))

    assert good_after == [(29, True), (58, True), (87, True), (116, True), (145, False), (174, False)]


def test_a_sign_in_that_nobody_uses_goes_idle(desk: Desk) -> None:
    signing_in = desk.application.signing_in
    _, id = signing_in.begin(desk.somebody("ada"), lasts=DAY, before=None)

    desk.clock.at = NOON + IDLE

    assert signing_in.find(id, idle=IDLE) is None


def test_who_signed_in_with_the_id_of_before_ends_that_one(desk: Desk) -> None:
    signing_in = desk.application.signing_in
    ada = desk.somebody("ada")
    _, old = signing_in.begin(ada, lasts=DAY, before=None)

    _, new = signing_in.begin(ada, lasts=DAY, before=old)

    assert signing_in.find(old, idle=IDLE) is None
    assert signing_in.find(new, idle=IDLE) is not None


def test_an_id_that_somebody_made_up_is_never_taken_over(desk: Desk) -> None:
    signing_in = desk.application.signing_in

    _, id = signing_in.begin(desk.somebody("ada"), lasts=DAY, before="made-up")

    assert id != "made-up"
    assert signing_in.find("made-up", idle=IDLE) is None


def test_a_sign_in_tells_when_the_person_proved_who_they_are_and_never_later_than_now(desk: Desk) -> None:
    signing_in = desk.application.signing_in
    ada = desk.somebody("ada")

    for claimed, told in ((NOON - DAY, NOON - DAY), (NOON + DAY, NOON), (None, NOON)):
        _, id = signing_in.begin(ada, lasts=DAY, before=None, signed_in_at=claimed)
        found = signing_in.find(id, idle=IDLE)
        assert found is not None
        assert found.operator.signed_in_at == found.signed_in_at == told


def test_signing_out_ends_the_sign_in_and_tells_the_hint_once(desk: Desk) -> None:
    signing_in = desk.application.signing_in
    _, id = signing_in.begin(desk.somebody("ada"), lasts=DAY, before=None, sign_out_hint="hint")

    ended = signing_in.end(id)

    assert ended is not None
    assert ended.sign_out_hint == "hint"
    assert signing_in.find(id, idle=IDLE) is None
    assert signing_in.end(id) is None


def test_only_the_hash_of_an_id_is_kept(desk: Desk) -> None:
    _, id = desk.application.signing_in.begin(desk.somebody("ada"), lasts=DAY, before=None)

    files = desk.application.settings.data_dir.glob("posture.db*")

    assert all(id.encode() not in file.read_bytes() for file in files)
