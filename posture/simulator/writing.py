"""Answers writes: the routes a body means, the rules before it, the effect, and the directory after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from posture.simulator.addresses import WriteAddress
from posture.simulator.directory import Directory
from posture.simulator.identity import Caller
from posture.simulator.messages import GraphRequest
from posture.simulator.write_facts import WriteRoute
from posture.simulator.writes.access import check_target, check_write, routes_meant
from posture.simulator.writes.bodies import check_body
from posture.simulator.writes.effects import EFFECTS
from posture.simulator.writes.write import Changed, Write


@dataclass(frozen=True, kw_only=True)
class Writing:
    """One write by somebody with a good token; nothing about it is allowed or valid yet."""

    directory: Directory
    caller: Caller
    address: WriteAddress
    body: Mapping[str, Any]
    request: GraphRequest

    @property
    def routes(self) -> tuple[WriteRoute, ...]:
        return routes_meant(self.address.routes, self.body)


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Carries out writes for all tenants."""

    now: Callable[[], datetime]

    def write(self, writing: Writing) -> Changed:
        """Return the body of the answer; raise Graph's refusal, after which nothing has changed."""
        directory, caller, keys = writing.directory, writing.caller, writing.address.keys
        for route in writing.routes:
            check_write(route, caller, directory, keys)
        first = writing.routes[0]
        check_body(writing.body, first)
        for route in writing.routes:
            check_target(route, caller, directory, keys)
        write = Write(
            directory=directory,
            caller=caller,
            keys=keys,
            body=writing.body,
            now=self.now(),
            root=writing.request.root,
        )
        changed = EFFECTS[first.id](write)
        if not _changes_values_alone(first):
            directory.forget()
        return changed


def _changes_values_alone(route: WriteRoute) -> bool:
    """Whether a write leaves the objects and the relations between them as they are, so that indexes hold."""
    return route.method == "PATCH" or route.path.startswith("users/{id}/authentication/")
