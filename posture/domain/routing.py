"""Routes: which notices go to which channels, at once or collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from posture.domain.check import CheckId
from posture.domain.notice import Event, Notice
from posture.domain.severity import Severity


@dataclass(frozen=True, kw_only=True)
class Digest:
    """When what was collected is told: ``cron`` has five fields, in the time zone ``zone`` (a name of the IANA)."""

    cron: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class Match:
    """Which notices a route takes; empty or None takes all. All conditions must hold, each by one of its values.

    A notice that is about no check has no tags: a condition on checks or tags does not take it.
    """

    events: frozenset[Event]
    at_least: Severity | None
    checks: frozenset[CheckId]
    tags: frozenset[str]
    tenants: frozenset[str]
    resource_types: frozenset[str]

    def takes(self, notice: Notice, tags: AbstractSet[str]) -> bool:
        """Say whether the notice fits; ``tags`` are those of its check."""
        return (
            (not self.events or notice.event in self.events)
            and (self.at_least is None or notice.severity.is_at_least(self.at_least))
            and (not self.checks or notice.check in self.checks)
            and (not self.tags or not self.tags.isdisjoint(tags))
            and (not self.tenants or notice.tenant_name in self.tenants)
            and (not self.resource_types or notice.resource_type in self.resource_types)
        )


@dataclass(frozen=True, kw_only=True)
class Route:
    """``digest`` None tells at once."""

    match: Match
    channels: tuple[str, ...]
    digest: Digest | None


@dataclass(frozen=True, kw_only=True)
class Routes:
    """``default`` takes what no route takes; None leaves it untold. ``tags`` maps checks to their tags."""

    routes: tuple[Route, ...]
    default: Route | None
    tags: Mapping[CheckId, AbstractSet[str]]


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One notice that is to be told to one channel, at once or with a digest."""

    notice: Notice
    channel: str
    digest: Digest | None


def errands_of(notice: Notice, routes: Routes, *, closed: AbstractSet[str] = frozenset()) -> Sequence[Errand]:
    """Return where a notice goes: to every channel that a fitting route names, once each.

    A channel that is told at once by one route and with a digest by another is told at once. What is about a channel
    itself is told to the others only: to those that fitting routes name and, if none of these is open, to every open
    one that any route names. ``closed`` are the channels that take nothing now.
    """
    tags = routes.tags.get(notice.check, frozenset()) if notice.check is not None else frozenset()
    fitting = [route for route in routes.routes if route.match.takes(notice, tags)]
    if not fitting and routes.default is not None:
        fitting = [routes.default]
    if notice.event.is_about_telling:
        return _told_to_others(notice, fitting, routes, closed | {notice.about})
    return [Errand(notice=notice, channel=name, digest=digest) for name, digest in _ways(fitting).items()]


def _told_to_others(
    notice: Notice, fitting: Iterable[Route], routes: Routes, closed: AbstractSet[str]
) -> Sequence[Errand]:
    every = [*routes.routes, *([routes.default] if routes.default else [])]
    for candidates in (fitting, every):
        names = [name for name in _ways(candidates) if name not in closed]
        if names:
            return [Errand(notice=notice, channel=name, digest=None) for name in names]
    return []


def _ways(routes: Iterable[Route]) -> dict[str, Digest | None]:
    """Return the channels that routes name, in their order, each with the way it is told."""
    ways: dict[str, Digest | None] = {}
    for route in routes:
        for name in route.channels:
            if name not in ways or route.digest is None:
                ways[name] = route.digest
    return ways
