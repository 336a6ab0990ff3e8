"""The five fields of a cron schedule, checked and spelled as APScheduler reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_PART: Final = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]{1,4}))?", re.ASCII)


class WrongCron(ValueError):
    """A schedule that cannot be read; ``str()`` says why."""


@dataclass(frozen=True, kw_only=True)
class CronFields:
    """Each field as APScheduler takes it: ``*`` or values with commas between them, weekdays by name.

    ``is_either_day``: the schedule names days of the month and weekdays, and cron comes on either of them.
    """

    minute: str
    hour: str
    day: str
    month: str
    weekday: str
    is_either_day: bool


@dataclass(frozen=True, kw_only=True)
class _Field:
    """What may stand in a field: numbers, or in their place ``names``, the first of which means ``lowest``."""

    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()


_MINUTE: Final = _Field(name="minute", lowest=0, highest=59)
_HOUR: Final = _Field(name="hour", lowest=0, highest=23)
_DAY: Final = _Field(name="day of the month", lowest=1, highest=31)
_MONTH: Final = _Field(name="month", lowest=1, highest=12, names=_MONTHS)
# Sunday is 0, and 7 as well.
_WEEKDAY: Final = _Field(name="weekday", lowest=0, highest=7, names=_WEEKDAYS)


def cron_fields(cron: str) -> CronFields:
    """Return the fields of a schedule.

    Weekdays count from Sunday, as in every cron; APScheduler counts them from Monday. It would also drop a step after
    names, and want both the day of the month and the weekday to fit where cron wants one of them.

    Raises:
        WrongCron: it has not five fields, or one holds what cron does not know.
    """
    texts = cron.split()
    if len(texts) != 5:
        raise WrongCron(
            f"the cron {cron!r} has {len(texts)} fields and not five: minute, hour, day of the month, month, weekday"
        )
    minute, hour, day, month, weekday = texts
    return CronFields(
        minute=_numbers(minute, _MINUTE),
        hour=_numbers(hour, _HOUR),
        day=_numbers(day, _DAY),
        month=_numbers(month, _MONTH),
        weekday=_weekdays(weekday),
        is_either_day=not day.startswith("*") and not weekday.startswith("*"),
    )


def _numbers(text: str, field: _Field) -> str:
    values = _values(text, field)
    if len(values) == field.highest - field.lowest + 1:
        return "*"
    return ",".join(str(value) for value in sorted(values))


def _weekdays(text: str) -> str:
    values = {value % 7 for value in _values(text, _WEEKDAY)}
    return "*" if len(values) == 7 else ",".join(_WEEKDAYS[value] for value in sorted(values))


def _values(text: str, field: _Field) -> set[int]:
    return {value for part in text.split(",") for value in _of_part(part, field)}


def _of_part(part: str, field: _Field) -> range:
    found = _PART.fullmatch(part)
    if found is None:
        raise _wrong(part, field)
    step = int(found["step"] or 1)
    if step == 0 or (found["step"] and not (found["all"] or found["last"])):
        raise WrongCron(f"{part!r} is no {field.name}: a step is at least 1 and follows * or a range, as in 8-18/2")
    if found["all"]:
        return range(field.lowest, field.highest + 1, step)
    first = _value(found["first"], part, field)
    last = _value(found["last"], part, field) if found["last"] else first
    # A week may also end with its Sunday.
    if field is _WEEKDAY and last == 0 < first:
        last = 7
    if first > last:
        raise WrongCron(f"{part!r} is no {field.name}: the range ends before it begins")
    return range(first, last + 1, step)


def _value(text: str, part: str, field: _Field) -> int:
    if text.lower() in field.names:
        return field.lowest + field.names.index(text.lower())
    if text.isdigit() and len(text) <= 2 and field.lowest <= int(text) <= field.highest:
        return int(text)
    raise _wrong(part, field)


def _wrong(part: str, field: _Field) -> WrongCron:
    names = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
    return WrongCron(f"{part!r} is no {field.name}: write numbers from {field.lowest} to {field.highest}{names}")
