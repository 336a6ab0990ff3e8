"""What happened, in the words that subject, text, HTML and card share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from posture.domain.counted import counted
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

_IN_ONE_LINE: Final[Mapping[Event, str]] = {
    Event.FINDING_REOPENED: "Back again",
    Event.CHECK_SKIPPED: "Not evaluated any more",
    Event.CHECK_BROKEN: "Broken check",
    **{event: words for event, words in HEADLINES.items() if event.family in ("first_results", "run", "plan")},
}
"""What stands before the title where there is no headline."""

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
    """Return what happened, without the thing that it happened to and what the headline says."""
    return _TITLES[notice.event.family](notice)


def line_of(notice: Notice) -> str:
    """Return what happened and to what in one line, for a subject or a digest."""
    parts = [_IN_ONE_LINE.get(notice.event), title_of(notice), thing_of(notice)]
    return ": ".join(part for part in parts if part)


def thing_of(notice: Notice) -> str | None:
    """Return the name of what it happened to; None if the title says it already."""
    facts = notice.facts
    match notice.event.family:
        case "finding":
            return _text(facts.get("resource_name")) or _text(facts.get("resource_id"))
        case "exemption":
            return _text(facts.get("resource_id"))
        case _:
            return None


def thing_word(resource_type: str | None) -> str:
    """Return a resource type as people write it."""
    return (resource_type or "resource").replace("_", " ")


def _title_of_check(notice: Notice) -> str:
    return _text(notice.facts.get("title")) or str(notice.check)


def _first_results_title(notice: Notice) -> str:
    failed, checks = notice.facts.get("failed"), notice.facts.get("checks")
    return f"{counted(failed, 'finding')} from {counted(checks, 'check')}"


def _run_title(notice: Notice) -> str:
    tables, broken = _length(notice.facts.get("tables")), _length(notice.facts.get("broken"))
    parts = [counted(tables, "table") + " not fully read"] if tables else []
    parts += [counted(broken, "broken check")] if broken else []
    return ", ".join(parts) or "not all checks were evaluated"


def _plan_title(notice: Notice) -> str:
    facts = notice.facts
    what = f"{facts.get('action')} for {counted(facts.get('targets'), thing_word(notice.resource_type))}"
    return f"undo of {what}" if facts.get("undoes") else what


def _credential_title(notice: Notice) -> str:
    facts = notice.facts
    owner = _text(facts.get("app_name")) or _text(facts.get("app_id"))
    return f"The {facts.get('kind')} that posture signs in with ({owner}) {_ends(notice)}"


def _exemption_title(notice: Notice) -> str:
    return f"Exemption from {notice.check or 'every check'} {_ends(notice)}"


def _ends(notice: Notice) -> str:
    days = notice.facts.get("days_left")
    return "ends today" if days == 0 else f"ends in {counted(days, 'day')}"


def _channel_title(notice: Notice) -> str:
    channel = notice.facts.get("channel")
    if notice.event is Event.CHANNEL_CLOSED:
        return f"Channel {channel} takes no messages any more"
    return f"{counted(notice.facts.get('messages'), 'message')} to channel {channel} not delivered"


_TITLES: Final[Mapping[str, Callable[[Notice], str]]] = {
    "finding": _title_of_check,
    "first_results": _first_results_title,
    "run": _run_title,
    "check": _title_of_check,
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
