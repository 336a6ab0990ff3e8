"""An action as JSON values."""

from __future__ import annotations

from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import Action, Guard, Risk, Step, Undo, Verify
from posture.domain.check import Parameter
from posture.report.check_json import parameter_json
from posture.report.json_types import TEXT, TEXT_OR_NULL, Schema, object_of, one_of


def action_json(loaded: LoadedAction) -> dict[str, object]:
    """Return what people and scripts want to know of an action; durations are in seconds.

    ``undo`` is null if ``undo_impossible_because`` says why. ``filled_by`` names the column of a finding that fills
    a parameter.
    """
    action = loaded.action
    return {
        "id": action.id,
        "version": action.version,
        "title": action.title,
        "resource": action.resource,
        "risk": action.risk.value,
        "effect": action.effect.strip(),
        "permissions": list(action.permissions),
        "directory_role": action.directory_role,
        "parameters": [_parameter(loaded, parameter) for parameter in action.parameters],
        "reads": sorted(action.reads),
        "guards": [_guard(guard) for guard in action.guards],
        "done_when": action.done_when,
        "steps": [_step(step) for step in action.steps],
        "verify": _verify(action.verify),
        "undo": None if action.undo is None else _undo(action.undo),
        "undo_impossible_because": action.undo_impossible_because,
        "approval": {
            "people": max(action.approval.people, action.risk.people),
            "role": action.approval.role.value,
            "valid_for_seconds": int(action.approval.valid_for.total_seconds()),
        },
        "limits": {
            "per_run": action.limits.per_run,
            "per_day": action.limits.per_day,
            "share": action.limits.share,
            "failures": action.limits.failures,
        },
        "is_local": action.is_local,
    }


def fitting_json(action: Action, *, impossible_because: str | None) -> dict[str, object]:
    """Return an action that fits a finding; ``impossible_because`` is null if it can be proposed now."""
    return {
        "id": action.id,
        "title": action.title,
        "risk": action.risk.value,
        "impossible_because": impossible_because,
    }


def fitting_schema() -> Schema:
    """Return the JSON Schema of ``fitting_json``."""
    because = {"description": "null if it can be proposed now", **TEXT_OR_NULL}
    return object_of(id=TEXT, title=TEXT, risk=one_of(Risk), impossible_because=because)


def _parameter(loaded: LoadedAction, parameter: Parameter) -> dict[str, object]:
    return parameter_json(parameter) | {"filled_by": loaded.sources.get(parameter.name)}


def _guard(guard: Guard) -> dict[str, object]:
    return {"id": guard.id, "require": guard.require, "refuse": guard.refuse}


def _step(step: Step) -> dict[str, object]:
    return {
        "id": step.id,
        "method": step.method,
        "path": step.path,
        "for_each": step.for_each,
        "body": None if step.body is None else dict(step.body),
        "reveal": step.reveal,
    }


def _verify(verify: Verify) -> dict[str, object]:
    return {
        "within_seconds": int(verify.within.total_seconds()),
        "until": verify.until,
        "until_gone": verify.until_gone,
    }


def _undo(undo: Undo) -> dict[str, object]:
    return {
        "within_seconds": int(undo.within.total_seconds()),
        "guards": [_guard(guard) for guard in undo.guards],
        "done_when": undo.done_when,
        "steps": [_step(step) for step in undo.steps],
        "verify": _verify(undo.verify),
    }
