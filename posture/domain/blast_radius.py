"""How much may be changed at once. Pure; the numbers come from the store and the latest snapshot."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from posture.domain.action import Limits

A_DAY: Final = timedelta(days=1)
"""How far back the targets of a day are counted."""


def refusal(limits: Limits, *, targets: int, acted_today: int, population: int | None) -> str | None:
    """Return why a plan is too large, as a sentence; None if it may be proposed.

    ``acted_today`` counts the targets of the last 24 hours with the same action in the tenant, those of plans still
    waiting included. ``population`` counts all resources of the kind in the latest snapshot; None if nobody knows,
    and then no share of it can be kept.
    """
    if targets > limits.per_run:
        return f"{targets} targets are more than the {limits.per_run} that one plan may have"
    if acted_today + targets > limits.per_day:
        return f"{targets} more targets would make {acted_today + targets} within a day; {limits.per_day} are allowed"
    if population is None:
        return "it is not known how many resources of this kind the tenant has: scan it first"
    allowed = share_of(limits, population)
    # The whole is no limit: an action on the tenant itself, the only one of its kind, may come again on the same day.
    if limits.share < 1 and acted_today + targets > allowed:
        return (
            f"{acted_today + targets} of {population} resources within a day are more than {limits.share:.3g} of "
            f"them; {allowed} are allowed"
        )
    return None


def share_of(limits: Limits, population: int) -> int:
    """Return how many resources the share allows: rounded down, but one always, or a small tenant could do none."""
    return max(1, math.floor(limits.share * population))
