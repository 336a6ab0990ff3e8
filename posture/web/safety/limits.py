"""How often somebody may try: to sign in, and to change something."""

from __future__ import annotations

import hashlib
import time
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from posture.errors import PostureError

_FAILED_FROM_ADDRESS: Final = RateLimitItemPerMinute(10)
_FAILED_WITH_TOKEN: Final = RateLimitItemPerMinute(5)
_WAYS: Final = RateLimitItemPerMinute(60)
_WRITES: Final = RateLimitItemPerMinute(120)
_TOKEN_PREFIX: Final = 16


class TooMany(PostureError):
    """Somebody asked too often. ``seconds`` is when it may be tried again."""

    def __init__(self, sentence: str, *, seconds: int) -> None:
        super().__init__(f"{sentence}; try again in {seconds} seconds")
        self.seconds = seconds


class Limits:
    """Counts in the memory of this process; a restart forgets them."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._windows = SlidingWindowCounterRateLimiter(self._storage)

    def refuse_tired(self, *, address: str, token: str) -> None:
        """Raise TooMany if too many tries to sign in failed, from the address or with the token.

        A token counts by its beginning: who guesses the rest of one does not get more tries from many addresses.
        """
        self._refuse(_FAILED_FROM_ADDRESS, _from(address), "too many tries to sign in from your address failed")
        self._refuse(_FAILED_WITH_TOKEN, _beginning(token), "too many tries to sign in with this token failed")

    def sign_in_failed(self, *, address: str, token: str) -> None:
        """Count one try to sign in that failed."""
        self._windows.hit(_FAILED_FROM_ADDRESS, *_from(address))
        self._windows.hit(_FAILED_WITH_TOKEN, *_beginning(token))

    def way(self, *, address: str) -> None:
        """Count one way to the provider or back, each of which asks something of it; raise TooMany if too many."""
        self._count(_WAYS, ("way", neighbourhood(address)), "too many tries to sign in from your address")

    def write(self, who: str) -> None:
        """Count one change that somebody asks for; raise TooMany if there were too many."""
        self._count(_WRITES, ("write", who.casefold()), "too many changes at once")

    def _count(self, item: RateLimitItem, who: tuple[str, str], sentence: str) -> None:
        if not self._windows.hit(item, *who):
            raise self._too_many(item, who, sentence)

    def _refuse(self, item: RateLimitItem, who: tuple[str, str], sentence: str) -> None:
        if not self._windows.test(item, *who):
            raise self._too_many(item, who, sentence)

    def _too_many(self, item: RateLimitItem, who: tuple[str, str], sentence: str) -> TooMany:
        reset = self._windows.get_window_stats(item, *who).reset_time
        return TooMany(sentence, seconds=max(1, ceil(reset - time.time())))


def _from(address: str) -> tuple[str, str]:
    return "address", neighbourhood(address)


def _beginning(token: str) -> tuple[str, str]:
    return "token", hashlib.sha256(token.strip()[:_TOKEN_PREFIX].encode()).hexdigest()


def neighbourhood(address: str) -> str:
    """Return what counts as one address: of IPv6 the network of one subscriber, who may use any address in it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)
