"""Cron schedules in a time zone, read as cron reads them, and kept through every change of the clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Protocol
from zoneinfo import ZoneInfo

from posture.domain.routing import Digest
from posture.schedule.cron_fields import CronFields, WrongCron, cron_fields

# Clocks are moved by an hour at most, where they are still moved.
_CLOCK_CHANGE = timedelta(hours=2)
# A schedule that never comes would be searched for until the year 9999. 29 February comes within eight years.
_NEVER = timedelta(days=9 * 366)


class CronCalendar:
    """When digests are due.

    An hour that comes twice in a night counts once, and what falls into one that is left out comes as much later: a
    daily digest comes once a day, whenever it is due.
    """

    def next_time(self, digest: Digest, *, after: datetime) -> datetime:
        """Return the first time of the schedule that is later than ``after``, in UTC.

        Raises:
            ValueError: the schedule cannot be read or never comes; ``check_digest`` says what is wrong with it.
        """
        if (wrong := check_digest(digest.cron, digest.zone)) is not None:
            raise ValueError(wrong)
        zone = ZoneInfo(digest.zone)
        # Moments are not in the order of what clocks show: 02:30 in an hour that is left out comes after 03:00.
        since = after.astimezone(zone).replace(tzinfo=None) - _CLOCK_CHANGE
        moments = ((shown, _moment(shown, zone)) for shown in _times(digest.cron, since=since))
        later = ((shown, moment) for shown, moment in moments if moment > after)
        first_shown, first = next(later)
        rivals = takewhile(lambda each: each[0] <= first_shown + _CLOCK_CHANGE, later)
        return min([first, *(moment for _, moment in rivals)])

    def times(self, digest: Digest, *, after: datetime, until: datetime) -> list[datetime]:
        """Return the times of the schedule that are later than ``after`` and not later than ``until``, in their
        order, in UTC.

        Raises:
            ValueError: the schedule cannot be read or never comes; ``check_digest`` says what is wrong with it.
        """
        if (wrong := check_digest(digest.cron, digest.zone)) is not None:
            raise ValueError(wrong)
        zone = ZoneInfo(digest.zone)
        since = after.astimezone(zone).replace(tzinfo=None) - _CLOCK_CHANGE
        last = until.astimezone(zone).replace(tzinfo=None) + _CLOCK_CHANGE
        shown = takewhile(lambda each: each <= last, _times(digest.cron, since=since))
        # What an hour that is left out shows comes at the same moment as what the next one shows.
        return sorted(moment for moment in {_moment(each, zone) for each in shown} if after < moment <= until)


@lru_cache(maxsize=256)
def check_digest(cron: str, zone: str) -> str | None:
    """Return what is wrong with a schedule, as a sentence without its end; None if it is right."""
    try:
        cron_fields(cron)
    except WrongCron as error:
        return str(error)
    if not _is_zone(zone):
        return f"{zone!r} is not a time zone; write its name as in Europe/Berlin, America/New_York or UTC"
    # Any year will do: what comes, comes within eight years.
    if next(_times(cron, since=datetime(2024, 1, 1)), None) is None:  # noqa: DTZ001 - what a clock on the wall shows
        return f"the cron {cron!r} never comes: no month that it names has such a day"
    return None


def _moment(shown: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock shows this: the first time if it does so twice, and if it never does, when one that nobody
    moved would."""
    return shown.replace(tzinfo=zone).astimezone(UTC)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name of a directory of zones
        return False
    return True


class _Trigger(Protocol):
    def get_next_fire_time(self, previous: None, now: datetime) -> datetime | None: ...


def _times(cron: str, *, since: datetime) -> Iterator[datetime]:
    """Yield what a clock on the wall shows when the schedule comes, from ``since`` on, as naive times."""
    until = since.replace(tzinfo=UTC) + _NEVER
    triggers = _triggers(cron_fields(cron), until=until)
    start = since.replace(tzinfo=UTC)
    while True:
        found = [trigger.get_next_fire_time(None, start) for trigger in triggers]
        coming = [moment for moment in found if moment is not None]
        if not coming:
            return
        yield min(coming).replace(tzinfo=None)
        start = min(coming) + timedelta(minutes=1)


def _triggers(fields: CronFields, *, until: datetime) -> Sequence[_Trigger]:
    """Return what finds the next time. In UTC, because clocks on the wall are read in one that never changes."""
    # APScheduler and tzlocal take some time to import, and only digests need them.
    from apscheduler.triggers.cron import CronTrigger

    shared = {"minute": fields.minute, "hour": fields.hour, "month": fields.month, "timezone": UTC, "end_date": until}
    if not fields.is_either_day:
        return [CronTrigger(day=fields.day, day_of_week=fields.weekday, **shared)]
    return [CronTrigger(day=fields.day, **shared), CronTrigger(day_of_week=fields.weekday, **shared)]
