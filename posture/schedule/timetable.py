"""When schedules are due: cron on the clock of a time zone, or every so often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from posture.domain.routing import Digest
from posture.domain.schedule import Cron, Interval, Timing
from posture.schedule.cron import CronCalendar

_FIRST_LOOK_BACK: Final = timedelta(hours=1)
_SECOND: Final = timedelta(seconds=1)


class ScheduleTimetable:
    """Due times of schedules, in UTC.

    Cron goes by a clock on the wall: an hour that comes twice counts once, and what falls into one that is left out
    comes as much later. An interval goes by time that has passed, and no change of the clocks moves it.
    """

    def __init__(self) -> None:
        self._calendar = CronCalendar()

    def next_time(self, timing: Timing, *, after: datetime) -> datetime:
        """Return the first due time later than ``after``.

        Raises:
            ValueError: the cron cannot be read or never comes; ``check_digest`` says what is wrong with it.
        """
        if isinstance(timing, Cron):
            return self._calendar.next_time(Digest(cron=timing.cron, zone=timing.zone), after=after)
        return _next_of_interval(timing, after=after)

    def times(self, timing: Timing, *, after: datetime, until: datetime, limit: int) -> Sequence[datetime]:
        """Return the due times later than ``after`` and not later than ``until``, the earliest first; if there are
        more than ``limit``, the newest ones.

        What it costs depends on the limit and not on how long ago ``after`` is.
        """
        if isinstance(timing, Interval):
            return _times_of_interval(timing, max(after, until - timing.every * limit), until)
        digest, back = Digest(cron=timing.cron, zone=timing.zone), _FIRST_LOOK_BACK
        while True:
            start = max(after, until - back)
            found = self._calendar.times(digest, after=start, until=until)
            if start == after or len(found) >= limit:
                return found[-limit:]
            back *= 2


def _times_of_interval(interval: Interval, after: datetime, until: datetime) -> list[datetime]:
    found: list[datetime] = []
    due = after
    while (due := _next_of_interval(interval, after=due)) <= until:
        found.append(due)
    return found


def _next_of_interval(interval: Interval, *, after: datetime) -> datetime:
    # APScheduler takes some time to import, and commands that only show findings do without it.
    from apscheduler.triggers.interval import IntervalTrigger

    trigger = IntervalTrigger(
        seconds=int(interval.every.total_seconds()), start_date=interval.anchor.astimezone(UTC), timezone=UTC
    )
    # It returns what is not before "now", and due times are whole seconds.
    earliest = after.astimezone(UTC).replace(microsecond=0) + _SECOND
    due: datetime = trigger.get_next_fire_time(None, earliest)
    return due.astimezone(UTC)
