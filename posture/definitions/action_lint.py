"""Advice on actions that load: what a reviewer would ask for. Nothing here makes an action work differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from posture.definitions.lint import (
    remarks_on_parameters,
    remarks_on_sentence,
    remarks_on_tests,
    remarks_on_title,
)
from posture.definitions.loaded_action import LoadedAction
from posture.definitions.yaml_source import Step
from posture.domain.action import Guard
from posture.errors import DefinitionError


def lint_actions(actions: Iterable[LoadedAction]) -> tuple[DefinitionError, ...]:
    """Return everything that should be better, in the order of actions and lines."""
    return tuple(error for loaded in actions for error in lint_action(loaded))


def lint_action(loaded: LoadedAction) -> tuple[DefinitionError, ...]:
    """Return what should be better in one action."""
    found = [*_texts(loaded), *remarks_on_tests(loaded.document, loaded.strings)]
    return tuple(sorted(found, key=lambda error: (error.at.line, error.at.column)))


def _texts(loaded: LoadedAction) -> Iterator[DefinitionError]:
    action, document = loaded.action, loaded.document
    yield from remarks_on_title(document, action.title)
    yield from remarks_on_sentence(document, "effect", action.effect)
    yield from remarks_on_parameters(document, action.parameters)
    yield from _refusals(loaded, action.guards, ("guards",))
    if action.undo is not None:
        yield from _refusals(loaded, action.undo.guards, ("undo", "guards"))


def _refusals(loaded: LoadedAction, guards: Iterable[Guard], steps: tuple[Step, ...]) -> Iterator[DefinitionError]:
    for number, guard in enumerate(guards):
        if guard.refuse.endswith("."):
            at = (*steps, number, "refuse")
            problem = "what is said on refusing stands inside a sentence"
            yield loaded.document.error(problem, at=at, advice="Leave the full stop out.")
