"""Settings file → settings. Every refusal says file, line, column, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Final

from posture.config.credentials import resolved_path
from posture.config.file_model import SettingsModel
from posture.config.notify_part import NotifyPart
from posture.config.notify_settings import NotifySettings
from posture.config.references import Secret, SettingText
from posture.config.remediation import remediation_settings
from posture.config.schedules import SchedulesPart
from posture.config.service_part import ServicePart
from posture.config.settings import ExportSettings, HttpSettings, Settings, TenantSettings
from posture.config.settings_file import SettingsFile
from posture.config.tenants import TenantsPart, check_settings
from posture.definitions.model_errors import validate
from posture.definitions.yaml_source import YamlDocument, parse_yaml, read_yaml
from posture.domain.schedule import Schedule
from posture.errors import DefinitionError, SettingsError

_GUIDE: Final = "config.example.yaml and the how-to guides show every key."
_IDENTITIES: Final = ("reader", "remediator")
_SECRETS: Final = (("client_secret",), ("certificate", "password"))
_PASSWORD_IN_URL: Final = re.compile(r"://[^/@\s]*:(?!\$\{)[^/@\s]+@")


def load_settings(path: Path, *, environment: Mapping[str, str]) -> Settings:
    """Read a settings file.

    Variables and files that ``store`` and ``http`` refer to are looked up now, those of a tenant when it is used.

    Raises:
        SettingsError: the file cannot be read, or a setting is unknown, twice there, of a wrong type, missing,
            or contradicts another; with file, line and column.
    """
    try:
        document = read_yaml(path.absolute())
    except DefinitionError as error:
        raise SettingsError(str(error)) from error
    return _Loader(document, environment).load()


def parse_settings(text: str, *, path: Path, environment: Mapping[str, str]) -> Settings:
    """Read settings from a text that is, or will be, the content of ``path``. Raises as ``load_settings`` does."""
    try:
        document = parse_yaml(text, path=path.absolute())
    except DefinitionError as error:
        raise SettingsError(str(error)) from error
    return _Loader(document, environment).load()


class _Loader:
    def __init__(self, document: YamlDocument, environment: Mapping[str, str]) -> None:
        self._file = SettingsFile(document=document, environment=environment)
        try:
            self._model = validate(SettingsModel, document, guide=_GUIDE)
        except DefinitionError as error:
            raise SettingsError(str(error)) from error

    def load(self) -> Settings:
        model = self._model
        tenants = tuple(TenantsPart(self._file, model.tenants).all())
        notify_part = NotifyPart(self._file, model.notify, tenants)
        notify = notify_part.read()
        service_part = ServicePart(self._file, model.service, [tenant.name for tenant in tenants])
        data_dir = self._file.path(("data_dir",), default=model.data_dir)
        return Settings(
            path=self._file.document.path,
            data_dir=data_dir,
            store_url=self._store_url(data_dir),
            http=self._http(),
            snapshots_kept=model.snapshots.keep,
            check_directories=self._directories("checks", model.checks.directories),
            action_directories=self._directories("actions", model.actions.directories),
            checks=check_settings(model.checks),
            remediation=remediation_settings(model.remediation),
            notify=notify,
            service=service_part.read(),
            schedules=tuple(self._schedules(tenants, notify)),
            export=self._export(data_dir),
            jobs_kept=model.retention.jobs,
            tenants=tenants,
            warnings=(
                *self._warnings(),
                *map(_literal, notify_part.literal_secrets()),
                *map(_literal, service_part.literal_secrets()),
                *(_never_told(channel.name) for channel in notify_part.never_told(notify)),
            ),
            document=self._file.document,
        )

    def _schedules(self, tenants: Sequence[TenantSettings], notify: NotifySettings) -> Iterator[Schedule]:
        routes = (*notify.routes, *([notify.default] if notify.default else []))
        return SchedulesPart(
            self._file,
            self._model.schedules,
            tenants=[tenant.name for tenant in tenants],
            digests=[route.digest for route in routes if route.digest is not None],
        ).all()

    def _export(self, data_dir: Path) -> ExportSettings:
        steps = ("export", "directory")
        given = self._file.text(steps)
        directory = data_dir / "exports" if given is None else self._file.path(steps, default="")
        return ExportSettings(directory=directory, kept=self._model.export.keep)

    def _directories(self, part: str, given: list[str]) -> tuple[Path, ...]:
        return tuple(
            self._file.path((part, "directories", position), default=text) for position, text in enumerate(given)
        )

    def _store_url(self, data_dir: Path) -> Secret:
        text = self._file.text(("store", "url"))
        if text is None:
            return Secret(f"sqlite:///{data_dir / 'posture.db'}")
        url = text.resolve()
        scheme, separator, rest = url.partition("///")
        if scheme == "sqlite:" and separator and rest:
            return Secret(f"sqlite:///{self._file.directory / rest}")
        if not url.startswith(("postgresql://", "postgresql+psycopg://")):
            raise text.error(
                "it is no address of a database",
                "Write sqlite:///path/to/posture.db or postgresql://user@host/database",
            )
        return Secret(url)

    def _http(self) -> HttpSettings:
        bundle, proxy = self._file.text(("http", "ca_bundle")), self._file.text(("http", "proxy"))
        ca_bundle = None if bundle is None else resolved_path(bundle)
        if bundle is not None and ca_bundle is not None and not ca_bundle.is_file():
            raise bundle.error(f"there is no file {ca_bundle}", "Correct the path, or remove the setting")
        if proxy is not None and not proxy.resolve().startswith(("http://", "https://")):
            raise proxy.error("it is no address of a proxy", "Write http://host:port")
        return HttpSettings(ca_bundle=ca_bundle, proxy=None if proxy is None else proxy.secret())

    def _warnings(self) -> Iterator[str]:
        for position, identity, secret in product(range(len(self._model.tenants)), _IDENTITIES, _SECRETS):
            text = self._file.text(("tenants", position, identity, *secret))
            if text is not None and not text.has_reference:
                yield _literal(text)
        for steps in (("store", "url"), ("http", "proxy")):
            text = self._file.text(steps)
            if text is not None and _PASSWORD_IN_URL.search(text.text):
                yield _literal(text)


def _literal(text: SettingText) -> str:
    return (
        f"{text.at}: {text.setting}: a secret stands in the file itself. "
        "Write ${env:NAME} or ${file:PATH} instead, and change the secret."
    )


def _never_told(channel: str) -> str:
    return (
        f'notify: no route names the channel "{channel}", so nothing is sent to it. Name it in a route or in default.'
    )
