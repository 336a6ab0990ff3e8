"""Digests of any size: the worst of all is shown, the rest is counted."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from posture.notify.links import Links
from posture.notify.wording import Wording, WordingBroken
from tests.notify.forms import as_sent, texts_of, words_of
from tests.notify.letters import many_findings

PAGE = "https://posture.example.com"
WORDING = Wording(Links(page=PAGE, reference_hosts=frozenset()), None)


@pytest.mark.parametrize("name", ["Payroll", "給与計算 アプリケーション 🧾" * 20, "🧾" * 300, '"' * 300])
@pytest.mark.parametrize("tenants", [1, 60])
def test_ten_thousand_findings_make_a_mail_of_less_than_100_kb(name: str, tenants: int) -> None:
    letter = many_findings(10_000, tenants=[f"tenant-{number}" for number in range(tenants)], name=name)

    mail = WORDING.mail(letter)

    assert len(as_sent(mail)) < 100_000
    for form in (mail.text, words_of(mail.html)):
        assert "2,000 critical" in form
        assert "… and " in form


def test_a_digest_of_many_tenants_shows_the_worst_of_all_and_counts_the_other_tenants() -> None:
    letter = many_findings(10_000, tenants=[f"tenant-{number}" for number in range(60)])

    mail = WORDING.mail(letter)

    assert mail.subject.startswith("[2,000 critical] 60 tenants: 10,000 changes")
    assert len(re.findall(r"^  \[critical\]", mail.text, re.MULTILINE)) == 50
    for form in (mail.text, words_of(mail.html)):
        assert "tenant-49" in form
        assert "… and 10 more tenants" in form


def test_a_digest_shows_the_worst_fifty_and_counts_the_rest() -> None:
    letter = many_findings(10_000)

    mail = WORDING.mail(letter)

    assert len(re.findall(r"^  \[", mail.text, re.MULTILINE)) == 50
    assert "  [critical] Client secret of an application ends soon: Payroll 0\n" in mail.text
    assert "Payroll 50\n" not in mail.text
    assert f"… and 9,950 more: {PAGE}/tenants/contoso" in mail.text
    assert "… and 9,950 more" in words_of(mail.html)


@pytest.mark.parametrize("longest", [20_000, 10_000, 6_000])
def test_a_card_is_never_longer_than_asked_for(longest: int) -> None:
    for count in (1, 9, 200, 10_000):
        letter = many_findings(count, tenants=["contoso", "fabrikam"], name="給与計算" * 40)

        card = WORDING.card(letter, longest=longest)

        assert len(json.dumps(card)) <= longest
        assert f"{count:,} change" in " ".join(texts_of(card))
    assert "… and " in " ".join(texts_of(card))


def test_a_card_for_which_there_is_no_room_at_all_is_broken() -> None:
    with pytest.raises(WordingBroken, match=r"teams/digest\.card\.j2 makes a card of \d+ bytes, of which only 500"):
        WORDING.card(many_findings(100), longest=500)


def test_a_digest_names_each_tenant_with_what_is_there() -> None:
    letter = many_findings(30, tenants=["contoso", "fabrikam", "northwind"])

    text = WORDING.mail(letter).text

    assert "30 changes in 3 tenants" in text
    assert "\nfabrikam\n  2 critical, 2 high, 2 medium, 2 low, 2 info\n" in text


def test_several_notices_are_worded_as_a_digest_and_one_alone_may_be_too() -> None:
    several = replace(many_findings(3), is_digest=False)
    alone = replace(many_findings(1), is_digest=True)

    assert "3 changes" in WORDING.mail(several).text
    assert "1 change\n" in WORDING.mail(alone).text


def test_a_digest_of_nothing_is_still_a_message() -> None:
    letter = replace(many_findings(1), notices=())

    mail, card = WORDING.mail(letter), WORDING.card(letter, longest=20_000)

    assert mail.subject == "0 changes"
    assert "0 changes" in " ".join(texts_of(card))
