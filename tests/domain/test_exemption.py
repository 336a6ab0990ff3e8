"""Exemptions: for one tenant or all, one check or all, and not a moment longer than said."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.domain.check import CheckId
from posture.domain.exemption import EVERY_TENANT, Exemption, ExemptionsInForce, exemption_for, in_force
from posture.domain.finding import FindingState, Resolution
from posture.domain.finding_view import Standing, view_of
from tests.domain.builders import CHECK, MONDAY, a_finding, a_resource, an_exemption

MOMENT = timedelta(microseconds=1)


def _found(*exemptions: Exemption, **changes: object) -> Exemption | None:
    asked: dict[str, object] = {
        "tenant": "contoso",
        "check": CHECK,
        "resource_id": a_resource().id,
        "now": MONDAY - MOMENT,
    }
    return exemption_for(exemptions, **(asked | changes))  # type: ignore[arg-type]


def test_an_exemption_counts_until_the_last_moment_before_its_end() -> None:
    assert _found(an_exemption(ends_at=MONDAY), now=MONDAY - MOMENT) is not None


def test_an_exemption_does_not_count_at_its_end() -> None:
    assert _found(an_exemption(ends_at=MONDAY), now=MONDAY) is None


@pytest.mark.parametrize(
    "changes",
    [{"tenant": "fabrikam"}, {"check": CheckId("mfa-gaps")}, {"resource_id": "00000000-0000-0000-0000-000000000002"}],
)
def test_an_exemption_does_not_reach_beyond_its_tenant_check_and_resource(changes: dict[str, object]) -> None:
    assert _found(an_exemption(), **changes) is None


def test_an_exemption_without_a_check_covers_every_check_on_the_resource() -> None:
    assert _found(an_exemption(check=None), check=CheckId("mfa-gaps")) is not None


def test_a_star_covers_every_tenant() -> None:
    assert _found(an_exemption(tenant="*"), tenant="fabrikam") is not None


def test_the_case_of_an_object_id_does_not_matter() -> None:
    assert _found(an_exemption(resource_id="ABCDEF"), resource_id="abcdef") is not None


def test_of_several_exemptions_the_one_that_ends_last_is_told() -> None:
    late = an_exemption(ends_at=MONDAY + timedelta(days=9))

    assert _found(an_exemption(), late, an_exemption(check=None)) is late


def test_those_in_force_keep_their_order_and_lose_the_expired_and_the_strangers() -> None:
    later = MONDAY + timedelta(days=1)
    first, second = an_exemption(ends_at=later, owner="a"), an_exemption(tenant="*", ends_at=later, owner="b")
    all_of_them = [first, an_exemption(ends_at=MONDAY), an_exemption(tenant="fabrikam", ends_at=later), second]

    assert in_force(all_of_them, tenant="contoso", now=MONDAY) == (first, second)


def test_an_open_finding_stands_exempted_while_an_exemption_counts() -> None:
    exemption = an_exemption()

    before = view_of(a_finding(), [exemption], tenant="contoso", now=MONDAY - MOMENT)
    after = view_of(a_finding(), [exemption], tenant="contoso", now=MONDAY)

    assert (before.standing, before.exemption) == (Standing.EXEMPTED, exemption)
    assert (after.standing, after.exemption) == (Standing.OPEN, None)


def test_a_resolved_finding_stands_resolved_whatever_is_exempted() -> None:
    resolved = a_finding(state=FindingState.RESOLVED, resolution=Resolution.PASSED)

    view = view_of(resolved, [an_exemption()], tenant="contoso", now=MONDAY - MOMENT)

    assert (view.standing, view.exemption) == (Standing.RESOLVED, None)


@given(st.data())
def test_many_exemptions_asked_at_once_say_what_each_of_them_says(data: st.DataObject) -> None:
    exemptions = data.draw(
        st.lists(
            st.builds(
                an_exemption,
                tenant=st.sampled_from(["contoso", "fabrikam", EVERY_TENANT]),
                check=st.sampled_from([CHECK, CheckId("other"), None]),
                resource_id=st.sampled_from(["A", "a", "b", "İ"]),
                ends_at=st.sampled_from([MONDAY + timedelta(days=day) for day in range(3)]),
                origin=st.uuids().map(str),
            ),
            max_size=12,
        )
    )
    now = data.draw(st.sampled_from([MONDAY + timedelta(days=day) for day in range(-1, 4)]))
    in_force_now = ExemptionsInForce(exemptions, now=now)

    for tenant, check, resource_id in product(("contoso", "fabrikam"), (CHECK, CheckId("other")), "aAbcİ"):
        asked = {"tenant": tenant, "check": check, "resource_id": resource_id}
        assert in_force_now.of(**asked) == exemption_for(exemptions, now=now, **asked)  # type: ignore[arg-type]
        if in_force_now.of(**asked):  # type: ignore[arg-type]
            assert resource_id.lower() in in_force_now.resource_ids
