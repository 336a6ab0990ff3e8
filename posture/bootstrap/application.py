"""posture with one configuration: every use case bound to its adapters."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from posture.bootstrap.connection import connection_of
from posture.bootstrap.exemptions_file import ExemptionsFile
from posture.bootstrap.own_credentials import own_credentials
from posture.bootstrap.recorded_exemptions import RecordedExemptions
from posture.bootstrap.selection import Selection, select_checks
from posture.config import (
    FILE_NAMES,
    Settings,
    TenantSettings,
    find_config,
    load_settings,
    refuse_unknown_actions,
    refuse_unknown_checks,
)
from posture.definitions.catalog import Catalog, load_catalog
from posture.definitions.dictionary import Dictionary
from posture.definitions.loaded import LoadedCheck
from posture.domain.check import CheckId
from posture.domain.examination import Examination
from posture.domain.exemption import Exemption, RecordedExemption
from posture.domain.finding_view import FindingEvent, FindingFilter, FindingView, view_of
from posture.errors import SettingsError, UsageError
from posture.graph.pursuit import RetryBudget
from posture.graph.reader import TenantReader
from posture.graph.throttle import PUBLISHED, Pace
from posture.snapshot.bench import TableBench
from posture.snapshot.query import Answer
from posture.snapshot.snapshots import TenantSnapshots
from posture.store.database import Store, prepare_store
from posture.tables import RESOURCE_TYPES, TABLES
from posture.tables.live import ONLY_LIVE
from posture.usecases.check_needs import Needs, needs_of
from posture.usecases.diagnose import Diagnosis, diagnose_tenant
from posture.usecases.events import ScanEvent
from posture.usecases.examine import examination_of
from posture.usecases.ports import Clock, Pause
from posture.usecases.scan import scan_tenant
from posture.usecases.scan_request import ScanRequest
from posture.usecases.verify_definitions import Verification, verify_checks

if TYPE_CHECKING:
    from posture.bootstrap.access import Access
    from posture.bootstrap.acting import Acting
    from posture.bootstrap.signing_in import SigningIn
    from posture.bootstrap.telling import Telling
    from posture.bootstrap.working import Working
    from posture.definitions.loaded_action import LoadedAction
    from posture.domain.operator import Operator
    from posture.store.reader import Reader
    from posture.usecases.verify_actions import ActionVerification

_EXEMPTIONS_FILE = "exemptions.yaml"


class SystemClock:
    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC)


@lru_cache(maxsize=1)
def dictionary() -> Dictionary:
    """Return the data dictionary."""
    return Dictionary(TABLES, RESOURCE_TYPES)


def catalog_of(config: Path | None) -> Catalog:
    """Return the checks of the configuration; without one, those that come with posture."""
    if config is None and not any((Path.cwd() / name).is_file() for name in FILE_NAMES):
        return load_catalog([], dictionary())
    return load_application(config).catalog


def verify(checks: Sequence[LoadedCheck], *, with_probes: bool) -> Iterator[Verification]:
    """Run the tests inside checks, and the probes, on tables in memory."""
    return verify_checks(checks, bench=TableBench(TABLES), dictionary=dictionary(), with_probes=with_probes)


def live_dictionary() -> Dictionary:
    """Return the data dictionary with the tables that only actions read."""
    return dictionary().with_tables(ONLY_LIVE)


def try_actions(actions: Sequence[LoadedAction], *, with_probe: bool) -> Iterator[ActionVerification]:
    """Run the tests inside actions, and the probe, on tables in memory."""
    # Here and not above: scans do not need it.
    from posture.snapshot.live import LiveDesk
    from posture.usecases.verify_actions import verify_actions

    known = live_dictionary()
    desk = LiveDesk(known.tables)
    try:
        yield from verify_actions(actions, desk=desk, dictionary=known, with_probe=with_probe)
    finally:
        desk.close()


def load_application(
    config: Path | None,
    *,
    pace: Pace = PUBLISHED,
    budget: RetryBudget | None = None,
    pause: Pause | None = None,
    clock: Clock | None = None,
) -> Application:
    """Read the configuration and the checks, and return everything bound to them. Nothing else is opened yet.

    ``pace`` and ``budget`` are how fast Graph is asked and how much trouble is put up with, ``pause`` how time passes
    while a change is waited for, ``clock`` what time it is; None means as usual.

    Raises:
        SettingsError: the configuration is missing or wrong, or names a check or an action that does not exist.
        DefinitionErrors: check files are wrong.
    """
    path = find_config(config, environment=os.environ, directory=Path.cwd())
    settings = load_settings(path, environment=os.environ)
    application = Application(settings, pace=pace, budget=budget, pause=pause, clock=clock)
    known = {str(loaded.check.id): loaded.defaults.keys() for loaded in application.catalog.checks}
    refuse_unknown_checks(application.settings, known)
    refuse_unknown_actions(application.settings, application.catalog.action_ids)
    return application


class Application:
    """posture with one configuration. Adapters are built when they are first used."""

    def __init__(
        self,
        settings: Settings,
        *,
        pace: Pace,
        budget: RetryBudget | None = None,
        pause: Pause | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._pace = pace
        self._budget = budget
        self._pause = pause

    @cached_property
    def catalog(self) -> Catalog:
        return load_catalog(
            self.settings.check_directories,
            dictionary(),
            action_directories=self.settings.action_directories,
        )

    @cached_property
    def store(self) -> Store:
        return prepare_store(self.settings.store_url.reveal())

    @cached_property
    def acting(self) -> Acting:
        """What people do with actions."""
        # Here and not above: scans do not need it.
        from posture.bootstrap.acting import Acting

        return Acting(self, pace=self._pace, budget=self._budget, pause=self._pause)

    @cached_property
    def telling(self) -> Telling:
        """What people are told, and how."""
        # Here and not above: who configured no channels does not need it.
        from posture.bootstrap.telling import Telling

        return Telling(self)

    @cached_property
    def signing_in(self) -> SigningIn:
        """Who comes to the page and to the API."""
        # Here and not above: the command line does not need it.
        from posture.bootstrap.signing_in import SigningIn

        return SigningIn(self)

    def access(self, operator: Operator) -> Access:
        """Return posture as this operator may see and use it."""
        # Here and not above: the command line does not need it.
        from posture.bootstrap.access import Access

        return Access(self, operator)

    @cached_property
    def working(self) -> Working:
        """What is done on schedule, and by whom it is asked for."""
        # Here and not above: who only looks does not need it.
        from posture.bootstrap.working import Working

        return Working(self)

    def succeed(self, earlier: Application) -> None:
        """Take over what an earlier configuration has open: its database, and the engine that brings jobs.

        Raises:
            SettingsError: this one has another database.
        """
        if self.settings.store_url.reveal() != earlier.settings.store_url.reveal():
            raise SettingsError("store.url has changed: restart posture, or put the old one back")
        self.store = earlier.store
        self.working.engine = earlier.working.engine

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.settings.warnings

    @property
    def titles(self) -> dict[CheckId, str]:
        """The title of every check, by id."""
        return {loaded.check.id: loaded.check.title for loaded in self.catalog.checks}

    @cached_property
    def needs_of_checks(self) -> Mapping[CheckId, Needs]:
        """What each check needs of a tenant by itself."""
        return {loaded.check.id: needs_of(loaded) for loaded in self.catalog.checks}

    def tenants_named(self, names: Sequence[str]) -> tuple[TenantSettings, ...]:
        """Return the tenants of these names, all of them if there is no name."""
        if not names:
            return self.settings.tenants
        return tuple(self.settings.tenant(name) for name in dict.fromkeys(names))

    def tenant_named(self, name: str | None) -> TenantSettings:
        """Return one tenant; without a name, the only one that the configuration has."""
        if name is not None:
            return self.settings.tenant(name)
        if len(self.settings.tenants) > 1:
            known = ", ".join(tenant.name for tenant in self.settings.tenants)
            raise UsageError(f"there are several tenants; choose one with --tenant: {known}")
        return self.settings.tenants[0]

    def tenant_by_id(self, tenant_id: str) -> TenantSettings:
        """Return the tenant with this directory id.

        Raises:
            UsageError: the settings have none any more.
        """
        for tenant in self.settings.tenants:
            if tenant.tenant_id == tenant_id:
                return tenant
        raise UsageError(f"the settings have no tenant {tenant_id} any more")

    def known_check(self, name: str) -> CheckId:
        """Return a check id after making sure that there is such a check."""
        return self.catalog.check(name).check.id

    def selection(self, tenant: TenantSettings, *, checks: Sequence[str], tags: Sequence[str]) -> Selection:
        """Return the checks of a tenant, narrowed to ``checks`` and ``tags``.

        A check that is named in ``checks`` is evaluated even if the configuration skips it.
        """
        return select_checks(self.catalog, self.settings, tenant, checks=checks, tags=tags)

    def scan(
        self, tenant: TenantSettings, selection: Selection, *, all_verdicts: bool, run_id: str | None = None
    ) -> Iterator[ScanEvent]:
        """Scan one tenant and yield what happens; see ``scan_tenant``. ``run_id`` is of a run that goes on; None
        begins one."""
        request = ScanRequest(
            run_id=run_id or uuid.uuid4().hex,
            tenant_id=tenant.tenant_id,
            tenant_name=tenant.name,
            checks=selection.checks,
            switched_off=selection.switched_off,
            wanted=selection.wanted,
            exemptions=self.exemptions_of_file(),
            exemption_notice=self.settings.notify.exemption_notice,
            own=own_credentials(tenant, self.settings, self.catalog),
            all_verdicts=all_verdicts,
        )
        return scan_tenant(
            request,
            graph=self.reader(tenant),
            snapshots=self.snapshots(tenant),
            open_unit=self.store.open_unit,
            clock=self.clock,
        )

    def diagnose(self, tenant: TenantSettings, selection: Selection) -> Diagnosis:
        """Find out whether the selected checks can run."""
        return diagnose_tenant(selection.checks, selection.wanted, graph=self.reader(tenant))

    def examine(self, tenant: TenantSettings) -> Examination:
        """Ask a tenant what the reader and the remediator may do, keep what was found, and return it."""
        at, selection = self.clock.now(), self.selection(tenant, checks=[], tags=[])
        diagnosis, remediator = self.diagnose(tenant, selection), self.acting.examine(tenant)
        examination = examination_of(tenant.tenant_id, diagnosis, selection.permissions, remediator, at=at)
        self.store.add_examination(examination)
        return examination

    def reader(self, tenant: TenantSettings) -> TenantReader:
        return TenantReader(connection_of(tenant, http=self.settings.http), pace=self._pace, budget=self._budget)

    def snapshots(self, tenant: TenantSettings) -> TenantSnapshots:
        return TenantSnapshots(
            self.settings.data_dir,
            tenant_id=tenant.tenant_id,
            dictionary=TABLES,
            keep=self.settings.snapshots_kept,
        )

    def query(self, tenant: TenantSettings, sql: str) -> Answer:
        """Ask the latest snapshot of a tenant."""
        snapshot = self.snapshots(tenant).latest()
        if snapshot is None:
            raise UsageError(f"{tenant.name} has no snapshot yet; posture scan makes one")
        return snapshot.query(sql)

    def exemptions(self) -> tuple[Exemption, ...]:
        """Return every exemption on record, of the file and of the database, those that ended too."""
        with self.store.reading() as reader:
            recorded = tuple(record.exemption for record in reader.exemptions())
        return (*self.exemptions_of_file(), *recorded)

    @contextmanager
    def finding_views(self, wanted: FindingFilter) -> Iterator[Iterator[FindingView]]:
        """Give findings as they stand now, streamed."""
        exemptions, now = self.exemptions(), self.clock.now()
        names = {tenant.tenant_id: tenant.name for tenant in self.settings.tenants}
        with self.store.reading() as reader:
            yield (
                view_of(finding, exemptions, tenant=names.get(finding.tenant_id, ""), now=now)
                for finding in reader.findings(wanted)
            )

    def finding(self, prefix: str) -> tuple[FindingView, Sequence[FindingEvent]]:
        """Return the one finding whose fingerprint begins so, and its history."""
        names = {tenant.tenant_id: tenant.name for tenant in self.settings.tenants}
        exemptions, now = self.exemptions(), self.clock.now()
        with self.store.reading() as reader:
            found = reader.by_prefix(prefix, tenant_ids=tuple(names))
            if not found:
                raise UsageError(f'no finding has an id that begins with "{prefix}"; see posture findings list')
            if len(found) > 1:
                raise UsageError(f'{len(found)} findings have an id that begins with "{prefix}"; give more of it')
            finding = found[0]
            view = view_of(finding, exemptions, tenant=names[finding.tenant_id], now=now)
            return view, reader.history(finding)

    def recorded_exemptions(self, reader: Reader) -> tuple[RecordedExemption, ...]:
        """Return the exemptions of the database, as an open reader sees it."""
        return self._recorded_exemptions.exemptions(reader)

    def exemptions_of_file(self) -> tuple[Exemption, ...]:
        """Return the exemptions of the file beside the settings, those that ended too."""
        return self._exemptions_file.exemptions()

    @cached_property
    def _recorded_exemptions(self) -> RecordedExemptions:
        return RecordedExemptions()

    @cached_property
    def _exemptions_file(self) -> ExemptionsFile:
        path = self.settings.path.parent / _EXEMPTIONS_FILE
        names = [tenant.name for tenant in self.settings.tenants]
        return ExemptionsFile(path, check_ids=self.catalog.ids, tenants=names)
