"""The shape of a settings file, key by key. What keys mean together is checked where they are read."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from posture.definitions.quantities import duration, share
from posture.domain.tenant import Cloud

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Share = Annotated[float, BeforeValidator(share)]
ParameterItem = bool | int | float | str | list[str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StoreModel(_Strict):
    url: Text


class HttpModel(_Strict):
    ca_bundle: Text | None = None
    proxy: Text | None = None


class SnapshotsModel(_Strict):
    keep: int = Field(default=5, ge=2, le=10_000)


class TenantChecksModel(_Strict):
    only: list[Text] = Field(default_factory=list)
    skip: list[Text] = Field(default_factory=list)
    params: dict[str, dict[str, ParameterItem]] = Field(default_factory=dict)


class ChecksModel(TenantChecksModel):
    directories: list[Text] = Field(default_factory=list)


class ActionsModel(_Strict):
    directories: list[Text] = Field(default_factory=list)


class LimitsModel(_Strict):
    per_run: int | None = Field(default=None, ge=1)
    per_day: int | None = Field(default=None, ge=1)
    share: Share | None = None
    failures: int | None = Field(default=None, ge=1)


class DemandsModel(_Strict):
    people: int | None = Field(default=None, ge=1, le=10)
    role: Literal["helpdesk", "admin"] | None = None
    valid_for: Duration | None = None
    limits: LimitsModel = Field(default_factory=LimitsModel)


class RemediationModel(DemandsModel):
    actions: dict[str, DemandsModel] = Field(default_factory=dict)


class TenantRemediationModel(RemediationModel):
    enabled: bool = True


class EndpointsModel(_Strict):
    graph: Text
    login: Text


class CertificateModel(_Strict):
    path: Text
    password: Text | None = None


class ManagedIdentityModel(_Strict):
    client_id: Text | None = None


class WorkloadIdentityModel(_Strict):
    token_file: Text


class CredentialModel(_Strict):
    client_id: Text | None = None
    client_secret: Text | None = None
    certificate: CertificateModel | None = None
    managed_identity: ManagedIdentityModel | None = None
    workload_identity: WorkloadIdentityModel | None = None


class ProtectedModel(_Strict):
    users: list[Text] = Field(default_factory=list)
    groups: list[Text] = Field(default_factory=list)


class TenantModel(_Strict):
    name: Text
    tenant_id: Text
    cloud: Cloud = Field(default=Cloud.PUBLIC, strict=False)
    endpoints: EndpointsModel | None = None
    reader: CredentialModel
    remediator: CredentialModel | None = None
    remediation: TenantRemediationModel = Field(default_factory=TenantRemediationModel)
    protected: ProtectedModel = Field(default_factory=ProtectedModel)
    checks: TenantChecksModel = Field(default_factory=TenantChecksModel)


class SettingsModel(_Strict):
    data_dir: Text = "./posture-data"
    store: StoreModel | None = None
    http: HttpModel = Field(default_factory=HttpModel)
    snapshots: SnapshotsModel = Field(default_factory=SnapshotsModel)
    checks: ChecksModel = Field(default_factory=ChecksModel)
    actions: ActionsModel = Field(default_factory=ActionsModel)
    remediation: RemediationModel = Field(default_factory=RemediationModel)
    tenants: list[TenantModel] = Field(min_length=1)
