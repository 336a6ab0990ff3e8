"""What templates see of a letter: plain values, every text in them harmless, cut to what fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from posture.domain.check import Check
from posture.domain.delivery import Letter
from posture.domain.notice import Event, Notice, iso
from posture.notify.details import details_of, evidence_of, severities_of
from posture.notify.happening import HEADLINES, line_of, mark_of, thing_of, thing_word, title_of, tone_of, worst_first
from posture.notify.links import Link, Links
from posture.notify.neutral import neutral, one_line
from posture.notify.next_steps import next_steps
from posture.notify.trend import trend_view

SAMPLE: Final = "sample-"
"""How the id of a letter begins that tells of nothing that happened."""
_MAX_TRENDS: Final = 5
"""So many tenants of a digest are shown with their trend, the worst first."""
_MAX_REFERENCES: Final = 5
_PROSE: Final = frozenset({"message", "reason", "because"})
"""Facts that people and programs write in several lines."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How much of a letter is shown: so many notices and tenants, texts of so many characters."""

    notices: int
    tenants: int
    characters: int


def is_sample(letter: Letter) -> bool:
    return letter.id.startswith(SAMPLE)


def is_digest(letter: Letter) -> bool:
    """Say whether a letter is worded as a list. One notice alone may be part of a digest, too."""
    return letter.is_digest or len(letter.notices) != 1


def letter_view(letter: Letter, links: Links, measure: Measure) -> dict[str, Any]:
    """Return what templates see; ``docs/how-to/write-a-message.md`` lists it."""
    shown = letter.notices[: measure.notices]
    notices = [_notice_view(notice, letter, links) for notice in shown]
    names = _tenants(letter.notices)
    view = {
        "letter": {
            "id": letter.id,
            "is_digest": is_digest(letter),
            "is_sample": is_sample(letter),
            "written_at": iso(letter.written_at),
            "notices": len(letter.notices),
            "more": len(letter.notices) - len(shown),
            "severities": _severities(letter.notices),
            "events": _events(letter.notices),
            "tenants": len([name for name in names if name is not None]),
            "page": links.front(),
        },
        "notice": None if is_digest(letter) else notices[0],
        "groups": [
            _group_view(name, letter, shown, notices, links, has_trend=number < _MAX_TRENDS)
            for number, name in enumerate(list(names)[: measure.tenants])
        ],
        "more_groups": max(len(names) - measure.tenants, 0),
    }
    cleaned = neutral(view, longest=measure.characters)
    return cleaned if isinstance(cleaned, dict) else {}


def _notice_view(notice: Notice, letter: Letter, links: Links) -> Mapping[str, object]:
    check = letter.checks.get(notice.check) if notice.check is not None else None
    facts = {
        name: one_line(value) if name in _PROSE and isinstance(value, str) else value
        for name, value in notice.facts.items()
    }
    return {
        "id": notice.id,
        "event": notice.event.value,
        "family": notice.event.family,
        "headline": HEADLINES[notice.event],
        "mark": mark_of(notice),
        "tone": tone_of(notice),
        "severity": notice.severity.value,
        "title": title_of(notice),
        "thing": thing_of(notice),
        "line": line_of(notice),
        "at": iso(notice.at),
        "tenant": notice.tenant_name,
        "resource_type": notice.resource_type,
        "resource_word": thing_word(notice.resource_type),
        "check": None if check is None else _check_view(check, links),
        "check_id": notice.check,
        "about": notice.about,
        "facts": facts,
        "details": details_of(notice),
        "evidence": evidence_of(notice),
        "severities": severities_of(notice),
        "link": _link_of(notice, links),
        "steps": [{"say": step.say, "command": step.command} for step in next_steps(notice, check)],
        "trend": _trend_view(notice, letter),
    }


def _trend_view(notice: Notice, letter: Letter) -> Mapping[str, object] | None:
    if notice.event.family != "finding" or notice.tenant_name is None:
        return None
    return trend_view(letter.trends.get(notice.tenant_name, ()))


def _check_view(check: Check, links: Links) -> Mapping[str, object]:
    found = [link for url in check.references if (link := links.reference(url)) is not None]
    return {
        "id": check.id,
        "title": check.title,
        "why": one_line(check.why),
        "fix": one_line(check.fix),
        "tags": list(check.tags),
        "false_positives": [one_line(each) for each in check.false_positives],
        "references": found[:_MAX_REFERENCES],
    }


def _link_of(notice: Notice, links: Links) -> Link | None:
    match notice.event.family:
        case "finding":
            return links.finding(notice.about)
        case "plan":
            return links.plan(notice.about)
        case _:
            return links.tenant(notice.tenant_name) if notice.tenant_name else links.front()


def _tenants(notices: Iterable[Notice]) -> Mapping[str | None, None]:
    """Return the tenants, the one with the worst notice first; the notices are in that order already."""
    return dict.fromkeys(notice.tenant_name for notice in notices)


def _group_view(
    name: str | None,
    letter: Letter,
    shown: Sequence[Notice],
    views: Sequence[Mapping[str, object]],
    links: Links,
    *,
    has_trend: bool,
) -> Mapping[str, object]:
    mine = [notice for notice in letter.notices if notice.tenant_name == name]
    mine_shown = [view for notice, view in zip(shown, views, strict=True) if notice.tenant_name == name]
    return {
        "tenant": name,
        "notices": len(mine),
        "more": len(mine) - len(mine_shown),
        "severities": _severities(mine),
        "shown": mine_shown,
        "trend": trend_view(letter.trends.get(name or "", ())) if has_trend else None,
        "link": links.tenant(name) if name else links.front(),
    }


def _severities(notices: Iterable[Notice]) -> Sequence[Mapping[str, object]]:
    """Return how many notices there are of each severity, the worst first; good news counts for itself."""
    counts = Counter(tone_of(notice) for notice in notices)
    tones = [*(severity.value for severity in worst_first()), "good"]
    return [{"severity": tone, "notices": counts[tone]} for tone in tones if counts[tone]]


def _events(notices: Iterable[Notice]) -> Sequence[Mapping[str, object]]:
    counts = Counter(notice.event for notice in notices)
    found = [event for event in Event if counts[event]]
    return [{"event": event.value, "headline": HEADLINES[event], "notices": counts[event]} for event in found]
