"""The kinds of jobs, and which go first."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class JobKind(StrEnum):
    SCAN = "scan"
    NOTIFY = "notify"
    DIGEST = "digest"
    EXECUTE = "execute"
    EXPORT = "export"
    RETENTION = "retention"
    EXAMINE = "examine"
    TEST_CHANNEL = "test_channel"

    @property
    def is_of_tenant(self) -> bool:
        """Say whether such a job is about one tenant; the others are about all of posture."""
        return self in _OF_TENANTS

    @property
    def priority(self) -> int:
        """How urgent it is; what is higher goes first. Somebody waits for an approved plan or a test."""
        return _PRIORITIES[self]


_OF_TENANTS: Final = frozenset({JobKind.SCAN, JobKind.EXECUTE, JobKind.EXPORT, JobKind.EXAMINE})
_PRIORITIES: Final = {
    JobKind.EXECUTE: 90,
    JobKind.TEST_CHANNEL: 70,
    JobKind.EXAMINE: 60,
    JobKind.NOTIFY: 50,
    JobKind.DIGEST: 50,
    JobKind.SCAN: 30,
    JobKind.EXPORT: 20,
    JobKind.RETENTION: 10,
}
