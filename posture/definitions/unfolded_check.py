"""The check that a file describes, with its short forms written out."""

from __future__ import annotations

from pathlib import Path

from posture.definitions.check_model import CheckModel, SeverityModel
from posture.domain.check import Check, CheckId, Parameter, SeverityRule


def unfolded_check(model: CheckModel, parameters: tuple[Parameter, ...], *, path: Path, is_local: bool) -> Check:
    """Return the check of a file that has been held to its model."""
    return Check(
        id=CheckId(model.id),
        title=model.title,
        resource=model.resource,
        severity=_severity_rule(model),
        maturity=model.maturity,
        deprecated_because=model.deprecated_because,
        tags=tuple(model.tags),
        why=model.why.strip(),
        fix=model.fix.strip(),
        references=tuple(model.references),
        false_positives=tuple(text.strip() for text in model.false_positives),
        frameworks={key: tuple(ids) for key, ids in model.frameworks.items()},
        parameters=parameters,
        rows=model.rows,
        identity=tuple(model.identity),
        applies_when=_condition_text(model.applies_when),
        fail_when=_condition_text(model.fail_when),
        message_fail=model.message.fail,
        message_unknown=model.message.unknown,
        evidence=tuple(model.evidence),
        actions=tuple(model.actions),
        path=path,
        is_local=is_local,
    )


def _severity_rule(model: CheckModel) -> SeverityRule:
    if isinstance(model.severity, SeverityModel):
        return SeverityRule(default=model.severity.default, critical_when=model.severity.critical_when)
    return SeverityRule(default=model.severity, critical_when=None)


def _condition_text(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value
