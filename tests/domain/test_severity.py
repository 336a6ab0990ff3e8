"""Severities are ordered by how bad they are, not by their letters."""

from __future__ import annotations

from posture.domain.severity import Severity


def test_severities_rank_from_info_to_critical() -> None:
    ranked = sorted(Severity, key=lambda severity: severity.rank)

    assert [severity.value for severity in ranked] == ["info", "low", "medium", "high", "critical"]


def test_a_severity_is_at_least_itself_and_everything_below() -> None:
    assert [severity for severity in Severity if Severity.MEDIUM.is_at_least(severity)] == [
        Severity.INFO,
        Severity.LOW,
        Severity.MEDIUM,
    ]
