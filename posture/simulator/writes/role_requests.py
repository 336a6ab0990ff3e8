"""Requests of Privileged Identity Management: eligible and active assignments, made and removed by an application."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from posture.simulator.graph_errors import GraphError, bad_request
from posture.simulator.tenant import Entity
from posture.simulator.writes.role_holders import ASSIGNMENTS
from posture.simulator.writes.roles import (
    INSTANCES,
    NO_END,
    ROLES,
    SCHEDULES,
    assign,
    checked_subject,
    exists,
    new_instance,
    new_schedule,
    withdraw,
)
from posture.simulator.writes.write import Changed, Write, new_guid, written

_ELIGIBLE = f"{ROLES}/roleEligibilitySchedules"
_ELIGIBLE_NOW = f"{ROLES}/roleEligibilityScheduleInstances"
_DURATION = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a request asks for: who, which role, where; when it starts; how it ends."""

    subject: Entity
    starts: str
    expiration: Mapping[str, Any]


def request_eligibility(write: Write) -> Changed:
    wanted = _wanted(write)
    before = _rows(write, _ELIGIBLE, wanted.subject)
    _check_action(write, before)
    if write.body.get("isValidationOnly") is True:
        return _answer(write, wanted, f"{ROLES}/roleEligibilityScheduleRequests", "Granted", None)
    if write.body["action"] == "adminRemove":
        _drop(write, (_ELIGIBLE, _ELIGIBLE_NOW), wanted.subject)
        return _answer(write, wanted, f"{ROLES}/roleEligibilityScheduleRequests", "Revoked", before[0]["id"])
    schedule = new_schedule(write, wanted.subject, wanted.expiration, wanted.starts)
    write.tenant.collections.setdefault(_ELIGIBLE, []).append(schedule)
    if _has_begun(write, wanted):
        own = {"id": new_guid(write.tenant), "roleEligibilityScheduleId": schedule["id"]}
        instance = new_instance(wanted.subject, schedule) | own
        write.tenant.collections.setdefault(_ELIGIBLE_NOW, []).append(instance)
    return _answer(write, wanted, f"{ROLES}/roleEligibilityScheduleRequests", _state(write, wanted), schedule["id"])


def request_assignment(write: Write) -> Changed:
    wanted = _wanted(write)
    before = _rows(write, SCHEDULES, wanted.subject) or _rows(write, ASSIGNMENTS, wanted.subject)
    _check_action(write, before)
    if write.body.get("isValidationOnly") is True:
        return _answer(write, wanted, f"{ROLES}/roleAssignmentScheduleRequests", "Granted", None)
    if write.body["action"] == "adminRemove":
        for assignment in _rows(write, ASSIGNMENTS, wanted.subject):
            withdraw(write, assignment)
        _drop(write, (SCHEDULES, INSTANCES), wanted.subject)
        return _answer(write, wanted, f"{ROLES}/roleAssignmentScheduleRequests", "Revoked", before[0]["id"])
    if _has_begun(write, wanted):
        assign(write, wanted.subject, wanted.expiration, wanted.starts)
    else:
        schedule = new_schedule(write, wanted.subject, wanted.expiration, wanted.starts)
        write.tenant.collections.setdefault(SCHEDULES, []).append(schedule | {"assignmentType": "Assigned"})
    target = _rows(write, SCHEDULES, wanted.subject)[-1]["id"]
    return _answer(write, wanted, f"{ROLES}/roleAssignmentScheduleRequests", _state(write, wanted), target)


def _wanted(write: Write) -> Wanted:
    if write.body["action"] not in {"adminAssign", "adminRemove"}:
        raise bad_request("An application makes and removes assignments: action is adminAssign or adminRemove.")
    subject = checked_subject(write)
    schedule = write.body.get("scheduleInfo")
    if write.body["action"] == "adminRemove":
        return Wanted(subject=subject, starts=write.at, expiration=NO_END)
    if not isinstance(schedule, Mapping):
        raise bad_request("A value is required for property 'scheduleInfo'.")
    starts = schedule.get("startDateTime") or write.at
    begins = max(datetime.fromisoformat(starts), write.now)
    return Wanted(subject=subject, starts=written(begins), expiration=_expiration(schedule.get("expiration"), begins))


def _expiration(wanted: Any, begins: datetime) -> Mapping[str, Any]:
    """Return the end as Graph keeps it: a date, or none."""
    given = wanted if isinstance(wanted, Mapping) else {}
    match given.get("type"):
        case "noExpiration":
            return NO_END
        case "afterDateTime" if given.get("endDateTime"):
            ends = datetime.fromisoformat(given["endDateTime"])
        case "afterDuration" if (length := _length(given.get("duration"))) is not None:
            ends = begins + length
        case _:
            raise _against_the_rules("ExpirationRule")
    if ends <= begins:
        raise _against_the_rules("ExpirationRule")
    return {"type": "afterDateTime", "endDateTime": written(ends), "duration": None}


def _length(text: Any) -> timedelta | None:
    found = _DURATION.fullmatch(str(text))
    parts = {name: int(value) for name, value in found.groupdict().items() if value} if found else {}
    return timedelta(**parts) if parts else None


def _against_the_rules(rule: str) -> GraphError:
    message = f'The following policy rules failed: ["{rule}"]'
    return GraphError(400, "RoleAssignmentRequestPolicyValidationFailed", message)


def _check_action(write: Write, before: list[Entity]) -> None:
    if write.body["action"] == "adminAssign" and before:
        raise exists()
    if write.body["action"] == "adminRemove" and not before:
        raise GraphError(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")


def _rows(write: Write, path: str, subject: Entity) -> list[Entity]:
    same = {name: str(value) for name, value in subject.items() if value is not None}
    return write.directory.held_in(path, **same)


def _drop(write: Write, paths: tuple[str, ...], subject: Entity) -> None:
    for path in paths:
        for row in _rows(write, path, subject):
            write.tenant.collections[path].remove(row)


def _has_begun(write: Write, wanted: Wanted) -> bool:
    return datetime.fromisoformat(wanted.starts) <= write.now


def _state(write: Write, wanted: Wanted) -> str:
    return "Provisioned" if _has_begun(write, wanted) else "ScheduleCreated"


def _answer(write: Write, wanted: Wanted, path: str, status: str, target: str | None) -> Changed:
    is_removal = write.body["action"] == "adminRemove"
    schedule = {"startDateTime": wanted.starts, "recurrence": None, "expiration": dict(wanted.expiration)}
    made: Entity = {
        "id": new_guid(write.tenant) if is_removal or target is None else target,
        "status": status,
        "createdDateTime": write.at,
        "completedDateTime": write.at,
        "approvalId": None,
        "customData": None,
        "action": write.body["action"],
        **wanted.subject,
        "isValidationOnly": write.body.get("isValidationOnly") is True,
        "targetScheduleId": target,
        "justification": write.body.get("justification"),
        "createdBy": {
            "application": None,
            "device": None,
            "user": {"displayName": None, "id": write.caller.object_id},
        },
        "scheduleInfo": None if is_removal else schedule,
        "ticketInfo": write.body.get("ticketInfo") or {"ticketNumber": None, "ticketSystem": None},
    }
    if target is not None:
        write.tenant.collections.setdefault(path, []).append(made)
    return write.context(f"{path}/$entity") | made
