"""What an action file must say, and must not say in two ways, before its SQL is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from posture.definitions.action_model import ActionModel, GuardModel, UndoModel, VerifyModel
from posture.definitions.action_sql import OWN_PARAMETERS
from posture.definitions.action_steps import GRAPH
from posture.definitions.check_words import declared_parameters
from posture.definitions.yaml_source import Step, YamlDocument
from posture.domain.check import Parameter
from posture.errors import DefinitionError

_RESERVED: Final = OWN_PARAMETERS | {GRAPH}


def require_sense(document: YamlDocument, model: ActionModel) -> None:
    """Hold the parts of an action file to one another.

    Raises:
        DefinitionError: something is missing, stands twice, or contradicts something else.
    """
    error = document.error
    if model.id != document.path.stem:
        problem = f'the id is not "{document.path.stem}"'
        raise error(problem, at=("id",), advice="Id and file name must be equal.")
    if model.approval.people < model.risk.people:
        problem = f"what is {model.risk} needs {model.risk.people} people"
        raise error(problem, at=("approval", "people"), advice=f"Write {model.risk.people} or more.")
    if model.limits.per_day < model.limits.per_run:
        problem = "fewer are allowed in a day than in one run"
        raise error(problem, at=("limits", "per_day"), advice=f"Write {model.limits.per_run} or more.")
    for key, words in (("permissions", model.permissions), ("secrets", model.secrets)):
        _require_once(document, words, (key,))
    for number, name in enumerate(model.secrets):
        if name in _RESERVED or name in model.params:
            advice = "Use another word."
            raise error(f'"{name}" cannot name a secret', at=("secrets", number), advice=advice)
    _require_guards(document, model.guards, ("guards",))
    _require_verify(document, model.verify, ("verify",))
    _require_undo(document, model.undo)


def declared(document: YamlDocument, model: ActionModel) -> tuple[Parameter, ...]:
    """Return the parameters that the file declares.

    Raises:
        DefinitionError: a name cannot be one, the declaration contradicts itself, or it is not said whether a value
            has to be given.
    """
    for name, parameter in model.params.items():
        if parameter.required == (parameter.default is not None):
            problem = f'it is not said what "{name}" is if nobody gives it a value'
            raise document.error(problem, at=("params", name), advice='Write either "default" or "required: true".')
    declarations = {name: (parameter, parameter.default) for name, parameter in model.params.items()}
    return declared_parameters(document, declarations, reserved=_RESERVED)


def _require_once(document: YamlDocument, words: Sequence[str], steps: tuple[Step, ...]) -> None:
    for number, word in enumerate(words):
        if word in words[:number]:
            raise document.error(f'"{word}" stands here twice', at=(*steps, number), advice="Keep one.")


def _require_guards(document: YamlDocument, guards: Sequence[GuardModel], steps: tuple[Step, ...]) -> None:
    for number, guard in enumerate(guards):
        if guard.id in [other.id for other in guards[:number]]:
            problem = f'two guards are called "{guard.id}"'
            raise document.error(problem, at=(*steps, number, "id"), advice="Rename one.")


def _require_verify(document: YamlDocument, verify: VerifyModel, steps: tuple[Step, ...]) -> None:
    if (verify.until is None) == (verify.until_gone is None):
        problem = "it is not said what to wait for"
        raise document.error(problem, at=steps, advice='Write either "until" or "until_gone".')


def _require_undo(document: YamlDocument, undo: UndoModel) -> None:
    if undo.possible:
        _require_possible(document, undo)
        return
    if undo.because is None:
        raise _undo_error(document, 'the key "because" is missing', "Say why it cannot be undone.")
    for key in ("within", "read", "guards", "done_when", "steps", "verify"):
        if key in undo.model_fields_set:
            raise document.error(
                f'what cannot be undone has no "{key}"',
                at=("undo", key),
                advice='Leave it out, or say "possible: true".',
            )


def _require_possible(document: YamlDocument, undo: UndoModel) -> None:
    if undo.because is not None:
        raise document.error(
            '"because" says why something cannot be undone', at=("undo", "because"), advice="Leave it out."
        )
    missing = [key for key in ("within", "done_when", "steps", "verify") if getattr(undo, key) in (None, [])]
    if missing or undo.verify is None:
        problem = f'the key "{missing[0]}" is missing'
        raise _undo_error(document, problem, "What can be undone says how and for how long.")
    _require_guards(document, undo.guards, ("undo", "guards"))
    _require_verify(document, undo.verify, ("undo", "verify"))


def _undo_error(document: YamlDocument, problem: str, advice: str) -> DefinitionError:
    return document.error(problem, at=("undo",), advice=advice)
