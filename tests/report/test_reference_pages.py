"""The generated reference: pages are readable, the schema fits what is written, the committed files are current."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from posture.cli.reference import reference_files
from posture.domain.check import CheckId
from posture.domain.finding import FindingChange
from posture.domain.judgement import (
    CheckOutcome,
    CheckResult,
    Counts,
    Judgement,
    Resource,
    SkipKind,
    SkipReason,
)
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.run import Run, RunState, RunSummary
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict
from posture.report.reference import CommandPage, OptionPage, commands_markdown, tables_markdown
from posture.report.scan_json import ScanDocument
from posture.report.scan_schema import scan_schema
from posture.tables.table import Column, DerivedTable

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SCHEMAS = [f"{kind}.schema.json" for kind in ("check", "action", "scan", "plan", "notice", "deliveries", "sending")]


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return reference_files()


@pytest.mark.parametrize(
    "name",
    [
        *("tables.md", "checks.md", "actions.md", "permissions.md", "cli.md"),
        *SCHEMAS,
    ],
)
def test_the_committed_page_is_what_make_docs_would_write(generated: dict[str, str], name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == generated[name], "run: make docs"


def test_no_other_file_lies_among_the_generated_ones(generated: dict[str, str]) -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(generated)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_valid_schema(generated: dict[str, str], name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(generated[name]))


def test_a_pipe_or_line_break_in_a_text_does_not_break_the_table() -> None:
    column = Column(name="kind", type="VARCHAR", field=None, doc="secret | certificate,\n  nothing else.")
    page = tables_markdown([DerivedTable(name="things", doc="Things. More.", sql="select 1", columns=(column,))])
    assert "| `kind` | `VARCHAR` |  | secret \\| certificate, nothing else. |" in page.splitlines()
    assert "- [things](#things): Things." in page.splitlines()


def test_every_action_stands_in_the_page_of_permissions_with_what_it_needs(generated: dict[str, str]) -> None:
    lines = generated["permissions.md"].splitlines()
    actions = [line for line in generated["actions.md"].splitlines() if line.startswith("## ")]

    for heading in actions:
        id = heading.removeprefix("## ")
        (row,) = [line for line in lines if line.startswith(f"| [{id}](actions.md#{id}) |")]
        assert ".All`" in row or "RoleManagement.ReadWrite.Directory`" in row or "ConditionalAccess`" in row
    assert "| `User.RevokeSessions.All` | [reset-mfa](actions.md#reset-mfa), [revoke-sessions]" in "\n".join(lines)


def test_a_command_without_options_has_no_table() -> None:
    page = commands_markdown([CommandPage(name="posture x", help="Do x.", options=())])
    assert "| option" not in page
    with_option = CommandPage(
        name="posture y", help="", options=(OptionPage(names=("--a",), help="A.", default="1"),)
    )
    assert "| `--a` | A. | `1` |" in commands_markdown([with_option])


def a_summary(*, state: RunState, checks: tuple[CheckResult, ...]) -> RunSummary:
    run = Run(
        id="r1",
        tenant_id="11111111-1111-1111-1111-111111111111",
        tenant_name="contoso",
        taken_at=MONDAY,
        finished_at=None if state is RunState.ABORTED else MONDAY,
        state=state,
        aborted_because="the secret is wrong" if state is RunState.ABORTED else None,
    )
    table = TableOutcome(
        table="users",
        outcome=Outcome.FORBIDDEN,
        rows=0,
        requests=1,
        seconds=0.1,
        as_of=MONDAY,
        reason="User.Read.All is missing",
        missing="User.Read.All",
    )
    return RunSummary(run=run, tenant_display_name=None, tables=(table,), checks=checks)


def a_result(outcome: CheckOutcome) -> CheckResult:
    return CheckResult(
        check=CheckId("mfa-gaps"),
        severity=Severity.HIGH,
        outcome=outcome,
        skipped=SkipReason(kind=SkipKind.PERMISSION_MISSING, detail="users")
        if outcome is CheckOutcome.SKIPPED
        else None,
        error="ran out of memory" if outcome is CheckOutcome.BROKEN else None,
        counts=Counts(passed=1, failed=1, unknown=0, not_applicable=0, exempted=0)
        if outcome is CheckOutcome.EVALUATED
        else None,
    )


def written(state: RunState) -> dict[str, object]:
    judgement = Judgement(
        check=CheckId("mfa-gaps"),
        resource=Resource(type="user", id="1", name=None),
        identity={"key_id": "k"},
        verdict=Verdict.FAIL,
        severity=Severity.HIGH,
        message="m",
        evidence={"methods": []},
        fingerprint="f",
    )
    text = io.StringIO()
    with ScanDocument() as document:
        document.add(judgement, FindingChange.NEW)
        document.add(judgement, None)
        document.write(a_summary(state=state, checks=tuple(map(a_result, CheckOutcome))), text)
    value: dict[str, object] = json.loads(text.getvalue())
    return value


@pytest.mark.parametrize("state", [RunState.COMPLETE, RunState.INCOMPLETE, RunState.ABORTED])
def test_what_a_scan_writes_fits_the_schema(state: RunState) -> None:
    jsonschema.validate(written(state), scan_schema())


def test_the_schema_refuses_what_a_scan_never_writes() -> None:
    for key, value in (("schema", "posture.scan/2"), ("judgements", None), ("more", 1)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**written(RunState.COMPLETE), key: value}, scan_schema())
