"""``posture checks`` without any configuration: the shipped checks, and files that somebody writes."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from posture.definitions.yaml_source import read_yaml
from posture.errors import DefinitionErrors, UsageError
from tests.cli.conftest import run

SHIPPED = Path(__file__).parents[2] / "checks"
EXAMPLE = next(SHIPPED.rglob("credential-expired.yaml"))


@pytest.fixture(autouse=True)
def _without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POSTURE_CONFIG", raising=False)


def a_copy(directory: Path, old: str, new: str) -> Path:
    """Write the example with something changed."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = directory / EXAMPLE.name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_list_names_every_shipped_check() -> None:
    said = run("checks", "list")

    assert said.code == 0
    for path in SHIPPED.rglob("*.yaml"):
        assert path.stem in said.out


def test_a_tag_narrows_the_list() -> None:
    everything = run("checks", "list", "--format", "json").json()
    tag = everything[0]["tags"][0]

    chosen = run("checks", "list", "--format", "json", "--tag", tag).json()

    assert {check["id"] for check in chosen} == {check["id"] for check in everything if tag in check["tags"]}
    assert len(chosen) < len(everything)


def test_a_check_shows_why_how_to_fix_what_it_reads_and_its_sql() -> None:
    said = run("checks", "show", "secret-expiring-soon")

    headings = ("Why it matters", "How to fix it", "Reads", "Parameters", "SQL")
    assert [said.out.index(f"\n{heading}\n") for heading in headings] == sorted(
        said.out.index(f"\n{heading}\n") for heading in headings
    )
    assert "warn_days" in said.out
    assert "select" in said.out.lower()


def test_a_check_without_parameters_shows_none() -> None:
    plain = next(c["id"] for c in run("checks", "list", "--format", "json").json() if not c["parameters"])

    assert "\nParameters\n" not in run("checks", "show", plain).out
    assert run("checks", "show", plain, "--format", "json").json()["id"] == plain


def test_a_misspelt_check_is_refused_with_the_nearest_one() -> None:
    said = run("checks", "show", "secret-expiring-son")

    assert isinstance(said.error, UsageError)
    assert "secret-expiring-soon" in str(said.error)


def test_a_check_whose_cases_hold_is_fine() -> None:
    said = run("checks", "test", EXAMPLE)

    assert said.code == 0
    assert said.out.startswith("1 check with ")
    assert said.out.endswith("none with problems\n")


@pytest.mark.parametrize("format", ["table", "json"])
def test_a_case_that_does_not_hold_is_shown_with_its_place(tmp_path: Path, format: str) -> None:
    path = a_copy(tmp_path, "applies_when: true", "applies_when: false")

    said = run("checks", "test", path, "--no-probes", "--format", format)

    assert said.code == 1
    assert "credential-expired.yaml:" in said.out
    if format == "json":
        (verification,) = said.json()
        assert verification["check"] == "credential-expired"
        assert not verification["holds"]
        assert verification["problems"]


def test_lint_has_nothing_to_say_about_a_shipped_check() -> None:
    said = run("checks", "lint", EXAMPLE)

    assert (said.code, said.out) == (0, "")
    assert "1 check: no remarks" in said.err


def test_lint_says_what_a_reviewer_would(tmp_path: Path) -> None:
    path = a_copy(tmp_path, "microsoft.com/graph", "microsoft.com/en-us/graph")

    said = run("checks", "lint", path)

    assert said.code == 1
    assert "credential-expired.yaml:" in said.out
    assert "has a language in it" in said.out


def test_a_broken_file_is_refused_with_its_place(tmp_path: Path) -> None:
    said = run("checks", "lint", a_copy(tmp_path, "severity:", "severty:"))

    assert isinstance(said.error, DefinitionErrors)
    assert "credential-expired.yaml:" in str(said.error)


def test_the_schema_accepts_every_shipped_check() -> None:
    schema = run("checks", "schema").json()

    for path in SHIPPED.rglob("*.yaml"):
        jsonschema.validate(read_yaml(path).value, schema)
