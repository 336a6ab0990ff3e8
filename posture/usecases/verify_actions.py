"""Try an action out: its own cases, and the boldness probe. Nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from posture.definitions.action_cases import ActionCase
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import ActionId
from posture.domain.judgement import Value
from posture.errors import ActionBroken, LiveDataUnfit
from posture.usecases.action_trial import ActionTrial, Deed
from posture.usecases.boldness_probe import probe_boldness
from posture.usecases.null_probe import Violation
from posture.usecases.ports import LiveDesk


@dataclass(frozen=True, kw_only=True)
class ActionCaseResult:
    """How one inline test ended; ``problem`` is None if it holds, else a sentence."""

    case: ActionCase
    problem: str | None


@dataclass(frozen=True, kw_only=True)
class ActionVerification:
    """Everything that was tried on one action."""

    action: ActionId
    cases: tuple[ActionCaseResult, ...]
    violations: tuple[Violation, ...]

    @property
    def holds(self) -> bool:
        return not self.violations and all(result.problem is None for result in self.cases)


def verify_actions(
    actions: Iterable[LoadedAction], *, desk: LiveDesk, dictionary: Dictionary, with_probe: bool = True
) -> Iterator[ActionVerification]:
    """Yield the verification of each action, in order. ``dictionary`` has the tables that can be read live."""
    for loaded in actions:
        yield verify_action(loaded, desk=desk, dictionary=dictionary, with_probe=with_probe)


def verify_action(
    loaded: LoadedAction, *, desk: LiveDesk, dictionary: Dictionary, with_probe: bool = True
) -> ActionVerification:
    """Run all cases of an action, and the boldness probe over every case that holds."""
    trial = ActionTrial(loaded, desk)
    results = tuple(ActionCaseResult(case=case, problem=_problem(case, trial)) for case in loaded.cases)
    good = [result.case for result in results if result.problem is None] if with_probe else []
    violations = tuple(violation for case in good for violation in probe_boldness(case, trial, dictionary))
    return ActionVerification(action=loaded.action.id, cases=results, violations=violations)


def _problem(case: ActionCase, trial: ActionTrial) -> str | None:
    try:
        deed = trial.deed(case, case.rows, case.before)
        is_verified = trial.is_verified(case)
    except (ActionBroken, LiveDataUnfit) as broken:
        return f"the action breaks: {broken}"
    found = _unmet_outcome(case, deed) or _unmet_requests(case, deed)
    if found is None and is_verified and deed.outcome == "done":
        return "what is waited for after acting is true before it, so waiting shows nothing"
    return found


def _unmet_outcome(case: ActionCase, deed: Deed) -> str | None:
    wanted, got = case.expects, _outcome(deed.outcome, deed.guard)
    if wanted.outcome != deed.outcome or (wanted.guard is not None and wanted.guard != deed.guard):
        return f"expected {_outcome(wanted.outcome, wanted.guard)}, got {got}"
    return None


def _unmet_requests(case: ActionCase, deed: Deed) -> str | None:
    wanted = case.expects
    if wanted.calls is not None and wanted.calls != deed.calls:
        return f"expected {_listed(wanted.calls)}, got {_listed(deed.calls)}"
    bodies = tuple(request.body for request in deed.requests)
    for number, (body, got) in enumerate(zip(wanted.bodies or (), bodies, strict=False)):
        if body != got:
            return f"expected {_text(body)} as body of call {number + 1}, got {_text(got)}"
    return None


def _outcome(outcome: str, guard: str | None) -> str:
    return f"{outcome} by {guard}" if guard is not None else outcome


def _listed(calls: Sequence[str]) -> str:
    return ", ".join(calls) or "no call"


def _text(body: Mapping[str, Value] | None) -> str:
    return "none" if body is None else str(dict(body))
