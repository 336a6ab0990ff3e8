"""What a person does next, with the commands to do it. A message shows; it decides nothing and approves nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from posture.domain.check import Check
from posture.domain.notice import Event, Notice
from posture.domain.printable import printable

ID_SHOWN: Final = 12
"""So many digits of a finding's id name it; `posture findings list` shows as many."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Step:
    """``command`` is what to type, whole and quoted for a shell; None if there is nothing to type."""

    say: str
    command: str | None


def next_steps(notice: Notice, check: Check | None) -> Sequence[Step]:
    """Return what to do about a notice, the first thing first; empty if nothing is left to do."""
    match notice.event.family:
        case "finding":
            return _about_finding(notice, check)
        case "first_results":
            return [
                _step("See what was found, the worst first:", "findings", "list", *_tenant(notice)),
                Step(say="From now on only changes are told.", command=None),
            ]
        case "run":
            return [
                _step("See what is in the way:", "doctor", *_tenant(notice)),
                _step("Then scan again:", "scan", *_tenant(notice)),
            ]
        case "check":
            return [
                _step("See what is in the way:", "doctor", *_tenant(notice)),
                _step("See what the check reads:", "checks", "show", str(notice.check)),
            ]
        case "plan":
            return _about_plan(notice)
        case "credential":
            return [
                Step(say="Add a new one, put it into posture's settings, then remove the old one.", command=None),
                _step("See that posture can sign in:", "doctor", *_tenant(notice)),
            ]
        case "exemption":
            return _about_exemption(notice)
        case _:
            return _about_channel(notice)


def _about_finding(notice: Notice, check: Check | None) -> Sequence[Step]:
    if notice.event is Event.FINDING_RESOLVED:
        return []
    finding = notice.about[:ID_SHOWN]
    steps = [_step("Look at it, and at what can be done:", "findings", "show", finding)]
    if check is not None and check.actions:
        reason = ["--reason", "WHY"]
        steps.append(_step("Propose a fix:", "actions", "propose", check.actions[0], "--finding", finding, *reason))
    accepted = ["exempt", "add", _resource(notice), "--check", str(notice.check)]
    steps.append(_step("Or accept it for a while:", *accepted, "--reason", "WHY", "--until", "DAY", *_tenant(notice)))
    return steps


def _about_plan(notice: Notice) -> Sequence[Step]:
    plan = notice.about
    shown = _step("See how each target went:", "plans", "show", plan)
    match notice.event:
        case Event.PLAN_WAITING:
            return [
                _step("Review it:", "plans", "show", plan),
                _step("Then say yes:", "plans", "approve", plan),
                _step("Or say no:", "plans", "reject", plan),
            ]
        case Event.PLAN_APPROVED:
            return [
                _step("See what would be sent:", "plans", "dry-run", plan),
                _step("Carry it out:", "plans", "execute", plan),
            ]
        case Event.PLAN_REJECTED | Event.PLAN_EXPIRED:
            return [
                _step("Nothing was changed. See what it was, and propose it anew if need be:", "plans", "show", plan)
            ]
        case Event.PLAN_DONE:
            return [shown]
        case _:
            return [shown, _step("If need be, propose to take back what was done:", "plans", "undo", plan)]


def _about_exemption(notice: Notice) -> Sequence[Step]:
    check = ["--check", notice.check] if notice.check else []
    again = ["exempt", "add", _resource(notice), *check, "--reason", "WHY", "--until", "DAY", *_tenant(notice)]
    return [
        Step(say="Fix what is exempted; after that day it is a finding again.", command=None),
        _step("Or, if the reason still holds, accept it anew:", *again),
    ]


def _about_channel(notice: Notice) -> Sequence[Step]:
    channel = ["--channel", notice.about]
    return [
        _step("See what is wrong:", "notify", "list", *channel),
        _step("Mend it, then send what waits:", "notify", "retry", *channel),
    ]


def _resource(notice: Notice) -> str:
    """Return the id of a resource for a command line; a placeholder if it is nothing that anybody should paste."""
    found = str(notice.facts.get("resource_id"))
    return found if _ID.fullmatch(found) else "ID"


def _tenant(notice: Notice) -> Sequence[str]:
    return ["--tenant", notice.tenant_name] if notice.tenant_name else []


def _step(say: str, *words: str) -> Step:
    # Made printable first: what a shell is given is what a person saw.
    return Step(say=say, command=shlex.join(["posture", *(printable(word) for word in words)]))
