"""What every unit of work keeps to about runs: the one before, and how each check stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from posture.domain.check import CheckId
from posture.domain.judgement import CheckOutcome, CheckResult, SkipKind, SkipReason
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.run import Run, RunState, RunSummary
from posture.usecases.ports import OpenUnit
from tests.domain.builders import CHECK, MONDAY, TENANT, a_check_result, a_run

DAY = timedelta(days=1)
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"


def _a_run(number: int, **changes: object) -> Run:
    """A run that ended; each is a day after the one before."""
    taken_at = MONDAY + number * DAY
    fields: dict[str, object] = {
        "id": f"run-{number}",
        "taken_at": taken_at,
        "finished_at": taken_at + timedelta(minutes=1),
        "state": RunState.COMPLETE,
    }
    return a_run(**(fields | changes))


def _skipped(kind: SkipKind, **changes: object) -> CheckResult:
    skipped = SkipReason(kind=kind, detail="a table cannot be read")
    return a_check_result(outcome=CheckOutcome.SKIPPED, skipped=skipped, counts=None, **changes)


def _broken() -> CheckResult:
    return a_check_result(outcome=CheckOutcome.BROKEN, error="out of memory", counts=None)


def _end(open_unit: OpenUnit, run: Run, *checks: CheckResult) -> None:
    with open_unit(run.tenant_id) as unit:
        unit.save_summary(RunSummary(run=run, tenant_display_name=None, tables=(), checks=checks))


def _standing(open_unit: OpenUnit, check: CheckId = CHECK) -> CheckStanding | None:
    with open_unit(TENANT) as unit:
        return unit.standings().get(check)


def test_the_run_before_is_the_last_one_of_the_tenant_that_ended(open_unit: OpenUnit) -> None:
    aborted = _a_run(2, state=RunState.ABORTED, aborted_because="it was interrupted")
    now = _a_run(4, state=RunState.RUNNING, finished_at=None)
    for run in (_a_run(1), aborted, _a_run(3, tenant_id=OTHER_TENANT), now):
        with open_unit(run.tenant_id) as unit:
            unit.save_run(run)

    with open_unit(TENANT) as unit:
        assert unit.previous_run(now) == aborted
        unit.save_run(replace(now, state=RunState.COMPLETE, finished_at=now.taken_at))
        assert unit.previous_run(now) == aborted


def test_the_first_run_has_none_before_it(open_unit: OpenUnit) -> None:
    with open_unit(TENANT) as unit:
        unit.save_run(_a_run(1))

        assert unit.previous_run(_a_run(1)) is None
        assert unit.standings() == {}


def test_a_check_stands_as_the_last_run_left_it(open_unit: OpenUnit) -> None:
    _end(open_unit, _a_run(1), a_check_result(), a_check_result(check=CheckId("mfa-gaps")))

    _end(open_unit, _a_run(2), a_check_result())

    with open_unit(TENANT) as unit:
        assert unit.standings() == {
            check: CheckStanding(check=check, outcome=CheckOutcome.EVALUATED, skip_kind=None, evaluated_at=at)
            for check, at in ((CHECK, MONDAY + 2 * DAY), (CheckId("mfa-gaps"), MONDAY + DAY))
        }


def test_a_check_that_is_not_evaluated_any_more_still_knows_when_it_was(open_unit: OpenUnit) -> None:
    _end(open_unit, _a_run(1), a_check_result())

    _end(open_unit, _a_run(2), _skipped(SkipKind.LICENCE_MISSING))
    skipped = _standing(open_unit)
    _end(open_unit, _a_run(3), _broken())
    broken = _standing(open_unit)

    was = MONDAY + DAY
    assert skipped == CheckStanding(
        check=CHECK, outcome=CheckOutcome.SKIPPED, skip_kind=SkipKind.LICENCE_MISSING, evaluated_at=was
    )
    assert broken == CheckStanding(check=CHECK, outcome=CheckOutcome.BROKEN, skip_kind=None, evaluated_at=was)


def test_a_check_that_never_could_be_evaluated_says_so(open_unit: OpenUnit) -> None:
    _end(open_unit, _a_run(1), _skipped(SkipKind.PERMISSION_MISSING))

    standing = _standing(open_unit)

    assert standing is not None
    assert standing.evaluated_at is None


def test_a_check_that_the_settings_switched_off_stands_as_before(open_unit: OpenUnit) -> None:
    _end(open_unit, _a_run(1), a_check_result())
    before = _standing(open_unit)

    _end(
        open_unit,
        _a_run(2),
        _skipped(SkipKind.SWITCHED_OFF),
        _skipped(SkipKind.SWITCHED_OFF, check=CheckId("mfa-gaps")),
    )

    assert before is not None
    assert _standing(open_unit) == before
    assert _standing(open_unit, CheckId("mfa-gaps")) is None


def test_a_run_that_was_aborted_before_its_checks_changes_no_standing(open_unit: OpenUnit) -> None:
    _end(open_unit, _a_run(1), a_check_result())

    _end(open_unit, _a_run(2, state=RunState.ABORTED, aborted_because="the token was refused"))

    standing = _standing(open_unit)
    assert standing is not None
    assert standing.evaluated_at == MONDAY + DAY


def test_tenants_have_standings_of_their_own(open_unit: OpenUnit) -> None:
    _end(open_unit, _a_run(1, tenant_id=OTHER_TENANT), a_check_result())

    assert _standing(open_unit) is None
