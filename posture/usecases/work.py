"""What carrying out the targets of one plan needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import Guard, Step, Verify
from posture.domain.check import ParameterValue
from posture.domain.judgement import Value
from posture.domain.plan import Plan
from posture.tables.live import LiveRead
from posture.usecases.engine_guards import TenantRules
from posture.usecases.ports import Actuator, Clock, Passwords, Pause
from posture.usecases.read_live import LiveSight, Rows
from posture.usecases.writing_down import Journal


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What is known of the target from before: of the plan that is taken back, if this one undoes one."""

    before: Rows | None = None
    answers: Sequence[Mapping[str, Value]] = ()

    @property
    def ids(self) -> Mapping[str, ParameterValue]:
        """The texts that answers gave, by the name that a ``LiveRead`` has for them."""
        return {
            f"answers.{name}": value
            for answer in self.answers
            for name, value in answer.items()
            if name != "step_id" and isinstance(value, str)
        }


@dataclass(frozen=True, kw_only=True)
class Work:
    """Everything that carrying out a plan's targets needs. ``graph_root`` is the version root of its cloud.

    ``unsettled`` are the resources that this plan or another may have changed, or may be changing, without the tenant
    showing it: by id in lower case.
    """

    plan: Plan
    loaded: LoadedAction
    rules: TenantRules
    sight: LiveSight
    actuator: Actuator
    journal: Journal
    clock: Clock
    pause: Pause
    passwords: Passwords
    graph_root: str
    unsettled: frozenset[str] = frozenset()

    @property
    def undoes(self) -> bool:
        return self.plan.undoes is not None

    def on_graphs_clock(self, moment: datetime) -> datetime:
        """Return a time of ours as Graph's clock showed it, as far as it is known."""
        return moment + (self.sight.facts.clock_skew or timedelta())

    @property
    def guards(self) -> tuple[Guard, ...]:
        undo = self.loaded.action.undo
        return undo.guards if self.undoes and undo is not None else self.loaded.action.guards

    @property
    def done_when(self) -> str:
        undo = self.loaded.action.undo
        return undo.done_when if self.undoes and undo is not None else self.loaded.action.done_when

    @property
    def steps(self) -> tuple[Step, ...]:
        undo = self.loaded.action.undo
        return undo.steps if self.undoes and undo is not None else self.loaded.action.steps

    @property
    def verify(self) -> Verify:
        undo = self.loaded.action.undo
        return undo.verify if self.undoes and undo is not None else self.loaded.action.verify

    @property
    def reads(self) -> tuple[LiveRead, ...]:
        return self.loaded.undo_live if self.undoes else self.loaded.live
