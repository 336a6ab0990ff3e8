"""Faults on demand: what goes wrong, for which requests, how often.

A plan is deterministic for a given order of requests: every fault has its own seeded random numbers.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any

import msgspec

from posture.simulator.stale_views import StaleView

GRAPH_PATHS = r"^/(v1\.0|beta)/"
_challenges = count(1_700_000_000)


class FaultKind(StrEnum):
    """What goes wrong. The value is the name used over HTTP."""

    THROTTLED = "throttled"  # 429, with Retry-After if retry_after is given
    SERVER_ERROR = "server_error"  # 500
    UNAVAILABLE = "unavailable"  # 503
    GATEWAY_TIMEOUT = "gateway_timeout"  # 504
    CONNECTION_RESET = "connection_reset"  # no answer at all
    TRUNCATED = "truncated"  # half of the announced body, then the connection closes
    SLOW = "slow"  # the answer comes seconds late
    NEXT_LINK_LOOP = "next_link_loop"  # the next link is the request's own URL
    DUPLICATED_ITEMS = "duplicated_items"  # the next page repeats the last items of this one
    EMPTY_PAGE = "empty_page"  # a page without items, with a next link to the real one
    FOREIGN_NEXT_LINK = "foreign_next_link"  # the next link points to another host
    EXPIRED_PAGE_TOKEN = "expired_page_token"  # noqa: S105  (400 on a next link)
    CLAIMS_CHALLENGE = "claims_challenge"  # 401 until a token answers the challenge
    REVOKED_TOKEN = "revoked_token"  # noqa: S105  (plain 401)
    MALFORMED_JSON = "malformed_json"  # the body ends in the middle, its length is right
    NOT_IN_THIS_CLOUD = "not_in_this_cloud"  # 404, or the status given
    CLOCK_SKEW = "clock_skew"  # the Date header is seconds off
    FORBIDDEN = "forbidden"  # 403
    ANSWER_LOST = "answer_lost"  # the request is carried out, then the connection is reset
    STALE_READS = "stale_reads"  # reads show what was before the first write after this fault was armed


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong.

    ``path`` is a regular expression searched in path and query; ``methods`` limits it to some, such as PATCH. Of the
    requests that match, the first ``after`` are spared; then at most ``times`` are hit (None: all), each with
    ``probability``. ``seconds`` is the delay of SLOW and the offset of CLOCK_SKEW; ``retry_after`` and ``status``
    belong to the kinds that send them. STALE_READS hits reads after the next write that succeeds: ``times`` of them,
    or with ``times`` None those within ``seconds``.
    """

    kind: FaultKind
    path: str = GRAPH_PATHS
    methods: tuple[str, ...] = ()
    after: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 1.0
    retry_after: int | None = None
    status: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("probability is a number from 0 to 1")
        if self.after < 0 or (self.times is not None and self.times < 1):
            raise ValueError("after is not negative, times is at least 1")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is not a regular expression: {error}") from None


@dataclass(kw_only=True)
class ArmedFault:
    """A fault with its memory: matching requests seen, hits so far, and the challenge it sends."""

    fault: Fault
    seen: int = 0
    hits: int = 0
    chance: random.Random = field(default_factory=random.Random)
    challenge: str = field(default_factory=lambda: str(next(_challenges)))
    stale: StaleView | None = None

    def _lags(self, now: datetime) -> bool:
        """Whether a replica still shows what was: until enough reads have been hit, or for the seconds given."""
        lag = self.fault.seconds if self.fault.times is None else None
        return self.stale is not None and self.stale.is_shown_at(now, for_seconds=lag)

    def waits_for_a_write(self) -> bool:
        return self.fault.kind is FaultKind.STALE_READS and self.stale is None

    def fires(
        self, url: str, method: str, *, now: datetime, answered_challenge: str | None, can_be_challenged: bool
    ) -> bool:
        fault = self.fault
        if not re.search(fault.path, url) or (fault.methods and method not in fault.methods):
            return False
        if fault.kind is FaultKind.STALE_READS and (method != "GET" or not self._lags(now)):
            return False
        if fault.kind is FaultKind.EXPIRED_PAGE_TOKEN and "skiptoken" not in url:
            return False
        if fault.kind is FaultKind.CLAIMS_CHALLENGE:
            return self._challenges(answered_challenge, can_be_challenged=can_be_challenged)
        self.seen += 1
        spent = fault.times is not None and self.hits >= fault.times
        # the number is drawn even if it is not needed, so that a plan stays the same when another one ends
        is_hit = self.chance.random() < fault.probability and self.seen > fault.after and not spent
        self.hits += int(is_hit)
        return is_hit

    def _challenges(self, answered: str | None, *, can_be_challenged: bool) -> bool:
        """Challenge until a token answers; callers that did not opt in are never challenged."""
        if not can_be_challenged or answered == self.challenge:
            return False
        self.seen += 1
        is_hit = self.seen > self.fault.after
        self.hits += int(is_hit)
        return is_hit


@dataclass(kw_only=True)
class FaultPlan:
    """The faults in force; may be changed while the server runs."""

    _armed: list[ArmedFault] = field(default_factory=list)

    def add(self, *faults: Fault) -> None:
        self._armed.extend(
            ArmedFault(fault=fault, chance=random.Random(fault.seed))  # noqa: S311  (repeatable on purpose)
            for fault in faults
        )

    def clear(self) -> None:
        self._armed.clear()

    def __len__(self) -> int:
        return len(self._armed)

    @property
    def hits(self) -> dict[str, int]:
        """How often each kind has struck."""
        found: dict[str, int] = {}
        for armed in self._armed:
            found[armed.fault.kind] = found.get(armed.fault.kind, 0) + armed.hits
        return found

    def waiting(self) -> list[ArmedFault]:
        """Return the faults that need to know the state before the next write."""
        return [armed for armed in self._armed if armed.waits_for_a_write()]

    def strike(
        self,
        url: str,
        method: str = "GET",
        *,
        now: datetime,
        answered_challenge: str | None = None,
        can_be_challenged: bool = False,
    ) -> list[ArmedFault]:
        """Return the faults that hit a request; call once per request."""
        return [
            armed
            for armed in list(self._armed)
            if armed.fires(
                url, method, now=now, answered_challenge=answered_challenge, can_be_challenged=can_be_challenged
            )
        ]


def read_faults(body: bytes) -> list[Fault]:
    """Return the faults of a JSON object or array; raise ValueError that says what is wrong."""
    document: Any = msgspec.json.decode(body)
    rows = document if isinstance(document, list) else [document]
    return [msgspec.convert(row, Fault) for row in rows]
