"""The trend of a tenant: what failed in its latest runs, as bars that need no picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from posture.domain.delivery import TrendPoint
from posture.domain.notice import iso

_POINTS: Final = 8
"""So many bars with their numbers fit beside each other on a phone."""
_BARS: Final = "▁▂▃▄▅▆▇█"


def trend_view(points: Sequence[TrendPoint]) -> Mapping[str, object] | None:
    """Return the latest runs for templates; None if there are fewer than two, which make no trend.

    ``points`` have ``at``, ``failed`` (how many things), ``short`` (the number in at most four characters) and
    ``share`` of the highest one, in percent. ``bars`` is the same as one text.
    """
    if len(points) < 2:
        return None
    latest = points[-_POINTS:]
    totals = [sum(point.failed.values()) for point in latest]
    highest = max(totals)
    shares = [total * 100 // highest if highest else 0 for total in totals]
    return {
        "points": [
            {"at": iso(point.at), "failed": total, "short": _short(total), "share": share}
            for point, total, share in zip(latest, totals, shares, strict=True)
        ],
        "bars": "".join(_BARS[share * (len(_BARS) - 1) // 100] for share in shares),
        "first": totals[0],
        "last": totals[-1],
        "change": totals[-1] - totals[0],
        "runs": len(latest),
    }


def _short(count: int) -> str:
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= size:
            tenths = count * 10 // size
            return f"{tenths // 10}.{tenths % 10}{unit}" if tenths < 100 else f"{tenths // 10}{unit}"
    return str(count)
