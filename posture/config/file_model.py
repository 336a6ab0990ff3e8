"""The shape of a settings file, key by key. What keys mean together is checked where they are read."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from posture.definitions.quantities import duration, share
from posture.domain.notice import Event
from posture.domain.severity import Severity
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
    queue: Text | None = None


class Xoauth2Model(CredentialModel):
    tenant: Text


class SmtpModel(_Strict):
    host: Text
    port: int | None = Field(default=None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Text | None = None
    password: Text | None = None
    xoauth2: Xoauth2Model | None = None
    sender: Text = Field(alias="from")
    to: list[Text] = Field(min_length=1, max_length=100)


class GraphMailModel(_Strict):
    tenant: Text
    mailbox: Text
    to: list[Text] = Field(min_length=1, max_length=100)
    credential: CredentialModel


class TeamsModel(_Strict):
    url: Text
    bare_card: bool = False


class WebhookModel(_Strict):
    url: Text
    secret: Text


class ChannelModel(_Strict):
    name: Text
    smtp: SmtpModel | None = None
    graph_mail: GraphMailModel | None = None
    teams: TeamsModel | None = None
    webhook: WebhookModel | None = None


class MatchModel(_Strict):
    events: list[Annotated[Event, Field(strict=False)]] = Field(default_factory=list)
    severity: Severity | None = Field(default=None, strict=False)
    checks: list[Text] = Field(default_factory=list)
    tags: list[Text] = Field(default_factory=list)
    tenants: list[Text] = Field(default_factory=list)
    resource_types: list[Text] = Field(default_factory=list)


class DigestModel(_Strict):
    cron: Text
    zone: Text


class WhenModel(_Strict):
    digest: DigestModel


def _digest_or_none(value: object) -> object:
    if value == "immediate":
        return None
    if isinstance(value, dict):
        return value
    raise ValueError("it says no time: write immediate, or digest with its cron and zone")


class DefaultRouteModel(_Strict):
    channels: list[Text] = Field(min_length=1)
    when: Annotated[WhenModel | None, BeforeValidator(_digest_or_none)] = None


class RouteModel(DefaultRouteModel):
    match: MatchModel


class NotifyModel(_Strict):
    page: Text | None = None
    reference_hosts: list[Text] = Field(default_factory=list)
    templates: Text | None = None
    credential_days: int = Field(default=90, ge=1, le=730)
    exemption_days: int = Field(default=14, ge=1, le=365)
    channels: list[ChannelModel] = Field(default_factory=list)
    routes: list[RouteModel] = Field(default_factory=list)
    default: DefaultRouteModel | None = None


class TlsModel(_Strict):
    certificate: Text
    key: Text
    password: Text | None = None


class SignInRolesModel(_Strict):
    viewer: list[Text] = Field(default_factory=list)
    helpdesk: list[Text] = Field(default_factory=list)
    admin: list[Text] = Field(default_factory=list)


class SignInModel(_Strict):
    issuer: Text
    client_id: Text
    client_secret: Text | None = None
    certificate: CertificateModel | None = None
    scopes: list[Text] = Field(default=["openid", "profile"], max_length=50)
    claim: Text = "roles"
    roles: SignInRolesModel
    tenants: dict[str, list[Text]] | None = None


class LifetimesModel(_Strict):
    idle: Duration = timedelta(minutes=30)
    longest: Duration = timedelta(hours=8)


class ServiceModel(_Strict):
    listen: Text = "127.0.0.1:8080"
    url: Text | None = None
    tls: TlsModel | None = None
    trusted_proxies: list[Text] = Field(default_factory=list, max_length=100)
    sign_in: SignInModel | None = None
    lifetimes: LifetimesModel = Field(default_factory=LifetimesModel)


class ScheduleModel(_Strict):
    name: Text
    job: Literal["scan", "notify", "examine", "export", "retention"]
    tenants: list[Text] = Field(default_factory=list)
    tags: list[Text] = Field(default_factory=list)
    cron: Text | None = None
    every: Duration | None = None
    anchor: Text | None = None
    zone: Text = "UTC"
    jitter: Duration | None = None
    misfire: Duration | None = None
    catch_up: Literal["none", "latest", "all"] = "latest"


class ExportModel(_Strict):
    directory: Text | None = None
    keep: int = Field(default=30, ge=1, le=10_000)


class RetentionModel(_Strict):
    jobs: Duration = timedelta(days=90)


class SettingsModel(_Strict):
    data_dir: Text = "./posture-data"
    store: StoreModel | None = None
    http: HttpModel = Field(default_factory=HttpModel)
    snapshots: SnapshotsModel = Field(default_factory=SnapshotsModel)
    checks: ChecksModel = Field(default_factory=ChecksModel)
    actions: ActionsModel = Field(default_factory=ActionsModel)
    remediation: RemediationModel = Field(default_factory=RemediationModel)
    notify: NotifyModel = Field(default_factory=NotifyModel)
    service: ServiceModel = Field(default_factory=ServiceModel)
    schedules: list[ScheduleModel] = Field(default_factory=list, max_length=1000)
    export: ExportModel = Field(default_factory=ExportModel)
    retention: RetentionModel = Field(default_factory=RetentionModel)
    tenants: list[TenantModel] = Field(min_length=1)
