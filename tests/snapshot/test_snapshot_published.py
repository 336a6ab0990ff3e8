"""What was collected is what can be read, typed, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from posture.domain.outcome import Outcome
from posture.domain.verdict import Verdict
from posture.errors import CheckBroken, QueryRefused, ScanInProgress, SnapshotError
from tests.snapshot.made_up import (
    MEMBERS,
    NOW,
    RISKY,
    USERS,
    a_check,
    a_page,
    all_rows,
    an_outcome,
    judging,
    publish,
    snapshots_in,
    wanted,
)

ADA = {
    "id": "u1",
    "displayName": "Ada",
    "accountEnabled": True,
    "userType": "Member",
    "signInActivity": {"lastSignInDateTime": "2026-02-01T10:00:00.1234567Z", "tries": 3},
    "roles": ["a", "b"],
    "passwordCredentials": [{"keyId": "k1", "endDateTime": "2027-01-01T00:00:00Z", "hint": "x"}],
    "@odata.type": "#microsoft.graph.user",
}


def test_items_become_typed_rows(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA]})

    assert all_rows(snapshot, "select * from users") == [
        [
            "u1",
            "Ada",
            True,
            "member",
            "2026-02-01T10:00:00.123456Z",
            3,
            ["a", "b"],
            [{"keyId": "k1", "endDateTime": "2027-01-01T00:00:00Z"}],
            "#microsoft.graph.user",
        ]
    ]
    assert snapshot.outcomes["users"].rows == 1
    assert all_rows(snapshot, "select * from secrets") == [["u1", "k1", "2027-01-01T00:00:00Z"]]


def test_a_check_is_judged_over_it(tmp_path: Path) -> None:
    snapshot = publish(snapshots_in(tmp_path), {"users": [ADA, {"id": "u2", "displayName": None}]})
    sql = judging(
        "id as resource_id, name as resource_name, seen_at, $days as days, $now as at",
        over="users",
        verdict="case when enabled then 'fail' else 'unknown' end",
    )
    check = a_check(sql, parameters={"days": 30, "unused": "x"})

    with snapshot.judge(check) as judged:
        rows = list(judged.rows([Verdict.FAIL]))
        verdicts = judged.verdicts_of([("u2", {}), ("u3", {}), ("u1", {})])

    assert (judged.counts.failed, judged.counts.unknown, judged.counts.passed) == (1, 1, 0)
    assert rows == [
        {
            "resource_id": "u1",
            "resource_name": "Ada",
            "seen_at": "2026-02-01T10:00:00.123456Z",
            "days": 30,
            "at": "2026-03-01T12:00:00Z",
            "_verdict": "fail",
            "_severity": "high",
        }
    ]
    assert verdicts == ["unknown", None, "fail"]
