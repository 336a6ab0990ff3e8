"""What settings say about schedules, queues and exports, and every way to get them wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posture.config import Settings, parse_settings
from posture.domain.job_kind import JobKind
from posture.domain.schedule import CatchUp, Cron, Interval
from posture.errors import SettingsError

READER = 'reader: {client_id: 22222222-2222-2222-2222-222222222222, client_secret: "${env:READER}"}'
TENANTS = f"""\
tenants:
  - {{name: contoso, tenant_id: 11111111-1111-1111-1111-111111111111, {READER}}}
  - {{name: fabrikam, queue: apart, tenant_id: 11111111-1111-1111-1111-111111111112, {READER}}}
"""
HOUR = timedelta(hours=1)
DIGEST = """\
notify:
  channels: [{name: admins, teams: {url: "${env:HOOK}"}}]
  routes:
    - {match: {}, channels: [admins], when: {digest: {cron: "0 8 * * *", zone: Europe/Berlin}}}
    - {match: {severity: low}, channels: [admins], when: {digest: {cron: "0 8 * * *", zone: Europe/Berlin}}}
  default: {channels: [admins], when: {digest: {cron: "0 8 * * 1", zone: UTC}}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posture.yaml"


def settings_of(text: str, path: Path) -> Settings:
    return parse_settings(text + TENANTS, path=path, environment={})


def schedules_of(entry: str, path: Path) -> Settings:
    return settings_of(f"schedules:\n  - {entry}\n", path)


def test_without_schedules_posture_has_some_of_itself(path: Path) -> None:
    schedules = settings_of("", path).schedules

    assert [(each.name, each.job, each.is_built_in) for each in schedules] == [
        ("scan", JobKind.SCAN, True),
        ("notify", JobKind.NOTIFY, True),
        ("examine", JobKind.EXAMINE, True),
        ("retention", JobKind.RETENTION, True),
    ]
    scan = schedules[0]
    assert (scan.timing, scan.jitter) == (Cron(cron="0 2 * * *", zone="UTC"), timedelta(minutes=30))


def test_a_schedule_of_the_file_is_in_place_of_the_built_in_one_for_the_same_job_alone(path: Path) -> None:
    schedules = schedules_of('{name: nightly, job: scan, cron: "0 1 * * *"}', path).schedules

    assert [each.name for each in schedules] == ["nightly", "notify", "examine", "retention"]


def test_everything_about_a_schedule_can_be_said(path: Path) -> None:
    schedule = schedules_of(
        "{name: weekly, job: scan, tenants: [fabrikam], tags: [mfa], zone: Europe/Berlin, jitter: 20m, misfire: 2h, "
        'cron: "0 6 * * 1", catch_up: all}',
        path,
    ).schedules[0]

    assert (schedule.tenants, schedule.tags) == (("fabrikam",), ("mfa",))
    assert schedule.timing == Cron(cron="0 6 * * 1", zone="Europe/Berlin")
    assert (schedule.jitter, schedule.misfire) == (timedelta(minutes=20), 2 * HOUR)
    assert schedule.catch_up is CatchUp.ALL
    assert not schedule.is_built_in


def test_an_interval_is_counted_from_what_a_clock_in_the_zone_showed(path: Path) -> None:
    schedule = schedules_of(
        '{name: often, job: scan, every: 6h, anchor: "2026-07-01T06:00", zone: America/New_York}', path
    ).schedules[0]

    assert schedule.timing == Interval(every=6 * HOUR, anchor=datetime(2026, 7, 1, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("timing", "misfire"),
    [("every: 15m", timedelta(minutes=15)), ("every: 7d", HOUR), ('cron: "*/5 * * * *"', timedelta(minutes=5))],
)
def test_what_is_in_time_follows_from_how_often_it_comes(timing: str, misfire: timedelta, path: Path) -> None:
    schedule = schedules_of(f"{{name: often, job: scan, {timing}}}", path).schedules[0]

    assert (schedule.misfire, schedule.catch_up) == (misfire, CatchUp.LATEST)


def test_each_time_at_which_digests_are_told_is_a_schedule(path: Path) -> None:
    digests = [each for each in settings_of(DIGEST, path).schedules if each.job is JobKind.DIGEST]

    assert [(each.name, each.timing) for each in digests] == [
        ("digest-1", Cron(cron="0 8 * * *", zone="Europe/Berlin")),
        ("digest-2", Cron(cron="0 8 * * 1", zone="UTC")),
    ]


def test_tenants_have_a_queue(path: Path) -> None:
    assert [tenant.queue for tenant in settings_of("", path).tenants] == ["default", "apart"]


def test_exports_go_below_the_data_if_nothing_else_is_said(path: Path) -> None:
    usual = settings_of("", path).export
    said = settings_of("export: {directory: ./out, keep: 3}\nretention: {jobs: 10d}\n", path)

    assert (usual.directory, usual.kept) == (path.parent / "posture-data" / "exports", 30)
    assert (said.export.directory, said.export.kept) == (path.parent / "out", 3)
    assert said.jobs_kept == timedelta(days=10)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{name: a, job: scan}", "it says no time"),
        ('{name: a, job: scan, every: 1h, cron: "0 1 * * *"}', "both cron and every"),
        ('{name: a, job: scan, cron: "0 1 * *"}', "has 4 fields and not five"),
        ('{name: a, job: scan, cron: "0 0 31 2 *"}', "never comes"),
        ('{name: a, job: scan, cron: "0 1 * * *", zone: Berlin}', "schedules[0].zone: 'Berlin' is not a time zone"),
        ("{name: a, job: scan, every: 30s}", "shorter than a minute"),
        ("{name: a, job: scan, every: often}", "it is no duration"),
        ("{name: a, job: scan, every: 1h, anchor: noon}", "not what a clock in the zone shows"),
        ('{name: a, job: scan, every: 1h, anchor: "2026-01-01T00:00+01:00"}', "not what a clock in the zone shows"),
        ('{name: a, job: scan, cron: "0 1 * * *", anchor: "2026-01-01"}', "it belongs to every"),
        ("{name: a, job: scan, every: 1h, jitter: 1h}", "as long as the time between"),
        ("{name: a, job: scan, every: 1h, tenants: [contosso]}", 'there is no tenant "contosso"'),
        ("{name: a, job: scan, every: 1h, tags: [mfaa]}", 'there is no tag "mfaa"'),
        ("{name: a, job: export, every: 1h, tags: [mfa]}", "export evaluates none"),
        ("{name: a, job: retention, every: 1h, tenants: [contoso]}", "retention is about no single tenant"),
        ("{name: a, job: execute, every: 1h}", "Use one of: scan, notify"),
        ("{name: a b, job: scan, every: 1h}", "Choose a short name such as nightly"),
        ("{name: notify, job: scan, every: 1h}", "the name of a schedule that posture has of itself"),
        ("{name: a, job: scan, every: 1h, catch_up: some}", "Use one of: none, latest, all"),
        ("{name: a, job: scan, every: 1h, when: now}", 'the key "when" is not known here'),
    ],
)
def test_what_is_wrong_is_said_with_where_it_stands(entry: str, problem: str, path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(problem)) as refused:
        schedules_of(entry, path)

    assert f"{path}:2:" in str(refused.value)


def test_two_schedules_do_not_share_a_name(path: Path) -> None:
    entries = "  - {name: a, job: scan, every: 1h}\n  - {name: A, job: scan, every: 2h}\n"

    with pytest.raises(SettingsError, match="stands here twice, first in line 2"):
        settings_of(f"schedules:\n{entries}", path)


def test_a_queue_has_a_name_that_can_be_typed(path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape("tenants[1].queue")):
        parse_settings(TENANTS.replace("apart", '"a b"'), path=path, environment={})
