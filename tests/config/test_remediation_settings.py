"""What settings say about remediation: a second identity, stricter rules, a fingerprint for the audit."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from posture.bootstrap.connection import connection_of, remediator_connection_of
from posture.config import Settings, parse_settings, refuse_unknown_actions
from posture.domain.action import ApprovalRule, Limits, Risk
from posture.domain.approval import effective_limits, effective_rule
from posture.domain.operator import Role
from posture.errors import SettingsError

PATH = Path("/etc/posture/posture.yaml")
TENANT_ID = "11111111-1111-1111-1111-111111111111"
READER_ID = "22222222-2222-2222-2222-22222222222a"
REMEDIATOR_ID = "33333333-3333-3333-3333-333333333333"
MINIMAL = f"""\
tenants:
  - name: contoso
    tenant_id: {TENANT_ID}
    reader: {{client_id: {READER_ID}, client_secret: "${{env:READER}}"}}
"""
WITH_REMEDIATOR = MINIMAL + f'    remediator: {{client_id: {REMEDIATOR_ID}, client_secret: "${{env:REMEDIATOR}}"}}\n'
ENVIRONMENT = {"READER": "r3ader", "REMEDIATOR": "rem3diator"}
FILE_RULE = ApprovalRule(people=1, role=Role.HELPDESK, valid_for=timedelta(days=3))
FILE_LIMITS = Limits(per_run=25, per_day=100, share=0.02, failures=3)


def settings_of(text: str, **environment: str) -> Settings:
    return parse_settings(text, path=PATH, environment=ENVIRONMENT | environment)


def refusal(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_of(text)
    return str(caught.value)


def rule_of(settings: Settings, action: str) -> ApprovalRule:
    return effective_rule(FILE_RULE, Risk.REVERSIBLE, *settings.rule_overrides(settings.tenants[0], action))


def limits_of(settings: Settings, action: str) -> Limits:
    return effective_limits(FILE_LIMITS, *settings.limit_overrides(settings.tenants[0], action))


def test_without_a_word_about_remediation_a_tenant_is_only_read() -> None:
    tenant = settings_of(MINIMAL).tenants[0]

    assert tenant.remediator is None
    with pytest.raises(SettingsError, match="contoso is only read"):
        remediator_connection_of(tenant, http=settings_of(MINIMAL).http)


def test_without_a_word_about_remediation_the_action_file_stands() -> None:
    settings = settings_of(MINIMAL)

    assert rule_of(settings, "disable-user") == FILE_RULE
    assert limits_of(settings, "disable-user") == FILE_LIMITS


def test_reader_and_remediator_sign_in_as_two_identities() -> None:
    settings = settings_of(WITH_REMEDIATOR)
    tenant = settings.tenants[0]

    reader = connection_of(tenant, http=settings.http)
    remediator = remediator_connection_of(tenant, http=settings.http)

    assert (reader.client_id, reader.secrets) == (READER_ID, ("r3ader",))
    assert (remediator.client_id, remediator.secrets) == (REMEDIATOR_ID, ("rem3diator",))
    assert tenant.remediation_enabled


@pytest.mark.parametrize(
    "remediator",
    [
        f'{{client_id: {READER_ID}, client_secret: "${{env:REMEDIATOR}}"}}',
        f'{{client_id: {READER_ID.upper()}, client_secret: "${{env:REMEDIATOR}}"}}',
        f"{{client_id: {READER_ID}, certificate: {{path: other.pem}}}}",
    ],
)
def test_a_remediator_that_is_the_reader_is_refused_with_its_place(remediator: str) -> None:
    said = refusal(MINIMAL + f"    remediator: {remediator}\n")

    assert f"{PATH}:5:29: tenants[0].remediator.client_id: the remediator is the same identity as the reader" in said


def test_one_managed_identity_cannot_be_both() -> None:
    reader = MINIMAL.split("    reader:")[0] + "    reader: {managed_identity: {}}\n"

    assert "the same identity" in refusal(reader + "    remediator: {managed_identity: {}}\n")


def test_an_identity_that_turns_out_to_be_the_same_is_refused_when_it_is_used() -> None:
    text = WITH_REMEDIATOR.replace(REMEDIATOR_ID, '"${env:ID}"')
    settings = settings_of(text, ID=READER_ID.upper())

    with pytest.raises(SettingsError, match="turns out to be the same identity"):
        remediator_connection_of(settings.tenants[0], http=settings.http)


def test_two_variables_that_differ_in_case_are_two() -> None:
    text = WITH_REMEDIATOR.replace(REMEDIATOR_ID, '"${env:id}"').replace(READER_ID, '"${env:ID}"')
    settings = settings_of(text, id=REMEDIATOR_ID, ID=READER_ID)

    assert remediator_connection_of(settings.tenants[0], http=settings.http).client_id == REMEDIATOR_ID


def test_a_literal_secret_of_the_remediator_is_a_warning_that_does_not_repeat_it() -> None:
    (warning,) = settings_of(WITH_REMEDIATOR.replace("${env:REMEDIATOR}", "hunter2")).warnings

    assert "tenants[0].remediator.client_secret" in warning
    assert "hunter2" not in warning


def test_a_missing_secret_of_the_remediator_does_not_stand_in_the_way_of_the_reader() -> None:
    settings = parse_settings(WITH_REMEDIATOR, path=PATH, environment={"READER": "r3ader"})

    assert connection_of(settings.tenants[0], http=settings.http).client_id == READER_ID
    with pytest.raises(SettingsError, match="REMEDIATOR is not set"):
        remediator_connection_of(settings.tenants[0], http=settings.http)


def test_the_strictest_of_file_tenant_and_action_wins() -> None:
    settings = settings_of(
        "remediation:\n"
        "  people: 2\n"
        "  valid_for: 24h\n"
        "  limits: {per_run: 50, per_day: 80, share: 5%, failures: 2}\n"
        "  actions: {reset-mfa: {people: 3, role: admin, valid_for: 4h, limits: {per_run: 2}}}\n"
        + WITH_REMEDIATOR
        + "    remediation: {valid_for: 2d, limits: {share: 1%}, actions: {reset-mfa: {limits: {per_run: 5}}}}\n"
    )

    assert rule_of(settings, "disable-user") == ApprovalRule(
        people=2, role=Role.HELPDESK, valid_for=timedelta(hours=24)
    )
    assert rule_of(settings, "reset-mfa") == ApprovalRule(people=3, role=Role.ADMIN, valid_for=timedelta(hours=4))
    assert limits_of(settings, "disable-user") == Limits(per_run=25, per_day=80, share=0.01, failures=2)
    assert limits_of(settings, "reset-mfa") == Limits(per_run=2, per_day=80, share=0.01, failures=2)


def test_what_one_tenant_asks_does_not_bind_another() -> None:
    other = MINIMAL.removeprefix("tenants:\n").replace("contoso", "fabrikam").replace(TENANT_ID, REMEDIATOR_ID)
    settings = settings_of(MINIMAL + "    remediation: {people: 5}\n" + other)

    asked = [settings.rule_overrides(tenant, "disable-user") for tenant in settings.tenants]

    assert [max(rule.people for rule in rules) for rules in asked] == [5, 1]


def test_a_tenant_can_switch_remediation_off() -> None:
    assert not settings_of(WITH_REMEDIATOR + "    remediation: {enabled: false}\n").tenants[0].remediation_enabled


@pytest.mark.parametrize(
    ("remediation", "said"),
    [
        ("{people: 0}", f"{PATH}:1:23"),
        ("{people: 1.5}", f"{PATH}:1:23"),
        ("{role: viewer}", "helpdesk"),
        ("{role: admn}", 'Did you mean "admin"?'),
        ("{valid_for: 24}", "24h"),
        ("{valid_for: 1.5h}", f"{PATH}:1:26: it is no duration"),
        ("{limits: {share: 0.05}}", "it is no share"),
        ("{limits: {share: 0%}}", "it is no share"),
        ("{limits: {per_run: 0}}", f"{PATH}:1:33"),
        ("{limits: {per_hour: 5}}", "per_hour"),
        ("{enabled: false}", '"enabled" is not known here'),
        ("{actions: {reset-mfa: {actions: {}}}}", '"actions" is not known here'),
    ],
)
def test_a_wrong_demand_is_refused(remediation: str, said: str) -> None:
    assert said in refusal(f"remediation: {remediation}\n" + MINIMAL)


def test_directories_of_actions_start_at_the_file() -> None:
    settings = settings_of("actions: {directories: [mine, /srv/actions]}\n" + MINIMAL)

    assert settings.action_directories == (PATH.parent / "mine", Path("/srv/actions"))


def test_an_action_that_does_not_exist_is_refused_with_its_place() -> None:
    everywhere = settings_of("remediation: {actions: {reset-mf: {}}}\n" + MINIMAL)
    in_a_tenant = settings_of(MINIMAL + "    remediation: {actions: {zzz: {}}}\n")

    with pytest.raises(SettingsError, match=r':1:25: there is no action "reset-mf"\. Did you mean "reset-mfa"\?'):
        refuse_unknown_actions(everywhere, {"reset-mfa"})
    with pytest.raises(SettingsError, match=r':5:29: there is no action "zzz"\. posture actions list'):
        refuse_unknown_actions(in_a_tenant, {"reset-mfa"})


def test_actions_that_exist_are_accepted() -> None:
    refuse_unknown_actions(settings_of("remediation: {actions: {reset-mfa: {}}}\n" + MINIMAL), {"reset-mfa"})


def test_the_fingerprint_says_what_is_configured_and_no_secret() -> None:
    text = (
        'store: {url: "postgresql://posture:hunter1@db.example.com/posture?password=hunter2"}\n'
        'http: {proxy: "http://me:hunter3@h/@proxy.example.com:3128"}\n'
        + WITH_REMEDIATOR.replace("${env:READER}", "hunter4").replace(
            'client_secret: "${env:REMEDIATOR}"', "certificate: {path: a.pem, password: hunter5}"
        )
        + "    remediation: {people: 2}\n"
    )

    digest, summary = settings_of(text).fingerprint()

    written = json.dumps(summary)
    assert "hunter" not in written
    assert "db.example.com/posture" in written
    assert REMEDIATOR_ID in written
    assert '"people": 2' in written
    assert len(digest) == 64


def test_where_a_secret_comes_from_is_told() -> None:
    assert "${env:REMEDIATOR}" in json.dumps(settings_of(WITH_REMEDIATOR).fingerprint().summary)


def test_the_fingerprint_changes_with_the_meaning_only() -> None:
    written = settings_of(MINIMAL).fingerprint().digest

    assert settings_of("# a comment\n" + MINIMAL).fingerprint().digest == written
    assert settings_of(MINIMAL, READER="an0ther").fingerprint().digest == written
    assert settings_of("data_dir: ./d\n" + MINIMAL).fingerprint().digest != written
    assert settings_of(WITH_REMEDIATOR).fingerprint().digest != written


@pytest.mark.parametrize(
    "protected",
    ["{groups: [Break glass]}", "{users: [Ada]}", "{users: ['${env:READER}']}", f"{{groups: ['{READER_ID} ']}}"],
)
def test_what_would_protect_nobody_is_refused(protected: str) -> None:
    assert "protect nobody" in refusal(MINIMAL + f"    protected: {protected}\n")


def test_protected_people_and_groups_are_read() -> None:
    text = MINIMAL + f"    protected: {{users: [ada@example.com, {READER_ID.upper()}], groups: [{REMEDIATOR_ID}]}}\n"

    (tenant,) = settings_of(text).tenants

    assert tenant.protected_users == ("ada@example.com", READER_ID.upper())
    assert tenant.protected_groups == (REMEDIATOR_ID,)
