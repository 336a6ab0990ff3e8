"""The tenants of a settings file: names, endpoints, and the identities that sign in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from posture.config.credential_part import read_credential, refuse_the_reader
from posture.config.credentials import resolved_guid
from posture.config.file_model import EndpointsModel, ProtectedModel, TenantChecksModel, TenantModel
from posture.config.remediation import remediation_settings
from posture.config.settings import CheckSettings, Endpoints, TenantSettings
from posture.config.settings_file import SettingsFile
from posture.definitions.yaml_source import Step
from posture.domain.check import ParameterValue
from posture.domain.job import DEFAULT_QUEUE
from posture.domain.tenant import Cloud

_OBJECT_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SIGN_IN_NAME: Final = re.compile(r"[^\s@${}]+@[^\s@${}]+")


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
            self._file.refuse_unfit_name((*steps, "name"), model.name, example="contoso")
            # Case does not count: names become names of variables and files for people.
            self._file.refuse_twice(
                names, model.name.lower(), (*steps, "name"), "Give every tenant a name of its own"
            )
            # Findings and snapshots are kept by this id.
            self._file.refuse_twice(
                ids, model.tenant_id.lower(), (*steps, "tenant_id"), "Keep one entry for each tenant"
            )
            yield self._tenant(model, steps)

    def _tenant(self, model: TenantModel, steps: tuple[Step, ...]) -> TenantSettings:
        tenant_id = self._file.text((*steps, "tenant_id"))
        if tenant_id is None:
            raise self._file.refuse(steps, "the tenant id is missing", "Add it")
        if not tenant_id.has_reference:
            resolved_guid(tenant_id)
        reader = read_credential(self._file, (*steps, "reader"))
        remediator = None
        if model.remediator is not None:
            remediator = read_credential(self._file, (*steps, "remediator"))
            refuse_the_reader(
                self._file,
                (*steps, "remediator"),
                remediator,
                reader=reader,
                problem="the remediator is the same identity as the reader",
                advice="Register a second application for it: posture permissions --actions --format steps",
            )
        self._refuse_unprotecting(model.protected, (*steps, "protected"))
        return TenantSettings(
            name=model.name,
            cloud=model.cloud,
            endpoints=self._endpoints(model, steps),
            tenant_id_text=tenant_id,
            reader=reader,
            remediator=remediator,
            remediation_enabled=model.remediation.enabled,
            remediation=remediation_settings(model.remediation),
            protected_users=tuple(model.protected.users),
            protected_groups=tuple(model.protected.groups),
            checks=check_settings(model.checks),
            queue=self._queue(model, steps),
        )

    def _queue(self, model: TenantModel, steps: tuple[Step, ...]) -> str:
        if model.queue is None:
            return DEFAULT_QUEUE
        self._file.refuse_unfit_name((*steps, "queue"), model.queue, example="contoso")
        return model.queue

    def _refuse_unprotecting(self, model: ProtectedModel, steps: tuple[Step, ...]) -> None:
        """Refuse what can be nobody's id: it would protect nobody, and nobody would notice."""
        for position, user in enumerate(model.users):
            if not (_OBJECT_ID.fullmatch(user) or _SIGN_IN_NAME.fullmatch(user)):
                problem = "it is neither an object id nor a sign-in name, so it would protect nobody"
                raise self._file.refuse((*steps, "users", position), problem, "Write the object id of the account")
        for position, group in enumerate(model.groups):
            if not _OBJECT_ID.fullmatch(group):
                problem = "it is not an object id, so it would protect nobody"
                raise self._file.refuse((*steps, "groups", position), problem, "Write the object id of the group")

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


def check_settings(model: TenantChecksModel) -> CheckSettings:
    """Return which checks to evaluate, as values."""
    parameters: dict[str, dict[str, ParameterValue]] = {
        check: {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        for check, given in model.params.items()
    }
    return CheckSettings(only=tuple(model.only), skip=tuple(model.skip), parameters=parameters)
