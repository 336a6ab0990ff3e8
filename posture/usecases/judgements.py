"""Rows of an evaluated check → judgements, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from posture.definitions.compiled import CompiledCheck
from posture.domain.check import Check
from posture.domain.finding import fingerprint
from posture.domain.judgement import Judgement, Resource, Value
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict

_BATCH = 500

Row = Mapping[str, Value]


def judgements_of(compiled: CompiledCheck, rows: Iterable[Row], *, tenant_id: str) -> Iterator[Sequence[Judgement]]:
    """Yield the judgements of ``rows`` in batches small enough to be held in memory and looked up at once."""
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        yield [_judgement(compiled, row, tenant_id) for row in batch]


def _judgement(compiled: CompiledCheck, row: Row, tenant_id: str) -> Judgement:
    check = compiled.check
    verdict = Verdict(str(row["_verdict"]))
    resource = _resource(check, row)
    identity = {name: row[name] for name in check.identity}
    return Judgement(
        check=check.id,
        resource=resource,
        identity=identity,
        verdict=verdict,
        severity=Severity(str(row["_severity"])),
        message=_message(compiled, verdict, row),
        evidence={name: row[name] for name in check.evidence},
        fingerprint=fingerprint(check=check.id, tenant_id=tenant_id, resource_id=resource.id, identity=identity),
    )


def _resource(check: Check, row: Row) -> Resource:
    name = row["resource_name"]
    return Resource(type=check.resource, id=str(row["resource_id"]), name=None if name is None else str(name))


def _message(compiled: CompiledCheck, verdict: Verdict, row: Row) -> str:
    """Return the author's sentence; a pass needs none."""
    if verdict is Verdict.PASS:
        return ""
    template = compiled.message_fail if verdict is Verdict.FAIL else compiled.message_unknown
    return template.render(row)
