"""What settings say about telling people: channels, routes, and every way to get them wrong."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from posture.config import (
    GraphMailSettings,
    Security,
    Settings,
    SmtpSettings,
    TeamsSettings,
    WebhookSettings,
    parse_settings,
    refuse_unknown_checks,
)
from posture.domain.notice import Event
from posture.domain.routing import Digest, Match, Route
from posture.domain.severity import Severity
from posture.errors import SettingsError

TENANT_ID = "11111111-1111-1111-1111-111111111111"
READER_ID = "22222222-2222-2222-2222-222222222222"
MAILER_ID = "55555555-5555-5555-5555-55555555555a"
TENANTS = f"""\
tenants:
  - name: contoso
    tenant_id: {TENANT_ID}
    reader: {{client_id: {READER_ID}, client_secret: "${{env:READER}}"}}
"""
SMTP = "{host: smtp.example.com, from: posture@example.com, to: [admins@example.com]}"
TEAMS = '{url: "${env:TEAMS_URL}"}'
WEBHOOK = '{url: https://siem.example.com/hooks/posture, secret: "${env:WEBHOOK_SECRET}"}'
HOOK = "https://prod-1.westeurope.logic.azure.com:443/workflows/0a1b/triggers/manual/paths/invoke?sp=x&sig=s1gnatur3"
ENVIRONMENT = {"READER": "r3ader", "TEAMS_URL": HOOK, "WEBHOOK_SECRET": "0123456789abcdef", "PASSWORD": "p4ssw0rd"}
MATCH_ALL = Match(
    events=frozenset(),
    at_least=None,
    checks=frozenset(),
    tags=frozenset(),
    tenants=frozenset(),
    resource_types=frozenset(),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posture.yaml"


def settings_of(notify: str, path: Path, **environment: str) -> Settings:
    """Return the settings whose ``notify`` is this flow mapping."""
    text = f"notify: {notify}\n{TENANTS}"
    return parse_settings(text, path=path, environment=ENVIRONMENT | environment)


def channel_text(kind: str, how: str, *, name: str = "admins") -> str:
    return f"{{channels: [{{name: {name}, {kind}: {how}}}], default: {{channels: [{name}]}}}}"


def refusal(notify: str, path: Path, **environment: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_of(notify, path, **environment)
    return str(caught.value)


def resolve_refusal(kind: str, how: str, path: Path, **environment: str) -> str:
    """Return what is said when the one channel is used."""
    settings = settings_of(channel_text(kind, how), path, **environment)
    with pytest.raises(SettingsError) as caught:
        settings.notify.channels[0].how.resolve()
    return str(caught.value)


def test_without_a_word_nobody_is_told_and_the_days_are_the_usual_ones(path: Path) -> None:
    notify = parse_settings(TENANTS, path=path, environment=ENVIRONMENT).notify

    assert (notify.channels, notify.routes, notify.default, notify.page) == ((), (), None, None)
    assert (notify.credential_notice, notify.exemption_notice) == (timedelta(days=90), timedelta(days=14))


def test_every_kind_of_channel_is_read(path: Path) -> None:
    settings = settings_of(
        f"""
  page: https://posture.example.com/
  reference_hosts: [Wiki.example.com]
  channels:
    - name: admins
      smtp:
        host: smtp.example.com
        username: posture@example.com
        password: ${{env:PASSWORD}}
        from: posture@example.com
        to: [admins@example.com, oncall@example.com]
    - name: cloudmail
      smtp:
        host: smtp.office365.com
        username: posture@example.com
        xoauth2: {{tenant: contoso, client_id: {MAILER_ID}, client_secret: "${{env:MAILER}}"}}
        from: posture@example.com
        to: [admins@example.com]
    - name: mailbox
      graph_mail:
        tenant: contoso
        mailbox: posture@example.com
        to: [admins@example.com]
        credential: {{client_id: {MAILER_ID}, managed_identity: }}
    - {{name: soc, teams: {TEAMS}}}
    - {{name: siem, webhook: {WEBHOOK}}}
  default: {{channels: [admins, cloudmail, mailbox, soc, siem]}}
""".replace(f"client_id: {MAILER_ID}, managed_identity: ", f"managed_identity: {{client_id: {MAILER_ID}}}"),
        path,
    )
    notify = settings.notify
    smtp, oauth, graph, teams, webhook = (channel.how for channel in notify.channels)

    assert (notify.page, notify.reference_hosts) == ("https://posture.example.com", ("wiki.example.com",))
    assert isinstance(smtp, SmtpSettings)
    resolved = smtp.resolve()
    assert (resolved.host, resolved.port, resolved.security) == ("smtp.example.com", 587, Security.STARTTLS)
    assert (resolved.username, resolved.password and resolved.password.reveal()) == (
        "posture@example.com",
        "p4ssw0rd",
    )
    assert (resolved.sender, resolved.to) == ("posture@example.com", ("admins@example.com", "oncall@example.com"))
    assert isinstance(oauth, SmtpSettings)
    assert oauth.identity is not None
    assert (oauth.identity.tenant, oauth.identity.credential.resolve_client_id()) == ("contoso", MAILER_ID)
    assert isinstance(graph, GraphMailSettings)
    assert graph.resolve().mailbox == "posture@example.com"
    assert isinstance(teams, TeamsSettings)
    assert teams.resolve().url.reveal() == HOOK
    assert isinstance(webhook, WebhookSettings)
    assert webhook.resolve().secret.reveal() == "0123456789abcdef"
    assert settings.warnings == ()


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_protection_has_its_port(security: str, port: int, path: Path) -> None:
    how = SMTP.replace("smtp.example.com", "localhost").replace("{host", f"{{security: {security}, host")

    channel = settings_of(channel_text("smtp", how), path).notify.channels[0]

    assert channel.how.resolve().port == port  # type: ignore[union-attr]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", '"::1"'])
def test_mail_in_the_clear_is_for_this_machine(host: str, path: Path) -> None:
    how = SMTP.replace("smtp.example.com", host).replace("{host", "{security: none, host")

    assert settings_of(channel_text("smtp", how), path).notify.channels


@pytest.mark.parametrize("host", ["smtp.example.com", "10.0.0.1", "localhost.example.com"])
def test_mail_in_the_clear_to_another_machine_is_refused(host: str, path: Path) -> None:
    how = SMTP.replace("smtp.example.com", host).replace("{host", "{security: none, host")

    assert "only for a server on this machine" in refusal(channel_text("smtp", how), path)


def test_mail_in_the_clear_is_refused_even_if_a_variable_names_the_host(path: Path) -> None:
    how = SMTP.replace("smtp.example.com", '"${env:HOST}"').replace("{host", "{security: none, host")

    assert "only for a server on this machine" in resolve_refusal("smtp", how, path, HOST="smtp.example.com")


def test_routes_become_values(path: Path) -> None:
    notify = settings_of(
        """
  channels: [{name: soc, teams: {url: "${env:TEAMS_URL}"}}, {name: siem, teams: {url: "${env:TEAMS_URL}"}}]
  routes:
    - match:
        events: [finding_opened, severity_raised]
        severity: high
        checks: [secret-expiring-soon]
        tags: [tier0]
        tenants: [contoso]
        resource_types: [application]
      channels: [soc, siem, soc]
    - {match: {}, channels: [siem], when: immediate}
  default: {channels: [siem], when: {digest: {cron: "0 8 * * 1-5", zone: Europe/Berlin}}}
""",
        path,
    ).notify

    assert notify.routes == (
        Route(
            match=Match(
                events=frozenset({Event.FINDING_OPENED, Event.SEVERITY_RAISED}),
                at_least=Severity.HIGH,
                checks=frozenset({"secret-expiring-soon"}),
                tags=frozenset({"tier0"}),
                tenants=frozenset({"contoso"}),
                resource_types=frozenset({"application"}),
            ),
            channels=("soc", "siem"),
            digest=None,
        ),
        Route(match=MATCH_ALL, channels=("siem",), digest=None),
    )
    assert notify.default == Route(
        match=MATCH_ALL, channels=("siem",), digest=Digest(cron="0 8 * * 1-5", zone="Europe/Berlin")
    )


@pytest.mark.parametrize(
    ("notify", "sentence"),
    [
        ("{chanels: []}", 'posture.yaml:1:10: the key "chanels" is not known here. Did you mean "channels"?'),
        ("{credential_days: 0}", "1:27: input should be greater than or equal to 1"),
        ("{credential_days: 731}", "input should be less than or equal to 730"),
        ("{exemption_days: 366}", "input should be less than or equal to 365"),
        ("{page: ftp://posture.example.com}", "notify.page: it is not https"),
        ("{page: http://posture.example.com}", "notify.page: it is not https"),
        ("{page: https://posture.example.com?a=1}", "it has more than host, port and path"),
        ('{page: "https://posture.example.com#a"}', "it has more than host, port and path"),
        ("{page: https://me@posture.example.com}", "it has more than host, port and path"),
        ("{page: https://}", "it is no address of a page"),
        ("{page: https://posture.example.com:none}", "it is no address of a page"),
        ("{reference_hosts: [https://wiki.example.com]}", "notify.reference_hosts[0]: it is no name of a host"),
        ("{templates: ./nowhere}", "notify.templates: there is no directory"),
        ("{channels: [{name: admins}]}", "notify.channels[0]: it has no kind. Add one of: smtp, graph_mail"),
        (f"{{channels: [{{name: a, smtp: {SMTP}, teams: {TEAMS}}}]}}", "more than one kind is given: smtp, teams"),
        (f'{{channels: [{{name: "a b", teams: {TEAMS}}}]}}', "notify.channels[0].name: it has other characters"),
        (
            f"{{channels: [{{name: soc, teams: {TEAMS}}}, {{name: SOC, teams: {TEAMS}}}]}}",
            'notify.channels[1].name: "soc" stands here twice',
        ),
        ("{channels: [{name: a, smpt: {}}]}", 'the key "smpt" is not known here. Did you mean "smtp"?'),
        ("{default: {channels: []}}", "list should have at least 1 item"),
        ("{default: {channels: [admins]}}", 'there is no channel "admins". There is no channel yet.'),
        (
            f"{{channels: [{{name: admins, smtp: {SMTP}}}], default: {{channels: [admin]}}}}",
            'notify.default.channels[0]: there is no channel "admin". Did you mean "admins"?',
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(notify: str, sentence: str, path: Path) -> None:
    said = refusal(notify, path)

    assert sentence in said
    assert "posture.yaml:1:" in said


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        ("{channels: [a]}", 'the key "match" is missing'),
        ("{match: {events: [finding_open]}, channels: [a]}", 'Did you mean "finding_opened"?'),
        ("{match: {severity: hihg}, channels: [a]}", 'Did you mean "high"?'),
        (
            "{match: {severity: [high]}, channels: [a]}",
            "input should be 'info', 'low', 'medium', 'high' or 'critical'",
        ),
        ("{match: {event: []}, channels: [a]}", 'the key "event" is not known here. Did you mean "events"?'),
        ("{match: {tags: [tier1]}, channels: [a]}", 'there is no tag "tier1". Did you mean "tier0"?'),
        ("{match: {tenants: [contosso]}, channels: [a]}", 'there is no tenant "contosso". Did you mean "contoso"?'),
        ("{match: {resource_types: [users]}, channels: [a]}", 'no resource type "users". Did you mean "user"?'),
        ("{match: {}, channels: [b]}", 'notify.routes[0].channels[0]: there is no channel "b". There are: a.'),
        ("{match: {}, channels: [a], when: imediate}", "it says no time: write immediate, or digest"),
        ("{match: {}, channels: [a], when: }", "it says no time: write immediate, or digest"),
        ("{match: {}, channels: [a], when: {digset: {}}}", 'Did you mean "digest"?'),
        ("{match: {}, channels: [a], when: {digest: {cron: 0 8 * * *}}}", 'the key "zone" is missing'),
        (
            '{match: {}, channels: [a], when: {digest: {cron: "0 8 * *", zone: Europe/Berlin}}}',
            "notify.routes[0].when.digest: ",
        ),
        (
            '{match: {}, channels: [a], when: {digest: {cron: "0 8 * * *", zone: Europe/Berlim}}}',
            "notify.routes[0].when.digest: ",
        ),
    ],
)
def test_a_route_that_is_wrong_is_refused(route: str, sentence: str, path: Path) -> None:
    notify = f"{{channels: [{{name: a, teams: {TEAMS}}}], routes: [{route}]}}"

    said = refusal(notify, path)

    assert sentence in said
    assert "posture.yaml:1:" in said


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (("host: smtp.example.com", "host: smtps://smtp.example.com"), "smtp.host: it is no name of a host"),
        (("host: smtp.example.com", 'host: "smtp.example.com:25"'), "smtp.host: it is no name of a host"),
        (("host: smtp.example.com", "port: 0, host: smtp.example.com"), "greater than or equal to 1"),
        (("host: smtp.example.com", "port: 65536, host: smtp.example.com"), "less than or equal to 65535"),
        (("host: smtp.example.com", "security: ssl, host: smtp.example.com"), "starttls"),
        (("host: smtp.example.com, ", ""), 'the key "host" is missing'),
        (("from: posture@example.com", "from: Posture <posture@example.com>"), "smtp.from: it is no mail address"),
        (("from: posture@example.com", 'from: "posture@example.com\\nBcc: x@example.com"'), "smtp.from: it is no"),
        (("to: [admins@example.com]", "to: []"), "list should have at least 1 item"),
        (("to: [admins@example.com]", "to: admins@example.com"), "a list is expected here"),
        (("to: [admins@example.com]", "to: [admins]"), "smtp.to[0]: it is no mail address"),
        (("to: [admins@example.com]", 'to: ["a@example.com\\r\\nRCPT TO:<b@example.com>"]'), "smtp.to[0]: it is no"),
        (("to: [admins@example.com]", "to: [a@example.com, A@example.com]"), "smtp.to[1]"),
        (("host", "password: x, host"), 'the key "username" is missing'),
        (("host", "username: x, host"), "a user name is given, but nothing to sign in with"),
        (("host", 'username: "x\\ny", password: "${env:PASSWORD}", host'), "smtp.username: it has line breaks"),
        (
            ("host", f"username: x, password: x, xoauth2: {{tenant: contoso, client_id: {MAILER_ID}}}, host"),
            "password and xoauth2 are both given",
        ),
        (
            ("host", f"username: x, xoauth2: {{tenant: contoso, client_id: {MAILER_ID}}}, host"),
            "smtp.xoauth2: no credential is given",
        ),
        (
            ("host", f"username: x, xoauth2: {{tenant: fabrikam, client_id: {MAILER_ID}, client_secret: x}}, host"),
            'smtp.xoauth2.tenant: there is no tenant "fabrikam". There are: contoso.',
        ),
        (
            ("host", f"username: x, xoauth2: {{tenant: contoso, client_id: {READER_ID}, client_secret: x}}, host"),
            "this is the identity of the reader",
        ),
    ],
)
def test_a_mail_server_that_is_described_wrongly_is_refused(
    changed: tuple[str, str], sentence: str, path: Path
) -> None:
    assert sentence in refusal(channel_text("smtp", SMTP.replace(*changed, 1)), path)


def test_a_mailbox_needs_an_identity_of_its_own(path: Path) -> None:
    how = f"{{tenant: contoso, mailbox: p@example.com, to: [a@example.com], credential: {{client_id: {READER_ID}, "
    how += "client_secret: x}}"

    said = refusal(channel_text("graph_mail", how), path)

    assert "graph_mail.credential.client_id: this is the identity of the reader" in said


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://prod-1.logic.azure.com/workflows/x", "it is no https address"),
        ("prod-1.logic.azure.com/workflows/x", "it is no https address"),
        ("https://", "it is no https address"),
        ("https://prod-1.logic.azure.com:99999/w?sig=s1gnatur3", "it is no https address"),
        ("https://me:s1gnatur3@prod-1.logic.azure.com/w", "it has a user name, a password or a fragment"),
        ("https://prod-1.logic.azure.com/w#s1gnatur3", "it has a user name, a password or a fragment"),
        ("https://contoso.webhook.office.com/webhookb2/s1gnatur3", "Office 365 connector"),
        ("https://outlook.office.com/webhook/s1gnatur3", "Office 365 connector"),
        ("https://outlook.office365.com/webhook/s1gnatur3", "Office 365 connector"),
    ],
)
@pytest.mark.parametrize("is_literal", [True, False])
def test_an_address_that_nothing_can_be_posted_to_is_refused_unseen(
    url: str, sentence: str, is_literal: bool, path: Path
) -> None:
    if is_literal:
        said = refusal(channel_text("teams", f'{{url: "{url}"}}'), path)
    else:
        said = resolve_refusal("teams", '{url: "${env:HOOK}"}', path, HOOK=url)

    assert sentence in said
    assert "s1gnatur3" not in said


def test_who_has_a_connector_is_told_how_to_replace_it(path: Path) -> None:
    said = resolve_refusal("teams", TEAMS, path, TEAMS_URL="https://contoso.webhook.office.com/webhookb2/x")

    assert "Microsoft has retired these" in said
    assert '"Post to a channel when a webhook request is received"' in said


def test_a_short_secret_signs_nothing(path: Path) -> None:
    how = "{url: https://siem.example.com/h, secret: 0123456789abcde}"

    said = refusal(channel_text("webhook", how), path)

    assert "webhook.secret: it is shorter than 16 characters" in said
    assert "0123456789abcde" not in said


def test_a_short_secret_in_a_variable_is_refused_on_use(path: Path) -> None:
    said = resolve_refusal("webhook", WEBHOOK, path, WEBHOOK_SECRET="short")

    assert "it is shorter than 16 characters" in said
    assert "short." not in said


def test_a_missing_secret_of_a_channel_stands_in_nobodys_way(path: Path) -> None:
    settings = settings_of(channel_text("teams", '{url: "${env:NOWHERE}"}'), path)

    with pytest.raises(SettingsError, match=r"notify.channels\[0\].teams.url: the environment variable NOWHERE"):
        settings.notify.channels[0].how.resolve()


@pytest.mark.parametrize(
    ("kind", "how", "setting"),
    [
        ("smtp", SMTP.replace("host", "username: x, password: hunter2hunter2hunter2, host", 1), "smtp.password"),
        (
            "smtp",
            SMTP.replace(
                "host",
                f"username: x, xoauth2: {{tenant: contoso, client_id: {MAILER_ID}, "
                "client_secret: hunter2hunter2hunter2}, host",
                1,
            ),
            "smtp.xoauth2.client_secret",
        ),
        (
            "graph_mail",
            f"{{tenant: contoso, mailbox: p@example.com, to: [a@example.com], credential: {{client_id: {MAILER_ID}, "
            "client_secret: hunter2hunter2hunter2}}",
            "graph_mail.credential.client_secret",
        ),
        ("teams", "{url: https://prod-1.logic.azure.com/hunter2hunter2hunter2?sig=hunter2}", "teams.url"),
        ("webhook", "{url: https://siem.example.com/h, secret: hunter2hunter2hunter2}", "webhook.secret"),
    ],
)
def test_a_literal_secret_is_a_warning_and_is_shown_nowhere(kind: str, how: str, setting: str, path: Path) -> None:
    settings = settings_of(channel_text(kind, how), path)

    (warning,) = settings.warnings
    assert f"notify.channels[0].{setting}: a secret stands in the file itself" in warning
    digest, summary = settings.fingerprint()
    for shown in (warning, repr(settings), repr(settings.notify), digest, json.dumps(summary)):
        assert "hunter2" not in shown
    assert "hunter2" not in repr([channel.how.resolve() for channel in settings.notify.channels])


def test_the_audit_shows_where_a_webhook_leads_but_not_its_path(path: Path) -> None:
    how = "{url: https://siem.example.com/hooks/t0ken, secret: '${env:WEBHOOK_SECRET}'}"

    shown = json.dumps(settings_of(channel_text("webhook", how), path).fingerprint().summary)

    assert "https://siem.example.com/(hidden)" in shown
    assert "t0ken" not in shown
    assert "${env:WEBHOOK_SECRET}" in shown


def test_another_recipient_is_another_configuration(path: Path) -> None:
    one = settings_of(channel_text("smtp", SMTP), path)
    other = settings_of(channel_text("smtp", SMTP.replace("admins@", "oncall@")), path)

    assert one.fingerprint().digest != other.fingerprint().digest


def test_the_example_shows_every_kind_of_channel(path: Path) -> None:
    text = (Path(__file__).parents[2] / "config.example.yaml").read_text(encoding="utf-8")
    here, tenants = text.split("\ntenants:\n")
    shown = re.sub(r"^    # (?=- name:|  )", "    ", here, flags=re.MULTILINE)
    text = f"{shown}\ntenants:\n{tenants}"

    notify = parse_settings(text, path=path, environment={}).notify

    assert [channel.kind for channel in notify.channels] == ["smtp", "graph_mail", "teams", "webhook"]
    assert notify.routes
    assert notify.default is not None
    assert notify.default.digest is not None


def test_a_channel_that_no_route_names_is_a_warning(path: Path) -> None:
    (warning,) = settings_of(f"{{channels: [{{name: soc, teams: {TEAMS}}}]}}", path).warnings

    assert 'no route names the channel "soc"' in warning


def test_an_unknown_check_in_a_route_is_refused_with_its_place(path: Path) -> None:
    notify = f"{{channels: [{{name: a, teams: {TEAMS}}}], routes: [{{match: {{checks: [mfa-al]}}, channels: [a]}}]}}"
    settings = settings_of(notify, path)

    with pytest.raises(
        SettingsError, match=r'posture.yaml:1:\d+: there is no check "mfa-al". Did you mean "mfa-all"?'
    ):
        refuse_unknown_checks(settings, {"mfa-all": ()})


def test_templates_start_at_the_settings_file(path: Path) -> None:
    (path.parent / "own").mkdir()

    assert settings_of("{templates: own}", path).notify.templates == path.parent / "own"


@pytest.mark.parametrize(
    "page", ["http://localhost:8080/", "http://127.0.0.1:8080", "https://posture.example.com/p/"]
)
def test_a_page_on_this_machine_may_be_in_the_clear(page: str, path: Path) -> None:
    assert settings_of(f'{{page: "{page}"}}', path).notify.page == page.rstrip("/")
