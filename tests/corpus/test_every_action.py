"""Every shipped action: it loads, reads well, sends known requests only, passes its cases, and survives the probe."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from posture.definitions.action_lint import lint_action
from posture.definitions.catalog import load_actions, load_catalog
from posture.definitions.content import content_directory
from posture.definitions.dictionary import Dictionary
from posture.definitions.json_schema import action_schema
from posture.definitions.loaded_action import LoadedAction
from posture.snapshot.live import LiveDesk
from posture.tables import RESOURCE_TYPES, TABLES
from posture.tables.live import ONLY_LIVE
from posture.tables.writes import find_writes
from posture.usecases.verify_actions import verify_action

FILES = sorted(content_directory("actions").rglob("*.yaml"))
EACH = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
DICTIONARY = Dictionary(TABLES, RESOURCE_TYPES)
LIVE = DICTIONARY.with_tables(ONLY_LIVE)


@cache
def loaded(path: Path) -> LoadedAction:
    (found,) = load_actions([path], DICTIONARY)
    return found


@pytest.fixture(scope="module")
def desk() -> Iterator[LiveDesk]:
    desk = LiveDesk(LIVE.tables)
    yield desk
    desk.close()


def test_there_are_actions_and_all_of_them_load_each_with_an_id_of_its_own() -> None:
    actions = load_catalog([], DICTIONARY).actions

    assert len(FILES) > 0
    assert {found.action.path for found in actions} == set(FILES)


def test_every_action_lies_in_the_directory_of_an_area() -> None:
    root = content_directory("actions")

    assert [path for path in FILES if path.parent.parent != root] == []


def test_every_file_has_the_ending_that_is_looked_for() -> None:
    root = content_directory("actions")
    others = [path for path in root.rglob("*") if path.is_file() and path.suffix != ".yaml"]

    assert others == [root / "README.md"]


def test_every_action_is_offered_by_checks_about_the_same_resource_only() -> None:
    catalog = load_catalog([], DICTIONARY)
    resources = {found.action.id: found.action.resource for found in catalog.actions}

    assert [
        (found.check.id, action)
        for found in catalog.checks
        for action in found.check.actions
        if resources[action] != found.check.resource
    ] == []


@EACH
def test_the_action_reads_well(path: Path) -> None:
    assert [str(advice) for advice in lint_action(loaded(path))] == []


@EACH
def test_the_action_has_the_form_that_editors_are_told(path: Path) -> None:
    jsonschema.validate(loaded(path).document.value, action_schema(LIVE))


@EACH
def test_it_is_said_what_the_action_does_and_how_it_is_taken_back(path: Path) -> None:
    action = loaded(path).action

    assert action.effect
    assert (action.undo is None) == bool(action.undo_impossible_because)


@EACH
def test_every_request_is_known_and_covered_by_the_permissions(path: Path) -> None:
    action = loaded(path).action
    steps = (*action.steps, *(action.undo.steps if action.undo is not None else ()))

    for step in steps:
        writes = find_writes(step.method, step.path)
        assert writes
        assert all(write.is_allowed_by(frozenset(action.permissions), step.body or ()) for write in writes)


@EACH
def test_the_action_passes_its_cases_and_survives_the_probe(path: Path, desk: LiveDesk) -> None:
    verification = verify_action(loaded(path), desk=desk, dictionary=LIVE)

    assert [f"{result.case.at}: {result.case.name}: {result.problem}" for result in verification.cases
            if result.problem is not None] == []  # fmt: skip
    assert [f"{violation.case}: {violation.sentence}" for violation in verification.violations] == []
