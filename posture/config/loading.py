"""Settings file → settings. Every refusal says file, line, column, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from posture.config.file_model import EndpointsModel, SettingsModel, TenantChecksModel, TenantModel
from posture.config.references import Secret, SettingText
from posture.config.settings import (
    CheckSettings,
    Endpoints,
    HttpSettings,
    ReaderSettings,
    Settings,
    TenantSettings,
    resolved_guid,
    resolved_path,
)
from posture.definitions.model_errors import validate
from posture.definitions.yaml_source import Plain, Step, YamlDocument, parse_yaml, read_yaml
from posture.domain.check import ParameterValue
from posture.domain.tenant import Cloud
from posture.errors import DefinitionError, SettingsError

_GUIDE: Final = "config.example.yaml and the how-to guides show every key."
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KINDS: Final = ("client_secret", "certificate", "managed_identity", "workload_identity")
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
        self._environment = environment
        self._document = document
        self._directory = document.path.parent
        try:
            self._model = validate(SettingsModel, document, guide=_GUIDE)
        except DefinitionError as error:
            raise SettingsError(str(error)) from error

    def load(self) -> Settings:
        model = self._model
        data_dir = self._path(("data_dir",), default=model.data_dir)
        return Settings(
            path=self._document.path,
            data_dir=data_dir,
            store_url=self._store_url(data_dir),
            http=self._http(),
            snapshots_kept=model.snapshots.keep,
            check_directories=tuple(
                self._path(("checks", "directories", position), default=text)
                for position, text in enumerate(model.checks.directories)
            ),
            checks=_check_settings(model.checks),
            tenants=tuple(self._tenants()),
            warnings=tuple(self._warnings()),
            document=self._document,
        )

    def _text(self, steps: tuple[Step, ...]) -> SettingText | None:
        """Return the text at ``steps``, None if it is not there or null."""
        value = self._document.at(steps)
        if not isinstance(value, str):
            return None
        return SettingText(
            text=value, setting=_dotted(steps), at=self._document.locate(steps), environment=self._environment
        )

    def _path(self, steps: tuple[Step, ...], *, default: str) -> Path:
        text = self._text(steps)
        return resolved_path(text) if text is not None else self._directory / default

    def _store_url(self, data_dir: Path) -> Secret:
        text = self._text(("store", "url"))
        if text is None:
            return Secret(f"sqlite:///{data_dir / 'posture.db'}")
        url = text.resolve()
        scheme, separator, rest = url.partition("///")
        if scheme == "sqlite:" and separator and rest:
            return Secret(f"sqlite:///{self._directory / rest}")
        if not url.startswith(("postgresql://", "postgresql+psycopg://")):
            raise text.error(
                "it is no address of a database",
                "Write sqlite:///path/to/posture.db or postgresql://user@host/database",
            )
        return Secret(url)

    def _http(self) -> HttpSettings:
        bundle, proxy = self._text(("http", "ca_bundle")), self._text(("http", "proxy"))
        ca_bundle = None if bundle is None else resolved_path(bundle)
        if bundle is not None and ca_bundle is not None and not ca_bundle.is_file():
            raise bundle.error(f"there is no file {ca_bundle}", "Correct the path, or remove the setting")
        if proxy is not None and not proxy.resolve().startswith(("http://", "https://")):
            raise proxy.error("it is no address of a proxy", "Write http://host:port")
        return HttpSettings(ca_bundle=ca_bundle, proxy=None if proxy is None else proxy.secret())

    def _tenants(self) -> Iterator[TenantSettings]:
        first_line: dict[str, int] = {}
        for position, model in enumerate(self._model.tenants):
            steps: tuple[Step, ...] = ("tenants", position)
            if not _NAME.fullmatch(model.name):
                raise self._refuse(
                    (*steps, "name"),
                    "it has other characters than letters, digits, dot, dash and underscore, or is too long",
                    "Choose a short name such as contoso",
                )
            key = model.name.lower()
            if key in first_line:
                raise self._refuse(
                    (*steps, "name"),
                    f'the name "{model.name}" stands twice, first in line {first_line[key]}',
                    "Give every tenant a name of its own, not only in capitals different",
                )
            first_line[key] = self._document.locate((*steps, "name")).line
            yield self._tenant(model, steps)

    def _tenant(self, model: TenantModel, steps: tuple[Step, ...]) -> TenantSettings:
        tenant_id = self._text((*steps, "tenant_id"))
        if tenant_id is None:
            raise self._refuse(steps, "the tenant id is missing", "Add it")
        if not tenant_id.has_reference:
            resolved_guid(tenant_id)
        return TenantSettings(
            name=model.name,
            cloud=model.cloud,
            endpoints=self._endpoints(model, steps),
            tenant_id_text=tenant_id,
            reader=self._reader((*steps, "reader")),
            protected_users=tuple(model.protected.users),
            protected_groups=tuple(model.protected.groups),
            checks=_check_settings(model.checks),
        )

    def _endpoints(self, model: TenantModel, steps: tuple[Step, ...]) -> Endpoints | None:
        is_custom = model.cloud is Cloud.CUSTOM
        if is_custom != (model.endpoints is not None):
            problem = "cloud: custom needs endpoints" if is_custom else "endpoints belong to cloud: custom only"
            advice = "Add endpoints: {graph: …, login: …}" if is_custom else "Remove them, or set cloud: custom"
            raise self._refuse((*steps, "cloud" if is_custom else "endpoints"), problem, advice)
        if model.endpoints is None:
            return None
        return Endpoints(
            graph=self._root(model.endpoints, (*steps, "endpoints"), "graph"),
            login=self._root(model.endpoints, (*steps, "endpoints"), "login"),
        )

    def _root(self, model: EndpointsModel, steps: tuple[Step, ...], key: str) -> str:
        url = str(getattr(model, key))
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise self._refuse((*steps, key), "it is not an https address", "Write https://host or https://host:port")
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise self._refuse((*steps, key), "it has more than host and port", "Write https://host:port")
        return url.rstrip("/")

    def _reader(self, steps: tuple[Step, ...]) -> ReaderSettings:
        kind = self._credential_kind(steps)
        client_id = self._text((*steps, "client_id"))
        if kind == "managed_identity":
            if client_id is not None:
                raise self._refuse(
                    (*steps, "client_id"),
                    "a managed identity has no client id here",
                    "Remove it, or move it into managed_identity: {client_id: …}",
                )
            client_id = self._text((*steps, kind, "client_id"))
        elif client_id is None:
            raise self._refuse(steps, 'the key "client_id" is missing', "Add the application id of the registration")
        if client_id is not None and not client_id.has_reference:
            resolved_guid(client_id)
        return ReaderSettings(
            client_id=client_id,
            client_secret=self._text((*steps, "client_secret")),
            certificate_path=self._text((*steps, "certificate", "path")),
            certificate_password=self._text((*steps, "certificate", "password")),
            token_file=self._text((*steps, "workload_identity", "token_file")),
        )

    def _credential_kind(self, steps: tuple[Step, ...]) -> str:
        reader = self._document.at(steps)
        given: dict[str, Plain] = reader if isinstance(reader, dict) else {}
        # "managed_identity:" without anything after it is how people write "no further settings".
        kinds = [
            kind for kind in _KINDS if given.get(kind) is not None or (kind == "managed_identity" and kind in given)
        ]
        if len(kinds) == 1:
            return kinds[0]
        if not kinds:
            raise self._refuse(steps, "no credential is given", f"Add one of: {', '.join(_KINDS)}")
        at = (*steps, kinds[1])
        raise self._refuse(at, f"more than one credential is given: {', '.join(kinds)}", "Keep one of them")

    def _warnings(self) -> Iterator[str]:
        for position in range(len(self._model.tenants)):
            steps: tuple[Step, ...] = ("tenants", position, "reader")
            for secret in (("client_secret",), ("certificate", "password")):
                text = self._text((*steps, *secret))
                if text is not None and not text.has_reference:
                    yield _literal(text)
        for steps in (("store", "url"), ("http", "proxy")):
            text = self._text(steps)
            if text is not None and _PASSWORD_IN_URL.search(text.text):
                yield _literal(text)

    def _refuse(self, steps: tuple[Step, ...], problem: str, advice: str) -> SettingsError:
        return SettingsError(f"{self._document.locate(steps)}: {_dotted(steps)}: {problem}. {advice}.")


def _literal(text: SettingText) -> str:
    return (
        f"{text.at}: {text.setting}: a secret stands in the file itself. "
        "Write ${env:NAME} or ${file:PATH} instead, and change the secret."
    )


def _check_settings(model: TenantChecksModel) -> CheckSettings:
    parameters: dict[str, dict[str, ParameterValue]] = {
        check: {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        for check, given in model.params.items()
    }
    return CheckSettings(only=tuple(model.only), skip=tuple(model.skip), parameters=parameters)


def _dotted(steps: tuple[Step, ...]) -> str:
    """Return a path as people write it: ``tenants[0].reader.client_id``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
