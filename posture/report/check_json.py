"""A check as JSON values."""

from __future__ import annotations

from posture.definitions.loaded import LoadedCheck
from posture.domain.check import Check, Parameter


def check_json(loaded: LoadedCheck) -> dict[str, object]:
    """Return what people and scripts want to know of a check; ``reads`` maps source tables to columns."""
    check = loaded.check
    return check_line_json(check) | {
        "why": check.why,
        "fix": check.fix,
        "references": list(check.references),
        "false_positives": list(check.false_positives),
        "parameters": [parameter_json(parameter) for parameter in check.parameters],
        "reads": {table: sorted(columns) for table, columns in sorted(loaded.reads.source_columns.items())},
    }


def check_line_json(check: Check) -> dict[str, object]:
    """Return what a list tells of a check."""
    return {
        "id": check.id,
        "title": check.title,
        "resource": check.resource,
        "severity": check.severity.default.value,
        "critical_when": check.severity.critical_when,
        "maturity": check.maturity.value,
        "tags": list(check.tags),
        "frameworks": {name: list(ids) for name, ids in check.frameworks.items()},
        "is_local": check.is_local,
    }


def parameter_json(parameter: Parameter) -> dict[str, object]:
    """Return a parameter of a check or an action; ``default`` is null if it has to be given."""
    default = parameter.default
    return {
        "name": parameter.name,
        "type": parameter.type.value,
        "default": list(default) if isinstance(default, tuple) else default,
        "unit": parameter.unit,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "choices": list(parameter.choices),
        "help": parameter.help,
    }
