"""Asking until there is an answer: paced, patient, and bounded in tries and in waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from posture.errors import GraphError
from posture.graph.answers import Answer
from posture.graph.failures import Remedy, Trouble, lost, trouble_with
from posture.graph.paging import Malformed
from posture.graph.throttle import Pacer
from posture.graph.timing import Timing
from posture.tables.table import ThrottleClass

if TYPE_CHECKING:
    from posture.graph.client import GraphClient

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RetryBudget:
    """How much trouble is put up with.

    ``tries`` bounds the requests for one page. ``waiting_seconds`` bounds all waiting of one table, not counting
    the pacing. Pauses without ``Retry-After`` double from ``first_pause_seconds`` up to ``longest_pause_seconds``.
    ``answer_seconds`` bounds one request.
    """

    tries: int = 8
    waiting_seconds: float = 600
    first_pause_seconds: float = 1
    longest_pause_seconds: float = 60
    answer_seconds: float = 180


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request to be made. ``cost`` is in resource units of the directory."""

    url: str
    headers: Mapping[str, str]
    throttle_class: ThrottleClass
    cost: int


@dataclass(kw_only=True)
class Spending:
    """What one table has cost so far. ``has_renewed``: the token was renewed since the last good answer."""

    requests: int = 0
    waited_seconds: float = 0.0
    has_renewed: bool = False
    has_restarted: bool = False


class Pursuer:
    """Asks Graph on behalf of all tables of one reading."""

    def __init__(self, client: GraphClient, pacer: Pacer, *, budget: RetryBudget, timing: Timing) -> None:
        self._client = client
        self._pacer = pacer
        self._budget = budget
        self._timing = timing

    async def fetch(self, ask: Ask, read: Callable[[Answer], T], spending: Spending) -> T | Trouble:
        """Return what ``read`` makes of the first good answer, or the trouble that could not be helped.

        ``read`` raises ``Malformed`` for an answer that is damaged.
        """
        fresh = False
        for tried in range(1, self._budget.tries + 1):
            result, generation = await self._try(ask, read, spending, fresh=fresh)
            if not isinstance(result, Trouble):
                spending.has_renewed = False
                return result
            trouble = await self._prepare_next(result, ask, spending, tried=tried, generation=generation)
            if trouble is not None:
                return trouble
            fresh = result.fresh
        raise AssertionError("the last try always ends in its trouble")

    async def _try(
        self, ask: Ask, read: Callable[[Answer], T], spending: Spending, *, fresh: bool
    ) -> tuple[T | Trouble, int]:
        pacer = self._pacer.of(ask.throttle_class)
        async with pacer.turn(ask.cost):
            try:
                answer = await self._client.get(ask.url, headers=ask.headers, fresh=fresh)
            except GraphError as error:
                return _without_token(error), 0
        spending.requests += answer.requests
        trouble = trouble_with(answer, now=self._timing.now())
        if trouble is not None or not isinstance(answer, Answer):
            generation = answer.generation if isinstance(answer, Answer) else 0
            return trouble or lost("nothing came"), generation
        ease(answer, pacer.hold)
        try:
            return read(answer), answer.generation
        except Malformed as error:
            return lost(str(error)), answer.generation

    async def _prepare_next(
        self, trouble: Trouble, ask: Ask, spending: Spending, *, tried: int, generation: int
    ) -> Trouble | None:
        """Do what the trouble asks for before the next try; return the final trouble if there is to be none."""
        if trouble.remedy in (Remedy.GIVE_UP, Remedy.RESTART):
            return trouble
        if tried >= self._budget.tries:
            return replace(trouble, sentence=f"{trouble.sentence}, also at the try number {tried}")
        if trouble.remedy is Remedy.RENEW_TOKEN:
            return await self._renew(trouble, spending, generation)
        pause = pause_after(trouble, tried, budget=self._budget, timing=self._timing)
        if spending.waited_seconds + pause > self._budget.waiting_seconds:
            return replace(trouble, sentence=f"{trouble.sentence}; waiting {pause:.0f} s more would be too long")
        spending.waited_seconds += pause
        if trouble.holds_class:
            self._pacer.of(ask.throttle_class).hold(pause)
        else:
            await self._timing.sleep(pause)
        return None

    async def _renew(self, trouble: Trouble, spending: Spending, generation: int) -> Trouble | None:
        if spending.has_renewed:
            return replace(trouble, remedy=Remedy.GIVE_UP, sentence=f"{trouble.sentence}, also with a new token")
        spending.has_renewed = True
        try:
            await self._client.tokens.renew(generation, claims=trouble.claims)
        except GraphError as error:
            return replace(_without_token(error), remedy=Remedy.GIVE_UP)
        return None


def pause_after(trouble: Trouble, tried: int, *, budget: RetryBudget, timing: Timing) -> float:
    """Return the seconds to wait after the try number ``tried``, from 1: what Graph asks for, or our own."""
    doubled: float = budget.first_pause_seconds * 2 ** (tried - 1)
    own = min(doubled, budget.longest_pause_seconds) * (0.75 + timing.chance() / 2)
    if trouble.asked_wait is None:
        return own
    # A service that says "now" may say so forever.
    return trouble.asked_wait + 0.05 if trouble.asked_wait > 0 else own


def _without_token(error: GraphError) -> Trouble:
    # Not worth a retry here: azure-identity has already tried again.
    return Trouble(remedy=Remedy.GIVE_UP, sentence=str(error).rstrip("."), status=None, problem=None)


def ease(answer: Answer, hold: Callable[[float], None]) -> None:
    """Slow the class down while Graph says that most of the limit is used (1.0 is all of it)."""
    try:
        used = float(answer.headers.get("x-ms-throttle-limit-percentage", "0"))
    except ValueError:
        return
    if 0.8 <= used < 10:
        hold(used)
