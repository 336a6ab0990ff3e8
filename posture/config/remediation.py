"""What the settings ask of remediation besides the action files. It can only make them stricter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from posture.config.file_model import DemandsModel, RemediationModel
from posture.domain.action import ApprovalRule, Limits
from posture.domain.operator import Role

_ANY_TIME: Final = timedelta(days=36_500)
_ANY_NUMBER: Final = 10**9


@dataclass(frozen=True, kw_only=True)
class Demands:
    """What is asked of plans. Where nothing was said stands what every action file fulfils."""

    rule: ApprovalRule
    limits: Limits


@dataclass(frozen=True, kw_only=True)
class RemediationSettings:
    """``every`` is asked of all plans, ``actions`` of those with one action besides: action id → demands."""

    every: Demands
    actions: Mapping[str, Demands]

    def demands(self, action: str) -> Iterator[Demands]:
        """Yield everything that is asked of plans with this action."""
        yield self.every
        if action in self.actions:
            yield self.actions[action]


def remediation_settings(model: RemediationModel) -> RemediationSettings:
    """Return what a ``remediation`` part asks for, as values."""
    return RemediationSettings(
        every=_demands(model), actions={action: _demands(asked) for action, asked in model.actions.items()}
    )


def _demands(model: DemandsModel) -> Demands:
    limits = model.limits
    return Demands(
        rule=ApprovalRule(
            people=1 if model.people is None else model.people,
            role=Role.HELPDESK if model.role is None else Role(model.role),
            valid_for=_ANY_TIME if model.valid_for is None else model.valid_for,
        ),
        limits=Limits(
            per_run=_ANY_NUMBER if limits.per_run is None else limits.per_run,
            per_day=_ANY_NUMBER if limits.per_day is None else limits.per_day,
            share=1.0 if limits.share is None else limits.share,
            failures=_ANY_NUMBER if limits.failures is None else limits.failures,
        ),
    )
