"""Tokens that come with every request of a script: known again each time, told to the audit once in a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from posture.domain.operator import Operator
from posture.errors import NotAllowedToDecide
from posture.usecases.operators import login, token_hash
from posture.usecases.ports import Clock, OpenActingUnit

TOLD_EVERY: Final = timedelta(hours=1)
_REMEMBERED: Final = 10_000
# Who guesses has a new token each time, but not a new address.
_REFUSED: Final = "refused"


class TokenUses:
    """Which tokens were used from where lately, in this process.

    The audit is told of the first use of a token from an address in each hour, and of the first refusal of an
    address: a script asks thousands of times in an hour, and the audit is read by people. Whether a token counts is
    decided with every request, by what is on record then.
    """

    def __init__(self, find: Callable[[str], Operator | None], *, open_unit: OpenActingUnit, clock: Clock) -> None:
        self._find = find
        self._open_unit = open_unit
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._lock = Lock()

    def operator(self, token: str, *, address: str) -> Operator:
        """Return the operator with this token, which came from this network address.

        Raises:
            NotAllowedToDecide: nobody has this token, or it has ended.
        """
        now = self._clock.now()
        operator = self._find(token_hash(token))
        is_active = operator is not None and operator.is_active(now)
        if self._is_first((token_hash(token) if is_active else _REFUSED, address), now):
            return login(token, address=address, open_unit=self._open_unit, clock=self._clock)
        if operator is None or not is_active:
            raise NotAllowedToDecide("this token does not count, or not any more; an administrator can add a new one")
        return operator

    def _is_first(self, use: tuple[str, str], now: datetime) -> bool:
        with self._lock:
            told = self._told.pop(use, None)
            is_first = told is None or now - told >= TOLD_EVERY
            self._told[use] = now if told is None or is_first else told
            while len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
            return is_first
