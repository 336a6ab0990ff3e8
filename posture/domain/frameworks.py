"""Frameworks: which of their controls the checks cover, and how those stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from posture.domain.check import Check, CheckId
from posture.domain.numbers import Mark, Numbers, numbers_of

Marks = Mapping[str, Mapping[CheckId, Mark | None]]
"""Tenant's name → check → its mark there."""

_WORST_FIRST = (Mark.FAILED, Mark.UNKNOWN, Mark.NOT_JUDGED, Mark.PASSED)


@dataclass(frozen=True, kw_only=True)
class ControlLine:
    """One control of a framework that checks speak for. ``by_tenant`` has the worst mark of those checks: it passes
    only if all of them do. None if all of them are switched off there.
    """

    control: str
    checks: tuple[CheckId, ...]
    by_tenant: Mapping[str, Mark | None]


@dataclass(frozen=True, kw_only=True)
class FrameworkLine:
    """A framework as the catalog knows it: only ``controls`` that some check speaks for are known, not all that the
    framework has. ``by_tenant`` and ``numbers`` (of all tenants together) count controls by their marks.
    """

    name: str
    controls: int
    checks: int
    by_tenant: Mapping[str, Numbers]
    numbers: Numbers

    @property
    def covered(self) -> float | None:
        """The share of the known controls that was judged, 0 to 1; None if there is none."""
        judged = self.numbers.all - self.numbers.not_judged
        return judged / self.numbers.all if self.numbers.all else None


@dataclass(frozen=True, kw_only=True)
class Framework:
    """A framework with each of its controls, in their order."""

    line: FrameworkLine
    controls: tuple[ControlLine, ...]


def framework_of(name: str, checks: Iterable[Check], marks: Marks) -> Framework:
    """Return how a framework stands; without controls if no check has an id in it."""
    by_control: dict[str, list[CheckId]] = {}
    for check in checks:
        for control in check.frameworks.get(name, ()):
            by_control.setdefault(control, []).append(check.id)
    controls = tuple(_control(control, by_control[control], marks) for control in sorted(by_control, key=_natural))
    by_tenant = {tenant: numbers_of(control.by_tenant[tenant] for control in controls) for tenant in marks}
    line = FrameworkLine(
        name=name,
        controls=len(controls),
        checks=len({check for ids in by_control.values() for check in ids}),
        by_tenant=by_tenant,
        numbers=numbers_of(mark for control in controls for mark in control.by_tenant.values()),
    )
    return Framework(line=line, controls=controls)


def _control(control: str, checks: Sequence[CheckId], marks: Marks) -> ControlLine:
    return ControlLine(
        control=control,
        checks=tuple(checks),
        by_tenant={
            tenant: _worst(by_check.get(check, Mark.NOT_JUDGED) for check in checks)
            for tenant, by_check in marks.items()
        },
    )


def _worst(marks: Iterable[Mark | None]) -> Mark | None:
    known = {mark for mark in marks if mark is not None}
    return next((mark for mark in _WORST_FIRST if mark in known), None)


def _natural(control: str) -> list[tuple[int, str]]:
    """Order ``1.2`` before ``1.10``."""
    parts = control.replace("-", ".").split(".")
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts]
