"""Examinations of tenants on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select

from posture.domain.action import ActionId
from posture.domain.check import CheckId
from posture.domain.examination import Examination, ReaderExamined, RemediatorExamined
from posture.domain.judgement import SkipKind, SkipReason
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.tenant import Licence
from posture.store.access_tables import EXAMINATIONS
from posture.store.columns import storable_text
from posture.store.rows import Row


def add(connection: Connection, examination: Examination) -> None:
    connection.execute(insert(EXAMINATIONS).values(_row(examination)))


def latest(connection: Connection, tenant_ids: Sequence[str]) -> Sequence[Examination]:
    """Return the newest examination of each of these tenants that has one, by tenant id."""
    newest = (
        select(func.max(EXAMINATIONS.c.number))
        .where(EXAMINATIONS.c.tenant_id.in_(tenant_ids))
        .group_by(EXAMINATIONS.c.tenant_id)
    )
    wanted = select(EXAMINATIONS).where(EXAMINATIONS.c.number.in_(newest)).order_by(EXAMINATIONS.c.tenant_id)
    return [_examination(row) for row in connection.execute(wanted).mappings()]


def forget(connection: Connection, before: datetime) -> int:
    """Delete the examinations of before then, but never the newest one of a tenant; return how many."""
    newest = select(func.max(EXAMINATIONS.c.number)).group_by(EXAMINATIONS.c.tenant_id)
    gone = delete(EXAMINATIONS).where(EXAMINATIONS.c.at < before, EXAMINATIONS.c.number.not_in(newest))
    return connection.execute(gone).rowcount


def _row(examination: Examination) -> Row:
    remediator = examination.remediator
    return {
        "tenant_id": examination.tenant_id,
        "at": examination.at,
        "reader": _reader_json(examination.reader),
        "remediator": None if remediator is None else _remediator_json(remediator),
    }


def _reader_json(reader: ReaderExamined) -> dict[str, Any]:
    return {
        "refused": _text(reader.refused),
        "granted": _sorted(reader.granted),
        "missing": [*reader.missing],
        "licences": _sorted(reader.licences),
        "clock_skew_seconds": None if reader.clock_skew is None else reader.clock_skew.total_seconds(),
        "tables_asked": reader.tables_asked,
        "tables_refused": [
            {**asdict(outcome), "as_of": outcome.as_of.isoformat(), "reason": _text(outcome.reason)}
            for outcome in reader.tables_refused
        ],
        "skips": {
            check: {"kind": reason.kind.value, "detail": _text(reason.detail)}
            for check, reason in reader.skips.items()
        },
    }


def _remediator_json(remediator: RemediatorExamined) -> dict[str, Any]:
    return {
        "refused": _text(remediator.refused),
        "granted": _sorted(remediator.granted),
        "actions": remediator.actions,
        "impossible": dict(remediator.impossible),
    }


def _examination(row: RowMapping) -> Examination:
    remediator = row["remediator"]
    return Examination(
        tenant_id=row["tenant_id"],
        at=row["at"],
        reader=_reader(row["reader"]),
        remediator=None if remediator is None else _remediator(remediator),
    )


def _reader(kept: Mapping[str, Any]) -> ReaderExamined:
    licences, skew = kept["licences"], kept["clock_skew_seconds"]
    return ReaderExamined(
        refused=kept["refused"],
        granted=_set(kept["granted"]),
        missing=tuple(kept["missing"]),
        licences=None if licences is None else frozenset(Licence(licence) for licence in licences),
        clock_skew=None if skew is None else timedelta(seconds=skew),
        tables_asked=kept["tables_asked"],
        tables_refused=tuple(
            TableOutcome(
                **{
                    **outcome,
                    "outcome": Outcome(outcome["outcome"]),
                    "as_of": datetime.fromisoformat(outcome["as_of"]),
                }
            )
            for outcome in kept["tables_refused"]
        ),
        skips={
            CheckId(check): SkipReason(kind=SkipKind(reason["kind"]), detail=reason["detail"])
            for check, reason in kept["skips"].items()
        },
    )


def _remediator(kept: Mapping[str, Any]) -> RemediatorExamined:
    return RemediatorExamined(
        refused=kept["refused"],
        granted=_set(kept["granted"]),
        actions=kept["actions"],
        impossible={ActionId(action): sentence for action, sentence in kept["impossible"].items()},
    )


def _sorted(texts: frozenset[str] | None) -> list[str] | None:
    return None if texts is None else sorted(texts)


def _set(texts: Sequence[str] | None) -> frozenset[str] | None:
    return None if texts is None else frozenset(texts)


def _text(text: str | None) -> str | None:
    return None if text is None else storable_text(text)
