"""The part of a settings file below ``schedules``, and the schedules that posture has of itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from posture.config.file_model import ScheduleModel
from posture.config.settings_file import SettingsFile
from posture.definitions.vocabulary import TAGS
from posture.definitions.yaml_source import Step
from posture.domain.job_kind import JobKind
from posture.domain.routing import Digest
from posture.domain.schedule import CatchUp, Cron, Interval, Schedule, Timing

_HERE: Final = "schedules"
_SHORTEST: Final = timedelta(minutes=1)
_MISFIRE: Final = timedelta(hours=1)
# Any moment will do to measure how far due times are apart; this one begins a leap year, on a Monday.
_SOME_DAY: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - what a clock on the wall shows, in any zone
_EXAMPLE: Final = 'Write e.g. cron: "0 2 * * *" with zone: Europe/Berlin, or every: 6h'


class SchedulesPart:
    """Reads ``schedules`` after the tenants, whose names it may use. ``digests`` are those of the routes."""

    def __init__(
        self,
        file: SettingsFile,
        models: Sequence[ScheduleModel],
        *,
        tenants: Collection[str],
        digests: Sequence[Digest],
    ) -> None:
        self._file = file
        self._models = models
        self._tenants = tenants
        self._digests = digests

    def all(self) -> Iterator[Schedule]:
        """Yield the schedules of the file in its order, then the built-in ones of jobs that it does not mention.

        Raises SettingsError as ``load_settings`` does.
        """
        mentioned = {JobKind(model.job) for model in self._models}
        built_in = [one for one in (*_built_in(), *_of_digests(self._digests)) if one.job not in mentioned]
        names: dict[str, int] = {}
        for position, model in enumerate(self._models):
            steps: tuple[Step, ...] = (_HERE, position)
            self._file.refuse_unfit_name((*steps, "name"), model.name, example="nightly")
            self._file.refuse_twice(
                names, model.name.lower(), (*steps, "name"), "Give every schedule a name of its own"
            )
            if model.name.lower() in {one.name for one in built_in}:
                problem = f'"{model.name}" is the name of a schedule that posture has of itself'
                raise self._file.refuse((*steps, "name"), problem, "Choose another name")
            yield self._schedule(model, steps)
        yield from built_in

    def _schedule(self, model: ScheduleModel, steps: tuple[Step, ...]) -> Schedule:
        job = JobKind(model.job)
        if model.tenants and not job.is_of_tenant:
            raise self._file.refuse((*steps, "tenants"), f"{job} is about no single tenant", "Remove it")
        if model.tags and job is not JobKind.SCAN:
            raise self._file.refuse((*steps, "tags"), f"tags choose checks, and {job} evaluates none", "Remove it")
        self._refuse_unknown((*steps, "tenants"), model.tenants, self._tenants, "tenant")
        self._refuse_unknown((*steps, "tags"), model.tags, TAGS, "tag")
        timing = self._timing(model, steps)
        apart = _apart(timing)
        if model.jitter is not None and model.jitter >= apart:
            problem = "it is as long as the time between two due times, or longer"
            raise self._file.refuse((*steps, "jitter"), problem, "Write a shorter one")
        return Schedule(
            name=model.name,
            job=job,
            tenants=tuple(dict.fromkeys(model.tenants)),
            tags=tuple(dict.fromkeys(model.tags)),
            timing=timing,
            jitter=model.jitter or timedelta(0),
            misfire=model.misfire or min(_MISFIRE, apart),
            catch_up=CatchUp(model.catch_up),
            is_built_in=False,
        )

    def _timing(self, model: ScheduleModel, steps: tuple[Step, ...]) -> Timing:
        # Here and not above: settings without schedules need no calendar.
        from posture.schedule.cron import check_digest

        if (model.cron is None) == (model.every is None):
            problem = "it says no time" if model.cron is None else "it has both cron and every"
            raise self._file.refuse(steps, problem, _EXAMPLE)
        problem_of_zone = check_digest("0 0 * * *", model.zone)
        if problem_of_zone is not None:
            raise self._file.refuse((*steps, "zone"), problem_of_zone, _EXAMPLE)
        if model.cron is not None:
            problem_of_cron = check_digest(model.cron, model.zone)
            if problem_of_cron is not None:
                raise self._file.refuse((*steps, "cron"), problem_of_cron, _EXAMPLE)
            if model.anchor is not None:
                raise self._file.refuse((*steps, "anchor"), "it belongs to every, not to cron", "Remove it")
            return Cron(cron=model.cron, zone=model.zone)
        every = model.every or _SHORTEST
        if every < _SHORTEST:
            raise self._file.refuse((*steps, "every"), "it is shorter than a minute", "Write 1m or more")
        return Interval(every=every, anchor=self._anchor(model, steps))

    def _anchor(self, model: ScheduleModel, steps: tuple[Step, ...]) -> datetime:
        if model.anchor is None:
            shown = _SOME_DAY
        else:
            try:
                shown = datetime.fromisoformat(model.anchor)
            except ValueError:
                shown = None
        if shown is None or shown.tzinfo is not None or shown.microsecond:
            problem = "it is not what a clock in the zone shows"
            raise self._file.refuse((*steps, "anchor"), problem, 'Write e.g. "2026-01-05T06:00"')
        return shown.replace(tzinfo=ZoneInfo(model.zone)).astimezone(UTC)

    def _refuse_unknown(
        self, steps: tuple[Step, ...], names: Sequence[str], known: Collection[str], what: str
    ) -> None:
        for position, name in enumerate(names):
            if name not in known:
                raise self._file.unknown((*steps, position), what, name, known)


def _apart(timing: Timing) -> timedelta:
    """Return how far two due times are apart, or were at one time in the past if that is not always the same."""
    if isinstance(timing, Interval):
        return timing.every
    from posture.schedule.timetable import ScheduleTimetable

    timetable = ScheduleTimetable()
    first = timetable.next_time(timing, after=_SOME_DAY.replace(tzinfo=UTC))
    return timetable.next_time(timing, after=first) - first


def _built_in() -> Iterator[Schedule]:
    yield _own(
        JobKind.SCAN, Cron(cron="0 2 * * *", zone="UTC"), jitter=timedelta(minutes=30), misfire=timedelta(hours=1)
    )
    yield _own(JobKind.NOTIFY, _every(timedelta(minutes=1)), jitter=timedelta(0), misfire=timedelta(minutes=1))
    yield _own(JobKind.EXAMINE, _every(timedelta(hours=1)), jitter=timedelta(minutes=30), misfire=timedelta(hours=1))
    yield _own(
        JobKind.RETENTION, Cron(cron="30 3 * * *", zone="UTC"), jitter=timedelta(0), misfire=timedelta(hours=1)
    )


def _of_digests(digests: Sequence[Digest]) -> Iterator[Schedule]:
    for number, digest in enumerate(dict.fromkeys(digests), start=1):
        timing = Cron(cron=digest.cron, zone=digest.zone)
        yield _own(JobKind.DIGEST, timing, jitter=timedelta(0), misfire=timedelta(hours=1), name=f"digest-{number}")


def _own(job: JobKind, timing: Timing, *, jitter: timedelta, misfire: timedelta, name: str | None = None) -> Schedule:
    return Schedule(
        name=name or str(job),
        job=job,
        tenants=(),
        tags=(),
        timing=timing,
        jitter=jitter,
        misfire=misfire,
        catch_up=CatchUp.LATEST,
        is_built_in=True,
    )


def _every(length: timedelta) -> Interval:
    return Interval(every=length, anchor=_SOME_DAY.replace(tzinfo=UTC))
