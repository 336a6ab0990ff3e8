"""What settings of channels become: digests of them, tokens for the right service, credentials that are our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture.bootstrap.application import catalog_of
from posture.bootstrap.channels import settings_digest
from posture.bootstrap.connection import mail_connection_of, smtp_connection_of
from posture.bootstrap.own_credentials import own_checks, own_credentials
from posture.bootstrap.selection import select_checks
from posture.config import Settings, parse_settings
from posture.errors import SettingsError

READER_ID = "22222222-2222-2222-2222-222222222222"
REMEDIATOR_ID = "33333333-3333-3333-3333-333333333333"
MAILER_ID = "66666666-6666-6666-6666-666666666666"
SETTINGS = f"""\
notify:
  credential_days: 200
  channels:
    - name: admins
      smtp:
        host: smtp.example.com
        username: posture@example.com
        xoauth2: {{tenant: contoso, client_id: "${{env:MAILER_ID}}", client_secret: "${{env:SECRET}}"}}
        from: posture@example.com
        to: [admins@example.com]
    - name: mailbox
      graph_mail:
        tenant: contoso
        mailbox: posture@example.com
        to: [admins@example.com]
        credential: {{client_id: "${{env:MAILER_ID}}", certificate: {{path: mailer.pem}}}}
    - {{name: soc, teams: {{url: "https://flows.example.com/?sig=${{env:SECRET}}"}}}}
    - {{name: siem, webhook: {{url: https://siem.example.com/h, secret: "${{env:SECRET}}"}}}}
tenants:
  - name: contoso
    tenant_id: 11111111-1111-1111-1111-111111111111
    cloud: CLOUD
    reader: {{client_id: {READER_ID}, client_secret: "${{env:SECRET}}"}}
    remediator: {{client_id: {REMEDIATOR_ID}, client_secret: "${{env:SECRET}}"}}
  - name: fabrikam
    tenant_id: 11111111-1111-1111-1111-111111111112
    reader: {{managed_identity: {{}}}}
"""


def settings_in(directory: Path, *, cloud: str = "public", **environment: str) -> Settings:
    known = {"SECRET": "0123456789abcdef", "MAILER_ID": MAILER_ID}
    text = SETTINGS.replace("CLOUD", cloud)
    return parse_settings(text, path=directory / "posture.yaml", environment=known | environment)


def digests(settings: Settings) -> list[str]:
    return [settings_digest(channel.name, channel.how.resolve()) for channel in settings.notify.channels]


@pytest.mark.parametrize(
    ("checks", "are_read"),
    [
        ({}, True),
        ({"skip": ["secret-expiring-soon", "certificate-expiring-soon"]}, True),
        (
            {"only": ["ca-mfa-admins"]},
            False,
        ),  # no check reads applications: no permission is asked for on our account
    ],
)
def test_credentials_of_our_own_are_judged_wherever_applications_are_read(
    tmp_path: Path, checks: dict[str, list[str]], are_read: bool
) -> None:
    text = SETTINGS.replace("CLOUD", "public") + f"checks: {checks}\n"
    settings = parse_settings(text, path=tmp_path / "posture.yaml", environment={})
    catalog = catalog_of(None)

    selection = select_checks(catalog, settings, settings.tenants[0], checks=[], tags=[])

    read = {(table.table.name, column.name) for table in selection.wanted for column in table.columns}
    needed = {
        (table, column)
        for check in own_checks(catalog, warn_days=90)
        for table, columns in check.reads.source_columns.items()
        for column in columns
    }
    assert (needed <= read) is are_read


def test_the_same_settings_have_the_same_digest_on_every_machine(tmp_path: Path) -> None:
    assert digests(settings_in(tmp_path)) == digests(settings_in(tmp_path))


def test_another_secret_is_another_digest(tmp_path: Path) -> None:
    before, after = digests(settings_in(tmp_path)), digests(settings_in(tmp_path, SECRET="another-secret-012"))

    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == [True, False, True, True]  # the mailbox is signed in to with a certificate


def test_another_certificate_in_the_same_file_is_another_digest(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    missing = digests(settings)[1]
    (tmp_path / "mailer.pem").write_text("one")
    one = digests(settings)[1]
    (tmp_path / "mailer.pem").write_text("two")

    assert len({missing, one, digests(settings)[1]}) == 3


def test_another_token_of_the_platform_is_no_other_digest(tmp_path: Path) -> None:
    token = tmp_path / "token"
    settings = parse_settings(
        SETTINGS.replace("certificate: {path: mailer.pem}", "workload_identity: {token_file: token}").replace(
            "CLOUD", "public"
        ),
        path=tmp_path / "posture.yaml",
        environment={"SECRET": "0123456789abcdef", "MAILER_ID": MAILER_ID},
    )
    token.write_text("the token of eight o'clock")
    before = digests(settings)
    token.write_text("the token of nine o'clock")

    assert digests(settings) == before


def test_two_channels_with_the_same_settings_do_not_show_it(tmp_path: Path) -> None:
    how = settings_in(tmp_path).notify.channels[3].how.resolve()

    assert settings_digest("one", how) != settings_digest("two", how)


@pytest.mark.parametrize(
    ("cloud", "graph", "mail"),
    [
        ("public", "https://graph.microsoft.com", "https://outlook.office365.com"),
        ("usgov", "https://graph.microsoft.us", "https://outlook.office365.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn", "https://partner.outlook.cn"),
    ],
)
def test_a_token_for_mail_is_for_the_service_that_takes_it(tmp_path: Path, cloud: str, graph: str, mail: str) -> None:
    settings = settings_in(tmp_path, cloud=cloud)
    tenant, identity = settings.tenants[0], settings.notify.channels[0].identity
    assert identity is not None

    through_graph = mail_connection_of(tenant, identity, http=settings.http)
    by_smtp = smtp_connection_of(tenant, identity, http=settings.http)

    assert (through_graph.scope, by_smtp.scope) == (f"{graph}/.default", f"{mail}/.default")
    assert (by_smtp.client_id, by_smtp.login_root) == (MAILER_ID, through_graph.login_root)


def test_an_identity_that_turns_out_to_be_the_reader_sends_no_mail(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, MAILER_ID=READER_ID.upper())
    identity = settings.notify.channels[0].identity
    assert identity is not None

    with pytest.raises(SettingsError, match="turns out to be its reader"):
        smtp_connection_of(settings.tenants[0], identity, http=settings.http)


def test_own_credentials_are_those_of_reader_remediator_and_whoever_sends_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings, catalog = settings_in(tmp_path), catalog_of(None)

    contoso, fabrikam = (own_credentials(tenant, settings, catalog) for tenant in settings.tenants)

    assert contoso is not None
    assert contoso.app_ids == {READER_ID, REMEDIATOR_ID, MAILER_ID}
    assert contoso.within == settings.notify.credential_notice
    assert [check.parameters["warn_days"] for check in contoso.checks] == [200, 200]
    assert fabrikam is None


def test_a_machine_that_does_not_know_who_sends_mail_watches_over_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = settings_in(tmp_path, MAILER_ID="")

    own = own_credentials(settings.tenants[0], settings, catalog_of(None))

    assert own is not None
    assert own.app_ids == {READER_ID, REMEDIATOR_ID}
