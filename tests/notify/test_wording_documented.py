"""What docs/how-to/write-a-message.md promises to whoever writes templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from posture.domain.finding import FindingState
from posture.domain.judgement import CheckOutcome
from posture.domain.notice import Event, Notice
from posture.domain.notices_of_channels import closed_notice, failed_notice
from posture.domain.notices_of_plans import plan_notice
from posture.domain.notices_of_scans import (
    CheckStanding,
    OwnCredential,
    check_notice,
    credential_notice,
    exemption_notice,
    finding_notice,
    first_results_notice,
    run_notice,
)
from posture.domain.run import RunState
from posture.notify.environment import text_environment
from posture.notify.letter_view import Measure, letter_view
from posture.notify.links import Links
from posture.notify.samples import sample_letter, sample_notice
from tests.domain.builders import CHECK, MONDAY, a_check_result, a_finding, a_run, an_exemption
from tests.domain.plans import a_plan
from tests.domain.telling import a_closed_channel, a_delivery
from tests.notify.letters import many_findings

REPOSITORY = Path(__file__).parents[2]
DOCUMENT = (REPOSITORY / "docs/how-to/write-a-message.md").read_text(encoding="utf-8")
MEASURE = Measure(notices=50, tenants=20, characters=400)
LINKS = Links(page=None, reference_hosts=frozenset())
DAY = timedelta(days=1)


def real_notices() -> Iterator[Notice | None]:
    """Yield a notice of each family as the engine makes it."""
    run = a_run(state=RunState.INCOMPLETE, finished_at=MONDAY)
    yield finding_notice(None, a_finding(), title="", tenant_name="contoso")
    yield first_results_notice(run, [a_check_result()], failures={}, titles={})
    yield run_notice(run, before=None, tables=[], broken=[])
    standing = CheckStanding(check=CHECK, outcome=CheckOutcome.EVALUATED, skip_kind=None, evaluated_at=MONDAY)
    broken = replace(a_check_result(), outcome=CheckOutcome.BROKEN, counts=None, error="x")
    yield check_notice(run, broken, before=standing, title="")
    yield plan_notice(a_plan(), at=MONDAY, by="ada")
    credential = OwnCredential(app_id="a", app_name=None, key_id="k", kind="secret", ends_at=MONDAY + DAY)
    yield credential_notice(credential, run, now=MONDAY, within=DAY)
    yield exemption_notice(an_exemption(ends_at=MONDAY + DAY), run, now=MONDAY, within=DAY)
    yield closed_notice(a_closed_channel())


def test_the_document_lists_every_event_with_its_family() -> None:
    listed = re.findall(r"^\| `(\w+)` \| `(\w+)` \| [^|`]+ \|$", DOCUMENT, re.MULTILINE)

    assert listed == [(event.value, event.family) for event in Event]


def test_the_document_lists_the_facts_that_the_engine_records() -> None:
    made = {notice.event.family: set(notice.facts) for notice in real_notices() if notice}

    assert made == facts_in_the_document()


@pytest.mark.parametrize("event", Event)
def test_a_sample_has_the_facts_of_a_real_notice(event: Event) -> None:
    assert set(sample_notice(event).facts) == facts_in_the_document()[event.family]


def test_failed_messages_have_the_facts_of_a_closed_channel() -> None:
    notice = failed_notice("admins", [a_delivery()], at=MONDAY)

    assert notice is not None
    assert set(notice.facts) == facts_in_the_document()["channel"]


def test_a_resolved_finding_has_the_facts_of_an_open_one() -> None:
    notice = finding_notice(a_finding(), a_finding(state=FindingState.RESOLVED), title="", tenant_name="contoso")

    assert notice is not None
    assert set(notice.facts) == facts_in_the_document()["finding"]


def test_every_name_in_the_document_is_there() -> None:
    single = letter_view(sample_letter(Event.FINDING_OPENED), LINKS, MEASURE)
    digest = letter_view(many_findings(3), LINKS, MEASURE)

    assert names_in_the_document("letter") <= set(single["letter"])
    assert names_in_the_document("notice") == set(single["notice"]) - {"id"}
    assert {"groups", "more_groups"} <= set(digest)
    assert set(words_after("A group has ")) == set(digest["groups"][0])


def test_the_document_lists_the_filters_that_there_are() -> None:
    own = re.findall(r"^\| `(\w+)[^`]*` \| [^|]+ \|$", DOCUMENT[DOCUMENT.index("## Filters") :], re.MULTILINE)

    assert {*words_after("Besides Jinja's "), *own} == set(text_environment(None).filters)


def facts_in_the_document() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \|$", DOCUMENT, re.MULTILINE)
    return {family: set(re.findall(r"`(\w+)`", facts)) for family, facts in rows}


def names_in_the_document(kind: str) -> set[str]:
    return set(re.findall(rf"`{kind}\.(\w+)`", DOCUMENT))


def words_after(beginning: str) -> list[str]:
    """Return what stands in backticks in the sentence that begins so."""
    start = DOCUMENT.index(beginning)
    end = min(DOCUMENT.find(stop, start) for stop in (".\n", ":\n") if DOCUMENT.find(stop, start) >= 0)
    return re.findall(r"`(\w+)`", DOCUMENT[start:end])
