"""Settings files: what they mean, and what every mistake in them is answered with."""

from __future__ import annotations

import pickle
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from posture.config import (
    CertificateCredential,
    ClientSecretCredential,
    Endpoints,
    ManagedIdentityCredential,
    Secret,
    Settings,
    WorkloadIdentityCredential,
    load_settings,
    refuse_unknown_checks,
)
from posture.domain.tenant import Cloud
from posture.errors import SettingsError, UsageError

REPOSITORY = Path(__file__).parents[2]
TENANT_ID = "11111111-1111-1111-1111-111111111111"
CLIENT_ID = "22222222-2222-2222-2222-222222222222"
MINIMAL = f"""\
tenants:
  - name: contoso
    tenant_id: {TENANT_ID}
    reader:
      client_id: {CLIENT_ID}
      client_secret: ${{env:SECRET}}
"""


def load(directory: Path, text: str, environment: Mapping[str, str] | None = None) -> Settings:
    path = directory / "posture.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return load_settings(path, environment={"SECRET": "s3cret"} if environment is None else environment)


def refusal(directory: Path, text: str, environment: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(directory, text, environment)
    return str(caught.value)


def with_reader(reader: str) -> str:
    return MINIMAL.split("    reader:")[0] + f"    reader: {reader}\n"


def test_the_example_loads_and_sets_what_its_comments_say() -> None:
    settings = load_settings(REPOSITORY / "config.example.yaml", environment={})
    assert settings.data_dir == REPOSITORY / "posture-data"
    assert settings.store_url.reveal() == f"sqlite:///{REPOSITORY}/posture-data/posture.db"
    assert settings.http.proxy is None
    assert settings.parameters_of(settings.tenant("contoso"), "secret-expiring-soon") == {"warn_days": 60}
    assert settings.warnings == ()


def test_only_tenants_must_be_given(tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL)
    assert settings.data_dir == tmp_path / "posture-data"
    assert settings.store_url.reveal() == f"sqlite:///{tmp_path}/posture-data/posture.db"
    assert settings.snapshots_kept == 5
    tenant = settings.tenant("contoso")
    assert tenant.cloud is Cloud.PUBLIC
    assert tenant.tenant_id == TENANT_ID
    assert tenant.reader.resolve() == ClientSecretCredential(client_id=CLIENT_ID, secret=Secret("s3cret"))


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("made up")
    settings = load(
        tmp_path,
        "data_dir: ./data\nstore: {url: 'sqlite:///db/p.db'}\nhttp: {ca_bundle: ca.pem}\n"
        "checks: {directories: [mine]}\n" + MINIMAL,
    )
    assert settings.data_dir == tmp_path / "data"
    assert settings.store_url.reveal() == f"sqlite:///{tmp_path}/db/p.db"
    assert settings.http.ca_bundle == tmp_path / "ca.pem"
    assert settings.check_directories == (tmp_path / "mine",)


def test_the_database_is_in_the_data_directory_unless_named(tmp_path: Path) -> None:
    assert load(tmp_path, "data_dir: d\n" + MINIMAL).store_url.reveal() == f"sqlite:///{tmp_path}/d/posture.db"


def test_an_absolute_sqlite_path_stays(tmp_path: Path) -> None:
    settings = load(tmp_path, "store: {url: 'sqlite:////var/lib/p.db'}\n" + MINIMAL)
    assert settings.store_url.reveal() == "sqlite:////var/lib/p.db"


def test_a_reference_inside_a_longer_text_is_resolved(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "store: {url: 'postgresql://posture:${env:PASSWORD}@db.example.com/posture'}\n" + MINIMAL,
        {"PASSWORD": "pw"},
    )
    assert settings.store_url.reveal() == "postgresql://posture:pw@db.example.com/posture"


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ("{managed_identity: {}}", ManagedIdentityCredential(client_id=None)),
        ("{managed_identity: }", ManagedIdentityCredential(client_id=None)),
        (f"{{managed_identity: {{client_id: {CLIENT_ID}}}}}", ManagedIdentityCredential(client_id=CLIENT_ID)),
        (
            f"{{client_id: {CLIENT_ID}, workload_identity: {{token_file: /run/token}}}}",
            WorkloadIdentityCredential(client_id=CLIENT_ID, token_file=Path("/run/token")),
        ),
        (
            f"{{client_id: {CLIENT_ID}, certificate: {{path: /etc/reader.pfx, password: '${{env:PW}}'}}}}",
            CertificateCredential(client_id=CLIENT_ID, path=Path("/etc/reader.pfx"), password=Secret("pw")),
        ),
        (
            f"{{client_id: {CLIENT_ID}, certificate: {{path: /etc/reader.pem}}}}",
            CertificateCredential(client_id=CLIENT_ID, path=Path("/etc/reader.pem"), password=None),
        ),
    ],
)
def test_every_kind_of_credential_is_read(tmp_path: Path, reader: str, expected: object) -> None:
    settings = load(tmp_path, with_reader(reader), {"PW": "pw"})
    assert settings.tenants[0].reader.resolve() == expected


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (f"{{client_id: {CLIENT_ID}}}", "no credential is given"),
        (
            f"{{client_id: {CLIENT_ID}, client_secret: '${{env:A}}', certificate: {{path: a}}}}",
            "more than one credential is given: client_secret, certificate",
        ),
        ("{client_secret: '${env:A}'}", '"client_id" is missing'),
        (f"{{client_id: {CLIENT_ID}, managed_identity: {{}}}}", "a managed identity has no client id here"),
        ("{client_id: reader, client_secret: '${env:A}'}", "tenants[0].reader.client_id: it is not a GUID"),
    ],
)
def test_a_contradictory_credential_is_refused(tmp_path: Path, reader: str, said: str) -> None:
    message = refusal(tmp_path, with_reader(reader))
    assert said in message
    assert f"{tmp_path}/posture.yaml:4:" in message


def test_an_unknown_key_is_refused_with_place_and_nearest_name(tmp_path: Path) -> None:
    message = refusal(tmp_path, MINIMAL + "    protcted: {}\n")
    assert f"{tmp_path}/posture.yaml:7:5" in message
    assert 'Did you mean "protected"?' in message


def test_a_key_twice_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, "data_dir: a\ndata_dir: b\n" + MINIMAL)
    assert "posture.yaml:2:1" in message
    assert 'the key "data_dir" stands here twice' in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("snapshots: {keep: many}\n", "posture.yaml:1:19"),
        ("snapshots: {keep: 1}\n", "posture.yaml:1:19"),
        ("data_dir: 5\n", "posture.yaml:1:11"),
        ("checks: {only: mfa-gaps}\n", "posture.yaml:1:16"),
        ("http: {proxy: 'ftp://example.com'}\n", "posture.yaml:1:15"),
        ("http: {ca_bundle: nowhere.pem}\n", "posture.yaml:1:19"),
        ("store: {url: 'mysql://db'}\n", "posture.yaml:1:14"),
        ("store: {url: 'sqlite://'}\n", "posture.yaml:1:14"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    assert place in refusal(tmp_path, text + MINIMAL)


@pytest.mark.parametrize("text", ["", "tenants: []\n", "- a\n", "tenants:\n\t- a\n", "data_dir: x\n"])
def test_a_file_without_tenants_is_refused(tmp_path: Path, text: str) -> None:
    assert "posture.yaml:" in refusal(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml", environment={})


def test_two_tenants_of_one_name_are_refused(tmp_path: Path) -> None:
    second = MINIMAL.removeprefix("tenants:\n").replace("contoso", "Contoso").replace(TENANT_ID, CLIENT_ID)
    message = refusal(tmp_path, MINIMAL + second)
    assert 'posture.yaml:7:11: tenants[1].name: "contoso" stands here twice, first in line 2' in message


def test_one_tenant_under_two_names_is_refused(tmp_path: Path) -> None:
    second = MINIMAL.removeprefix("tenants:\n").replace("contoso", "fabrikam")
    message = refusal(tmp_path, MINIMAL + second)
    assert f'posture.yaml:8:16: tenants[1].tenant_id: "{TENANT_ID}" stands here twice' in message


@pytest.mark.parametrize("name", ["con toso", "-x", "../x", "a/b", "x" * 65, "\\u202Econtoso"])
def test_a_tenant_name_that_is_no_plain_word_is_refused(tmp_path: Path, name: str) -> None:
    message = refusal(tmp_path, MINIMAL.replace("contoso", f'"{name}"'))
    assert "posture.yaml:2:11: tenants[0].name: it has other characters" in message


def test_a_tenant_id_must_be_a_guid(tmp_path: Path) -> None:
    message = refusal(tmp_path, MINIMAL.replace(TENANT_ID, "contoso.onmicrosoft.com"))
    assert "posture.yaml:3:16: tenants[0].tenant_id: it is not a GUID" in message


CUSTOM = MINIMAL + "    cloud: custom\n    endpoints: {graph: %s, login: 'https://localhost:2'}\n"


def test_a_custom_cloud_has_endpoints(tmp_path: Path) -> None:
    tenant = load(tmp_path, CUSTOM % "'https://localhost:1/'").tenants[0]
    assert tenant.endpoints == Endpoints(graph="https://localhost:1", login="https://localhost:2")


@pytest.mark.parametrize(
    "graph", ["'http://localhost:1'", "localhost", "'https://localhost/v1.0'", "'https://a@localhost'", "'https://'"]
)
def test_an_endpoint_that_is_no_plain_https_root_is_refused(tmp_path: Path, graph: str) -> None:
    assert "tenants[0].endpoints.graph" in refusal(tmp_path, CUSTOM % graph)


def test_endpoints_and_a_custom_cloud_need_each_other(tmp_path: Path) -> None:
    assert "belong to cloud: custom only" in refusal(tmp_path, (CUSTOM % "'https://a'").replace("custom", "china"))
    assert "cloud: custom needs endpoints" in refusal(tmp_path, MINIMAL + "    cloud: custom\n")


def test_a_missing_variable_is_told_with_setting_and_place_only_when_the_tenant_is_used(tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL, {})
    with pytest.raises(SettingsError) as caught:
        settings.tenants[0].reader.resolve()
    assert str(caught.value).startswith(
        f"{tmp_path}/posture.yaml:6:22: tenants[0].reader.client_secret: the environment variable SECRET is not set."
    )


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe", b"x" * 100_001])
def test_a_file_that_holds_no_value_is_told_by_path(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "secret.txt").write_bytes(content)
    settings = load(tmp_path, MINIMAL.replace("${env:SECRET}", "${file:secret.txt}"))
    with pytest.raises(SettingsError, match=r"client_secret: the file .*secret\.txt"):
        settings.tenants[0].reader.resolve()


def test_a_secret_in_a_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(" a b \n")
    settings = load(tmp_path, MINIMAL.replace("${env:SECRET}", "${file:secret.txt}"))
    assert settings.tenants[0].reader.resolve() == ClientSecretCredential(client_id=CLIENT_ID, secret=Secret(" a b "))


@pytest.mark.parametrize("reference", ["${vault:x}", "${SECRET}", "${env:}", "${env:SECRET", "${}"])
def test_a_reference_of_unknown_form_is_refused(tmp_path: Path, reference: str) -> None:
    settings = load(tmp_path, MINIMAL.replace("${env:SECRET}", f"'{reference}'"))
    with pytest.raises(SettingsError, match=r"Write .*env:NAME"):
        settings.tenants[0].reader.resolve()


def test_what_a_variable_holds_is_not_read_as_a_reference_again(tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL, {"SECRET": "${env:OTHER}", "OTHER": "x"})
    reader = settings.tenants[0].reader.resolve()
    assert isinstance(reader, ClientSecretCredential)
    assert reader.secret.reveal() == "${env:OTHER}"


def test_a_literal_secret_is_a_warning_that_does_not_repeat_it(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "store: {url: 'postgresql://posture:hunter2@db/posture'}\n" + MINIMAL.replace("${env:SECRET}", "hunter3"),
    )
    assert len(settings.warnings) == 2
    assert "posture.yaml:7:22: tenants[0].reader.client_secret" in settings.warnings[0]
    assert "store.url" in settings.warnings[1]
    assert "hunter" not in "".join(settings.warnings)


def test_no_representation_shows_a_secret(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "store: {url: 'postgresql://posture:hunter2@db/posture'}\n" + MINIMAL.replace("${env:SECRET}", "hunter3"),
        {"UNRELATED": "hunter4"},
    )
    shown = f"{settings} {settings!r} {settings.tenants[0].reader.resolve()!r} {settings.store_url}"
    assert "hunter" not in shown


def test_a_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hunter2"))


def test_a_check_is_on_only_if_file_and_tenant_both_want_it(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "checks: {only: [a-b, c-d, e-f], skip: [c-d], params: {a-b: {x: 1, y: 2}}}\n"
        + MINIMAL
        + "    checks: {only: [a-b, c-d], params: {a-b: {y: 3, z: [q]}}}\n",
    )
    tenant = settings.tenants[0]
    assert [check for check in ("a-b", "c-d", "e-f", "g-h") if settings.wants(tenant, check)] == ["a-b"]
    assert settings.parameters_of(tenant, "a-b") == {"x": 1, "y": 3, "z": ("q",)}


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ("{only: [mfa-gap]}", 'posture.yaml:7:21: there is no check "mfa-gap". Did you mean "mfa-gaps"?'),
        ("{skip: [zzz]}", "posture checks list"),
        ("{params: {mfa-gap: {}}}", 'posture.yaml:7:23: there is no check "mfa-gap".'),
        ("{params: {mfa-gaps: {grace: 1}}}", 'no parameter of mfa-gaps "grace". Did you mean "grace_days"?'),
    ],
)
def test_a_check_that_does_not_exist_is_refused_with_its_place(tmp_path: Path, checks: str, said: str) -> None:
    settings = load(tmp_path, MINIMAL + f"    checks: {checks}\n")
    with pytest.raises(SettingsError) as caught:
        refuse_unknown_checks(settings, {"mfa-gaps": ("grace_days",)})
    assert said in str(caught.value)


def test_checks_that_exist_are_accepted(tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL + "    checks: {only: [mfa-gaps], params: {mfa-gaps: {grace_days: 1}}}\n")
    refuse_unknown_checks(settings, {"mfa-gaps": ("grace_days",)})


def test_an_unknown_tenant_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='Did you mean "contoso"'):
        load(tmp_path, MINIMAL).tenant("contso")
