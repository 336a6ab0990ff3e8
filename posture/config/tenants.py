"""The tenants of a settings file: names, endpoints, and exactly one credential each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from posture.config.file_model import EndpointsModel, TenantChecksModel, TenantModel
from posture.config.settings import CheckSettings, Endpoints, ReaderSettings, TenantSettings, resolved_guid
from posture.config.settings_file import SettingsFile
from posture.definitions.yaml_source import Plain, Step
from posture.domain.check import ParameterValue
from posture.domain.tenant import Cloud

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KINDS: Final = ("client_secret", "certificate", "managed_identity", "workload_identity")


class TenantsPart:
    """The part of a file below ``tenants``."""

    def __init__(self, file: SettingsFile, models: Sequence[TenantModel]) -> None:
        self._file = file
        self._models = models

    def all(self) -> Iterator[TenantSettings]:
        """Yield the tenants in the order of the file. Raises SettingsError as ``load_settings`` does."""
        names: dict[str, int] = {}
        ids: dict[str, int] = {}
        for position, model in enumerate(self._models):
            steps: tuple[Step, ...] = ("tenants", position)
            if not _NAME.fullmatch(model.name):
                raise self._file.refuse(
                    (*steps, "name"),
                    "it has other characters than letters, digits, dot, dash and underscore, or is too long",
                    "Choose a short name such as contoso",
                )
            # Case does not count: names become names of variables and files for people.
            self._refuse_twice(names, model.name.lower(), (*steps, "name"), "Give every tenant a name of its own")
            # Findings and snapshots are kept by this id.
            self._refuse_twice(ids, model.tenant_id.lower(), (*steps, "tenant_id"), "Keep one entry for each tenant")
            yield self._tenant(model, steps)

    def _refuse_twice(self, seen: dict[str, int], key: str, steps: tuple[Step, ...], advice: str) -> None:
        if key in seen:
            raise self._file.refuse(steps, f'"{key}" stands here twice, first in line {seen[key]}', advice)
        seen[key] = self._file.document.locate(steps).line

    def _tenant(self, model: TenantModel, steps: tuple[Step, ...]) -> TenantSettings:
        tenant_id = self._file.text((*steps, "tenant_id"))
        if tenant_id is None:
            raise self._file.refuse(steps, "the tenant id is missing", "Add it")
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
            checks=check_settings(model.checks),
        )

    def _endpoints(self, model: TenantModel, steps: tuple[Step, ...]) -> Endpoints | None:
        is_custom = model.cloud is Cloud.CUSTOM
        if is_custom != (model.endpoints is not None):
            problem = "cloud: custom needs endpoints" if is_custom else "endpoints belong to cloud: custom only"
            advice = "Add endpoints: {graph: …, login: …}" if is_custom else "Remove them, or set cloud: custom"
            raise self._file.refuse((*steps, "cloud" if is_custom else "endpoints"), problem, advice)
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
            raise self._file.refuse(
                (*steps, key), "it is not an https address", "Write https://host or https://host:port"
            )
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            raise self._file.refuse((*steps, key), "it has more than host and port", "Write https://host:port")
        return url.rstrip("/")

    def _reader(self, steps: tuple[Step, ...]) -> ReaderSettings:
        kind = self._credential_kind(steps)
        client_id = self._file.text((*steps, "client_id"))
        if kind == "managed_identity":
            if client_id is not None:
                raise self._file.refuse(
                    (*steps, "client_id"),
                    "a managed identity has no client id here",
                    "Remove it, or move it into managed_identity: {client_id: …}",
                )
            client_id = self._file.text((*steps, kind, "client_id"))
        elif client_id is None:
            raise self._file.refuse(
                steps, 'the key "client_id" is missing', "Add the application id of the registration"
            )
        if client_id is not None and not client_id.has_reference:
            resolved_guid(client_id)
        return ReaderSettings(
            client_id=client_id,
            client_secret=self._file.text((*steps, "client_secret")),
            certificate_path=self._file.text((*steps, "certificate", "path")),
            certificate_password=self._file.text((*steps, "certificate", "password")),
            token_file=self._file.text((*steps, "workload_identity", "token_file")),
        )

    def _credential_kind(self, steps: tuple[Step, ...]) -> str:
        reader = self._file.document.at(steps)
        given: dict[str, Plain] = reader if isinstance(reader, dict) else {}
        # "managed_identity:" without anything after it is how people write "no further settings".
        kinds = [
            kind for kind in _KINDS if given.get(kind) is not None or (kind == "managed_identity" and kind in given)
        ]
        if len(kinds) == 1:
            return kinds[0]
        if not kinds:
            raise self._file.refuse(steps, "no credential is given", f"Add one of: {', '.join(_KINDS)}")
        at = (*steps, kinds[1])
        raise self._file.refuse(at, f"more than one credential is given: {', '.join(kinds)}", "Keep one of them")


def check_settings(model: TenantChecksModel) -> CheckSettings:
    """Return which checks to evaluate, as values."""
    parameters: dict[str, dict[str, ParameterValue]] = {
        check: {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        for check, given in model.params.items()
    }
    return CheckSettings(only=tuple(model.only), skip=tuple(model.skip), parameters=parameters)
