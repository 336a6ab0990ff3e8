"""Every shipped check: it loads, reads well, passes its own cases, and survives the probes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from posture.definitions.catalog import load_catalog, load_checks
from posture.definitions.content import content_directory
from posture.definitions.dictionary import Dictionary
from posture.definitions.json_schema import check_schema
from posture.definitions.lint import lint_check
from posture.definitions.loaded import LoadedCheck
from posture.snapshot.bench import TableBench
from posture.tables import RESOURCE_TYPES, TABLES
from posture.usecases.verify_definitions import verify_check

FILES = sorted(content_directory("checks").rglob("*.yaml"))
DICTIONARY = Dictionary(TABLES, RESOURCE_TYPES)


@cache
def loaded(path: Path) -> LoadedCheck:
    return load_checks([path], DICTIONARY).checks[0]


@pytest.fixture(scope="module")
def bench() -> Iterator[TableBench]:
    bench = TableBench(TABLES)
    yield bench
    bench.close()


def test_there_are_checks_and_all_of_them_load() -> None:
    assert len(FILES) > 0
    assert {found.check.path for found in load_catalog([], DICTIONARY).checks} == set(FILES)


def test_every_check_lies_in_the_directory_of_an_area() -> None:
    root = content_directory("checks")

    assert [path for path in FILES if path.parent.parent != root] == []


def test_every_file_has_the_ending_that_is_looked_for() -> None:
    others = [path for path in content_directory("checks").rglob("*") if path.is_file() and path.suffix != ".yaml"]

    assert others == []


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_check_reads_well(path: Path) -> None:
    assert [str(advice) for advice in lint_check(loaded(path))] == []


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_check_has_the_form_that_editors_are_told(path: Path) -> None:
    jsonschema.validate(
        loaded(path).document.value, check_schema(DICTIONARY, actions=load_checks([path], DICTIONARY).action_ids)
    )


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_check_passes_its_cases_and_survives_the_probes(path: Path, bench: TableBench) -> None:
    verification = verify_check(loaded(path), bench=bench, dictionary=DICTIONARY)

    assert [f"{result.case.at}: {result.case.name}: {result.problem}" for result in verification.cases
            if result.problem is not None] == []  # fmt: skip
    assert [f"{violation.case}: {violation.sentence}" for violation in verification.violations] == []
