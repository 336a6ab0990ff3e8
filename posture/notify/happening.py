"""What happened, in the words that subject, text, HTML and card share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from posture.domain.judgement import Value
from posture.domain.notice import Event, Notice
from posture.domain.severity import Severity

HEADLINES: Final[Mapping[Event, str]] = {
    Event.FINDING_OPENED: "New finding",
    Event.FINDING_REOPENED: "Finding is back",
    Event.FINDING_RESOLVED: "Finding resolved",
    Event.SEVERITY_RAISED: "Finding is worse than before",
    Event.FIRST_RESULTS: "First results",
    Event.RUN_INCOMPLETE: "Scan incomplete",
    Event.RUN_ABORTED: "Scan aborted",
    Event.CHECK_SKIPPED: "Check is skipped now",
    Event.CHECK_BROKEN: "Check is broken",
    Event.PLAN_WAITING: "Plan waits for approval",
    Event.PLAN_APPROVED: "Plan approved",
    Event.PLAN_REJECTED: "Plan rejected",
    Event.PLAN_EXPIRED: "Plan expired",
    Event.PLAN_DONE: "Plan done",
    Event.PLAN_PARTLY_DONE: "Plan partly done",
    Event.PLAN_FAILED: "Plan failed",
    Event.CREDENTIAL_ENDING: "Credential of posture ends",
    Event.EXEMPTION_ENDING: "Exemption ends",
    Event.CHANNEL_CLOSED: "Channel is closed",
    Event.CHANNEL_FAILED: "Messages were not delivered",
}

GOOD_NEWS: Final = frozenset({Event.FINDING_RESOLVED, Event.PLAN_DONE, Event.PLAN_APPROVED})


def mark_of(notice: Notice) -> str:
    """Return what stands first in a subject: how bad it is, or what became of it where that says more."""
    match notice.event:
        case Event.FINDING_RESOLVED:
            return "resolved"
        case Event.SEVERITY_RAISED:
            return f"{notice.severity.value}, was {notice.facts.get('severity_before')}"
        case Event.PLAN_WAITING:
            return "please review"
        case Event.PLAN_APPROVED | Event.PLAN_REJECTED | Event.PLAN_EXPIRED | Event.PLAN_DONE:
            return notice.event.family
        case _:
            return notice.severity.value


def title_of(notice: Notice) -> str:
    """Return what happened, in one line without the thing that it happened to."""
    return _TITLES[notice.event.family](notice)


def thing_of(notice: Notice) -> str | None:
    """Return the name of what it happened to; None if the title says it already."""
    facts = notice.facts
    match notice.event.family:
        case "finding":
            return _text(facts.get("resource_name")) or _text(facts.get("resource_id"))
        case "check":
            return notice.check
        case "exemption":
            return _text(facts.get("resource_id"))
        case _:
            return None


def counted(number: object, one: str, several: str | None = None) -> str:
    """Return a number with its word: ``1 finding``, ``12,345 findings``."""
    if not isinstance(number, int):
        return several or f"{one}s"
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def thing_word(resource_type: str | None) -> str:
    """Return a resource type as people write it."""
    return (resource_type or "resource").replace("_", " ")


def _finding_title(notice: Notice) -> str:
    title = _text(notice.facts.get("title")) or str(notice.check)
    return f"Back again: {title}" if notice.event is Event.FINDING_REOPENED else title


def _first_results_title(notice: Notice) -> str:
    failed, checks = notice.facts.get("failed"), notice.facts.get("checks")
    return f"First results: {counted(failed, 'finding')} from {counted(checks, 'check')}"


def _run_title(notice: Notice) -> str:
    if notice.event is Event.RUN_ABORTED:
        return "Scan aborted: nothing was judged"
    tables, broken = _length(notice.facts.get("tables")), _length(notice.facts.get("broken"))
    parts = [counted(tables, "table") + " not fully read"] if tables else []
    parts += [counted(broken, "broken check")] if broken else []
    return "Scan incomplete: " + ", ".join(parts) if parts else "Scan incomplete"


def _check_title(notice: Notice) -> str:
    title = _text(notice.facts.get("title")) or str(notice.check)
    return f"{'Broken' if notice.event is Event.CHECK_BROKEN else 'Not evaluated any more'}: {title}"


def _plan_title(notice: Notice) -> str:
    facts = notice.facts
    what = f"{facts.get('action')} for {counted(facts.get('targets'), thing_word(notice.resource_type))}"
    if facts.get("undoes"):
        what = f"undo of {what}"
    return f"{HEADLINES[notice.event]}: {what}"


def _credential_title(notice: Notice) -> str:
    facts = notice.facts
    owner = _text(facts.get("app_name")) or _text(facts.get("app_id"))
    days = facts.get("days_left")
    ends = "ends today" if days == 0 else f"ends in {counted(days, 'day')}"
    return f"The {facts.get('kind')} that posture signs in with ({owner}) {ends}"


def _exemption_title(notice: Notice) -> str:
    ends = counted(notice.facts.get("days_left"), "day")
    return f"Exemption from {notice.check or 'every check'} ends in {ends}"


def _channel_title(notice: Notice) -> str:
    channel = notice.facts.get("channel")
    if notice.event is Event.CHANNEL_CLOSED:
        return f"Channel {channel} takes no messages any more"
    return f"{counted(notice.facts.get('messages'), 'message')} to channel {channel} not delivered"


_TITLES: Final[Mapping[str, Callable[[Notice], str]]] = {
    "finding": _finding_title,
    "first_results": _first_results_title,
    "run": _run_title,
    "check": _check_title,
    "plan": _plan_title,
    "credential": _credential_title,
    "exemption": _exemption_title,
    "channel": _channel_title,
}


def tone_of(notice: Notice) -> str:
    """Return the colour to paint a notice in: ``good``, or its severity."""
    return "good" if notice.event in GOOD_NEWS else notice.severity.value


def worst_first() -> tuple[Severity, ...]:
    return tuple(reversed(Severity))


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _length(value: Value) -> int:
    return len(value) if isinstance(value, list) else 0
