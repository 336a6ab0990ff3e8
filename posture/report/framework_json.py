"""Frameworks as JSON values with their schemas."""

from __future__ import annotations

from posture.domain.frameworks import ControlLine, Framework, FrameworkLine
from posture.report.json_types import COUNT, TEXT, Schema, list_of, object_of
from posture.report.numbers_json import mark_json, mark_schema, numbers_json, numbers_schema


def framework_line_json(line: FrameworkLine) -> dict[str, object]:
    """Return a framework of a list; its numbers count controls, not checks."""
    return {
        "name": line.name,
        "controls": line.controls,
        "checks": line.checks,
        "covered": line.covered,
        "numbers": numbers_json(line.numbers),
        "by_tenant": {tenant: numbers_json(numbers) for tenant, numbers in line.by_tenant.items()},
    }


def framework_line_schema() -> Schema:
    """Return the JSON Schema of ``framework_line_json``."""
    return object_of(
        name=TEXT,
        controls={"description": "those that checks speak for; it may have others", **COUNT},
        checks=COUNT,
        covered={"description": "share of them that was judged", "type": ["number", "null"]},
        numbers={"description": "controls, in all tenants together", **numbers_schema()},
        by_tenant={"type": "object", "additionalProperties": numbers_schema()},
    )


def framework_json(framework: Framework) -> dict[str, object]:
    """Return a framework with its controls; ``control_lines`` tells how each stands."""
    return framework_line_json(framework.line) | {
        "control_lines": [_control_json(control) for control in framework.controls]
    }


def framework_schema() -> Schema:
    """Return the JSON Schema of ``framework_json``."""
    control = object_of(
        control=TEXT,
        checks=list_of(TEXT),
        by_tenant={
            "description": "the worst mark of its checks",
            "type": "object",
            "additionalProperties": mark_schema(),
        },
    )
    return object_of(**framework_line_schema()["properties"], control_lines=list_of(control))


def _control_json(control: ControlLine) -> dict[str, object]:
    return {
        "control": control.control,
        "checks": list(control.checks),
        "by_tenant": {tenant: mark_json(mark) for tenant, mark in control.by_tenant.items()},
    }
