"""Who is not let in, and who may not see everything: one sentence and an exit code; nothing ever passes unseen."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from posture.domain.judgement import CheckOutcome, SkipKind
from posture.domain.outcome import Outcome
from posture.simulator.registrations import DEMO_SECRET, demo_registration
from posture.simulator.server import SimulatorServer
from posture.simulator.tenant import AppRegistration

from .conftest import (
    SECRET_VARIABLE,
    TRACEBACK,
    UNLICENSED_ID,
    Done,
    Scan,
    application_of,
    company,
    posture,
    scan,
    write_settings,
)

EXPIRED_CLIENT = "33333333-2222-4222-8222-222222222222"
CERTIFICATE_CLIENT = "44444444-2222-4222-8222-222222222222"
UNCONSENTED_CLIENT = "55555555-2222-4222-8222-222222222222"
OLD_SECRET = "secret-that-ended-Kx8~w"
WRONG_SECRET = "secret-that-is-wrong-Zq3~v"
PASSWORD = "pass-phrase-Vb5~u"
PERMISSIONS = (
    "Application.Read.All",
    "AuditLog.Read.All",
    "GroupMember.Read.All",
    "IdentityRiskyUser.Read.All",
    "Organization.Read.All",
    "Policy.Read.All",
    "RoleManagement.Read.Directory",
    "User.Read.All",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """A self-signed certificate and its key."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)

    @property
    def pfx(self) -> bytes:
        encryption = BestAvailableEncryption(PASSWORD.encode())
        return pkcs12.serialize_key_and_certificates(b"reader", self.key, self.certificate, None, encryption)


def make_pair() -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "reader.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )
    return Pair(key=key, certificate=certificate)


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make_pair()


@pytest.fixture(scope="module")
def gate(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorServer]:
    """A company with readers of every kind that is let in, or not."""
    tenant = company()
    good = demo_registration()
    pem = pair.certificate.public_bytes(Encoding.PEM).decode()
    tenant.registrations += [
        AppRegistration(client_id=EXPIRED_CLIENT, object_id=EXPIRED_CLIENT, expired_secrets=(OLD_SECRET,)),
        dataclasses.replace(good, client_id=CERTIFICATE_CLIENT, secrets=(), certificates_pem=(pem,)),
        demo_registration(frozenset(), client_id=UNCONSENTED_CLIENT),
    ]
    directory = tmp_path_factory.mktemp("gate")
    with SimulatorServer(tenants=[tenant], directory=directory, throttling=False) as server:
        yield server


def assert_refused(done: Done, *, says: str, directory: Path) -> None:
    """One sentence on standard error, nothing else, and no secret anywhere."""
    assert done.code == 4
    assert done.out == ""
    assert done.err.startswith("error: contoso: ")
    assert done.err.count("\n") == 1
    assert says.lower() in done.err.lower()
    assert TRACEBACK not in done.err
    kept = b"".join(path.read_bytes() for path in (directory / "data").rglob("*") if path.is_file())
    for secret in (WRONG_SECRET, OLD_SECRET, DEMO_SECRET, PASSWORD, "PRIVATE KEY"):
        assert secret not in done.err
        assert secret.encode() not in kept


def test_a_wrong_secret(gate: SimulatorServer, tmp_path: Path) -> None:
    done = posture("scan", "--config", write_settings(tmp_path, gate), **{SECRET_VARIABLE: WRONG_SECRET})

    assert_refused(done, says="the client secret is wrong", directory=tmp_path)
    assert "AADSTS7000215" in done.err


def test_an_expired_secret(gate: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, gate, client_id=EXPIRED_CLIENT)

    done = posture("scan", "--config", config, **{SECRET_VARIABLE: OLD_SECRET})

    assert_refused(done, says="the client secret has ended", directory=tmp_path)


def test_an_unknown_tenant(gate: SimulatorServer, tmp_path: Path) -> None:
    unknown = "99999999-2222-4333-8444-555555555555"

    done = posture("scan", "--config", write_settings(tmp_path, gate, tenant_id=unknown))

    assert_refused(done, says=f"Tenant {unknown} does not exist", directory=tmp_path)


def test_an_unknown_application(gate: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, gate, client_id="99999999-2222-4222-8222-222222222222")

    assert_refused(posture("scan", "--config", config), says="AADSTS700016", directory=tmp_path)


def test_no_consent(gate: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, gate, client_id=UNCONSENTED_CLIENT)

    assert_refused(posture("scan", "--config", config), says="no application permission", directory=tmp_path)


def with_certificate(
    directory: Path, gate: SimulatorServer, content: bytes | None, *, password: bool = False
) -> Path:
    path = directory / "reader.pem"
    if content is not None:
        path.write_bytes(content)
    more = f', password: "${{env:{SECRET_VARIABLE}}}"' if password else ""
    credential = f"certificate: {{path: ./reader.pem{more}}}"
    return write_settings(directory, gate, client_id=CERTIFICATE_CLIENT, credential=credential)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"this is no certificate\n", "is not usable"),
        (b"", "is not usable"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "is not usable"),
    ],
    ids=["missing", "rubbish", "empty", "cut"],
)
def test_a_certificate_that_is_none(gate: SimulatorServer, tmp_path: Path, content: bytes | None, says: str) -> None:
    done = posture("scan", "--config", with_certificate(tmp_path, gate, content))

    assert_refused(done, says=says, directory=tmp_path)
    assert "reader.pem" in done.err


def test_a_certificate_that_the_application_does_not_know(gate: SimulatorServer, tmp_path: Path) -> None:
    done = posture("scan", "--config", with_certificate(tmp_path, gate, make_pair().pem))

    assert_refused(done, says="AADSTS700027", directory=tmp_path)


def test_a_wrong_password_of_a_certificate(gate: SimulatorServer, pair: Pair, tmp_path: Path) -> None:
    config = with_certificate(tmp_path, gate, pair.pfx, password=True)

    done = posture("scan", "--config", config, **{SECRET_VARIABLE: WRONG_SECRET})

    assert_refused(done, says="is not usable", directory=tmp_path)


@pytest.mark.parametrize("kind", ["pem", "pfx"])
def test_a_certificate_opens_the_tenant(gate: SimulatorServer, pair: Pair, tmp_path: Path, kind: str) -> None:
    config = with_certificate(tmp_path, gate, getattr(pair, kind), password=kind == "pfx")

    done = posture(
        "scan", "--config", config, "--check", "authz-users-create-apps", "--format", "json",
        **{SECRET_VARIABLE: PASSWORD},
    )  # fmt: skip

    assert (done.code, done.json()["run"]["state"]) == (0, "complete")
    assert PASSWORD not in done.out + done.err


UNREACHABLE: dict[str, tuple[Callable[[SimulatorServer], dict[str, str]], str]] = {
    "host": (lambda _: {"url": "https://nowhere.invalid"}, "nowhere.invalid does not answer"),
    "port": (lambda _: {"url": "https://localhost:9"}, "localhost:9 does not answer"),
    "certificate authority": (lambda _: {"ca_bundle": "null"}, "certificate verify failed"),
}


@pytest.mark.parametrize("what", UNREACHABLE)
def test_what_cannot_be_reached(gate: SimulatorServer, tmp_path: Path, what: str) -> None:
    changes, says = UNREACHABLE[what]

    done = posture("scan", "--config", write_settings(tmp_path, gate, **changes(gate)))

    assert_refused(done, says=says, directory=tmp_path)


def test_a_proxy_that_cannot_be_reached(gate: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, gate)
    config.write_text(config.read_text().replace("proxy: null", 'proxy: "http://127.0.0.1:9"'))

    assert_refused(posture("scan", "--config", config), says="does not answer", directory=tmp_path)


def test_a_ca_bundle_that_is_none(gate: SimulatorServer, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate\n")

    done = posture("scan", "--config", write_settings(tmp_path, gate, ca_bundle="./ca.pem"))

    assert_refused(done, says="ca.pem", directory=tmp_path)


def test_as_json_an_aborted_scan_is_a_document_that_says_so(gate: SimulatorServer, tmp_path: Path) -> None:
    config = write_settings(tmp_path, gate)

    done = posture("scan", "--config", config, "--format", "json", **{SECRET_VARIABLE: WRONG_SECRET})

    document = done.json()
    assert (done.code, document["run"]["state"], document["judgements"]) == (4, "aborted", [])
    assert "AADSTS7000215" in document["run"]["aborted_because"]
    assert WRONG_SECRET not in json.dumps(document) + done.err


# A permission is missing


@pytest.fixture(scope="module")
def healthy(gate: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    config = write_settings(tmp_path_factory.mktemp("healthy"), gate, credential=f'client_secret: "{DEMO_SECRET}"')
    return scan(application_of(config))


def limited_to(gate: SimulatorServer, directory: Path, *, withhold: frozenset[str]) -> Scan:
    """Scan with a reader that has just what is needed, less what is withheld."""
    client = f"66666666-2222-4222-8222-{len(gate.tenants[0].registrations):012d}"
    gate.tenants[0].registrations.append(demo_registration(needed(gate, directory) - withhold, client_id=client))
    config = write_settings(directory, gate, client_id=client, credential=f'client_secret: "{DEMO_SECRET}"')
    return scan(application_of(config))


def needed(gate: SimulatorServer, directory: Path) -> frozenset[str]:
    application = application_of(
        write_settings(directory / "needed", gate, credential=f'client_secret: "{DEMO_SECRET}"')
    )
    selection = application.selection(application.tenant_named(None), checks=[], tags=[])
    return frozenset(need.permission for need in selection.permissions)


def test_the_least_permissions_are_enough_and_known_here(
    gate: SimulatorServer, healthy: Scan, tmp_path: Path
) -> None:
    assert needed(gate, tmp_path) == set(PERMISSIONS)

    assert limited_to(gate, tmp_path, withhold=frozenset()).verdicts == healthy.verdicts


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_without_a_permission_its_checks_are_skipped_and_nothing_of_them_passes(
    gate: SimulatorServer, healthy: Scan, tmp_path: Path, permission: str
) -> None:
    result = limited_to(gate, tmp_path, withhold=frozenset({permission}))

    forbidden = {name for name, table in result.tables.items() if table.outcome is Outcome.FORBIDDEN}
    blind = checks_reading(gate, tmp_path, forbidden)
    for name, check in result.checks.items():
        if name in blind:
            assert check.outcome is CheckOutcome.SKIPPED, name
            assert check.skipped is not None
            assert check.skipped.kind is SkipKind.PERMISSION_MISSING, name
            assert check.counts is None
        else:
            assert result.verdicts[name] == healthy.verdicts[name]
    assert not {event.judgement.check for event in result.judged} & blind
    for name in forbidden:
        # A wider permission may have stood in for the one that the table asks for.
        missing = result.tables[name].missing
        assert missing == permission or missing not in needed(gate, tmp_path), name


def test_without_permissions_something_is_forbidden(gate: SimulatorServer, tmp_path: Path) -> None:
    result = limited_to(gate, tmp_path, withhold=frozenset({"Policy.Read.All", "RoleManagement.Read.Directory"}))

    assert result.checks["ca-no-baseline"].outcome is CheckOutcome.SKIPPED
    assert result.checks["admin-no-mfa"].outcome is CheckOutcome.SKIPPED
    assert result.checks["inactive-users"].outcome is CheckOutcome.EVALUATED


def checks_reading(gate: SimulatorServer, directory: Path, tables: set[str]) -> set[str]:
    application = application_of(
        write_settings(directory / "needed", gate, credential=f'client_secret: "{DEMO_SECRET}"')
    )
    selection = application.selection(application.tenant_named(None), checks=[], tags=[])
    return {check.check.id for check in selection.checks if check.reads.source_columns.keys() & tables}


# A licence is missing


@pytest.fixture(scope="module")
def unlicensed(shared: SimulatorServer, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    config = write_settings(
        tmp_path_factory.mktemp("unlicensed"),
        shared,
        tenant_id=UNLICENSED_ID,
        credential=f'client_secret: "{DEMO_SECRET}"',
    )
    return scan(application_of(config))


WITH_PREMIUM_DATA = {
    "mfa-gaps", "admin-no-mfa", "inactive-users", "inactive-guests", "risky-users", "risky-user-privileged",
}  # fmt: skip
JUDGED_BY_SECURITY_DEFAULTS = {"ca-no-baseline", "ca-block-legacy-auth", "ca-mfa-admins", "ca-mfa-all-users"}


def test_without_licences_checks_of_premium_data_are_skipped_for_that(unlicensed: Scan) -> None:
    skipped = {name: check.skipped for name, check in unlicensed.checks.items() if check.skipped}

    assert set(skipped) == WITH_PREMIUM_DATA
    assert {reason.kind for reason in skipped.values() if reason} == {SkipKind.LICENCE_MISSING}
    assert not {event.judgement.check for event in unlicensed.judged} & WITH_PREMIUM_DATA


def test_without_licences_conditional_access_is_judged_by_security_defaults(unlicensed: Scan) -> None:
    for name in JUDGED_BY_SECURITY_DEFAULTS:
        assert unlicensed.checks[name].outcome is CheckOutcome.EVALUATED
        assert unlicensed.judgements(name, "fail"), name
        assert not unlicensed.judgements(name, "pass"), name


def test_security_defaults_protect_a_company_without_licences(tmp_path: Path) -> None:
    tenant = company()
    tenant.licences = frozenset()
    tenant.singletons["policies/identitySecurityDefaultsEnforcementPolicy"]["isEnabled"] = True
    with SimulatorServer(tenants=[tenant], directory=tmp_path / "simulator", throttling=False) as server:
        config = write_settings(tmp_path, server, credential=f'client_secret: "{DEMO_SECRET}"')
        result = scan(application_of(config))

    for name in JUDGED_BY_SECURITY_DEFAULTS:
        assert result.judgements(name, "pass"), name
        assert not result.judgements(name, "fail"), name


def test_a_lack_of_licences_is_no_failure_of_the_scan(unlicensed: Scan) -> None:
    assert unlicensed.summary.run.state == "complete"
