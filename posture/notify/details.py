"""The facts of a notice as named lines, the same in text, HTML and card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from posture.domain.counted import counted
from posture.domain.judgement import Value
from posture.domain.notice import Event, Notice, iso
from posture.notify.happening import thing_word, worst_first

Detail = Mapping[str, Value]
"""``name`` and ``value``."""

_MAX_EVIDENCE: Final = 20
_RESOLUTIONS: Final = {
    "passed": "it is as it should be",
    "gone": "it is gone",
    "not_applicable": "the check is not about it now",
}


def details_of(notice: Notice) -> Sequence[Detail]:
    """Return what there is to say about a notice in named lines; what is not known or does not apply is left out."""
    lines = [*_DETAILS[notice.event.family](notice), ("When", iso(notice.at))]
    return [{"name": name, "value": value} for name, value in lines if value is not None and value not in ("", [])]


def evidence_of(notice: Notice) -> Sequence[Detail]:
    """Return the evidence of a finding, of which what is not known is shown as such; nothing for other notices."""
    evidence = notice.facts.get("evidence")
    if not isinstance(evidence, dict):
        return []
    shown: list[Detail] = [{"name": _spoken(name), "value": value} for name, value in evidence.items()]
    more = len(shown) - _MAX_EVIDENCE
    return shown if more <= 0 else [*shown[:_MAX_EVIDENCE], {"name": "…", "value": f"and {more} more"}]


def _spoken(column: str) -> str:
    words = column.replace("_", " ")
    return words[:1].upper() + words[1:]


def severities_of(notice: Notice) -> Sequence[Detail]:
    """Return how many things failed at each severity, the worst first; nothing for notices that do not count them."""
    counts = notice.facts.get("by_severity")
    if not isinstance(counts, dict):
        return []
    return [
        {"severity": each.value, "notices": counts[each.value]} for each in worst_first() if counts.get(each.value)
    ]


def _finding(notice: Notice) -> Iterator[tuple[str, Value]]:
    facts = notice.facts
    yield f"{thing_word(notice.resource_type).capitalize()} id", facts.get("resource_id")
    yield "Check", notice.check
    yield "Severity", notice.severity.value
    yield "Severity before", facts.get("severity_before")
    if notice.event is Event.FINDING_RESOLVED:
        yield "Resolved because", _RESOLUTIONS.get(str(facts.get("resolution")), facts.get("resolution"))
    if notice.event is not Event.FINDING_OPENED:
        yield "First seen", facts.get("first_failed_at")
    times = facts.get("times_opened")
    if isinstance(times, int) and times > 1:
        yield "Opened", counted(times, "time")


def _first_results(notice: Notice) -> Iterator[tuple[str, Value]]:
    facts = notice.facts
    yield "Checks evaluated", facts.get("checks")
    yield "Checks skipped", facts.get("skipped")
    yield "Could not be judged", facts.get("unknown")


def _run(notice: Notice) -> Iterator[tuple[str, Value]]:
    yield "Because", notice.facts.get("because")
    yield "Tables not fully read", notice.facts.get("tables")
    yield "Broken checks", notice.facts.get("broken")
    yield "Run", notice.about


def _check(notice: Notice) -> Iterator[tuple[str, Value]]:
    yield "Check", notice.check
    yield "Because", notice.facts.get("because")


def _plan(notice: Notice) -> Iterator[tuple[str, Value]]:
    facts = notice.facts
    yield "Plan", notice.about
    yield "Undoes plan", facts.get("undoes")
    yield "Action", facts.get("action")
    yield "Risk", facts.get("risk")
    yield "Targets", facts.get("targets")
    yield "Proposed by", facts.get("proposed_by")
    if notice.event not in (Event.PLAN_WAITING, Event.PLAN_EXPIRED):
        yield _BY.get(notice.event, "Carried out by"), facts.get("by")
    yield "Approvals", f"{facts.get('approvals')} of {facts.get('people')}"
    if notice.event in (Event.PLAN_WAITING, Event.PLAN_APPROVED):
        yield "Until", facts.get("until")
    yield "Because", facts.get("because")
    ended = facts.get("ended")
    if notice.event in _ENDED and isinstance(ended, dict):
        yield "How targets went", ", ".join(f"{many} {state.replace('_', ' ')}" for state, many in ended.items())


def _credential(notice: Notice) -> Iterator[tuple[str, Value]]:
    facts = notice.facts
    yield "Application", facts.get("app_name")
    yield "Application id", facts.get("app_id")
    yield "Kind", facts.get("kind")
    yield "Key id", facts.get("key_id")
    yield "Ends", facts.get("ends_at")


def _exemption(notice: Notice) -> Iterator[tuple[str, Value]]:
    facts = notice.facts
    yield "Check", notice.check or "every check"
    yield "Resource", facts.get("resource_id")
    yield "Owner", facts.get("owner")
    yield "Reason", facts.get("reason")
    yield "Ends", facts.get("ends_at")
    yield "Written down in", facts.get("origin")


def _channel(notice: Notice) -> Iterator[tuple[str, Value]]:
    yield "Channel", notice.facts.get("channel")
    yield "Because", notice.facts.get("because")
    yield "Messages", notice.facts.get("messages") or None


_ENDED: Final = frozenset({Event.PLAN_DONE, Event.PLAN_PARTLY_DONE, Event.PLAN_FAILED})
_BY: Final = {Event.PLAN_APPROVED: "Approved by", Event.PLAN_REJECTED: "Rejected by"}
_DETAILS: Final = {
    "finding": _finding,
    "first_results": _first_results,
    "run": _run,
    "check": _check,
    "plan": _plan,
    "credential": _credential,
    "exemption": _exemption,
    "channel": _channel,
}
