"""The shape of a settings file, key by key. What keys mean together is checked where they are read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from posture.domain.tenant import Cloud

Text = Annotated[str, Field(min_length=1, max_length=4000)]
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


class ReaderModel(_Strict):
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
    reader: ReaderModel
    protected: ProtectedModel = Field(default_factory=ProtectedModel)
    checks: TenantChecksModel = Field(default_factory=TenantChecksModel)


class SettingsModel(_Strict):
    data_dir: Text = "./posture-data"
    store: StoreModel | None = None
    http: HttpModel = Field(default_factory=HttpModel)
    snapshots: SnapshotsModel = Field(default_factory=SnapshotsModel)
    checks: ChecksModel = Field(default_factory=ChecksModel)
    tenants: list[TenantModel] = Field(min_length=1)
