"""Advice on checks that load."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from posture.definitions.lint import lint, lint_check
from posture.definitions.loaded import LoadedCheck

LoadOne = Callable[..., LoadedCheck]
ROW = "{id: app-1, display_name: Payroll"


def test_a_good_check_needs_no_advice(load_one: LoadOne) -> None:
    assert lint_check(load_one()) == ()


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (("title: Application", "title: application"), ":3:8: ", "headline"),
        (("no owner\nresource", "no owner.\nresource"), ":3:8: ", "headline"),
        (("Nobody notices when an application without an owner is misused.", "Bad."), ":8:6: ", '"why" is not'),
        (("who is still with the company.", "who is still with the company"), ":10:6: ", '"fix" is not'),
        (("unit: days, ", ""), ":16:15: ", "no unit and no help"),
        (("microsoft.com/graph", "microsoft.com/en-us/graph"), ":13:5: ", "language"),
        (
            (
                "  - https://learn.microsoft.com/graph/api/resources/application\n",
                "  - https://example.com/a\n  - https://example.com/a\n",
            ),
            ":14:5: ",
            "twice",
        ),
        (
            ('"{{ resource_name }} has {{ owner_count }} owners"', '"Graph did not say how many owners there are"'),
            ":29:12: ",
            "both messages say the same",
        ),
        ((ROW, "{id: 8a1f0d52-7c3e-4b5a-9d61-02e4c6f7b913, display_name: P"), ":35:24: ", "looks like a real id"),
        ((ROW, "{id: app-1, display_name: ada@acme-corp.de"), ":35:45: ", "acme-corp.de may belong to somebody"),
        ((ROW, "{id: app-1, display_name: ada_acme.com#EXT#@contoso.onmicrosoft.com"), ":35:45: ", "acme.com may"),
    ],
)
def test_what_a_reviewer_would_ask_for_is_told_with_its_place(
    load_one: LoadOne, change: tuple[str, str], place: str, said: str
) -> None:
    found = lint([load_one(change)])

    assert [str(advice) for advice in found if place in str(advice) and said in str(advice)] != []


@pytest.mark.parametrize(
    "name",
    [
        "ada@example.com",
        "ada_example.net#EXT#@contoso.onmicrosoft.com",
        "www.contoso.com",
        "portal.fabrikam.com",
        "mail.test.example",
        "11111111-1111-1111-1111-111111111111",
        "00000000-0000-0000-0000-0000000000a1",
        "just words. And more",
    ],
)
def test_made_up_names_and_ids_are_fine(load_one: LoadOne, name: str) -> None:
    assert lint_check(load_one((ROW, f"{{id: app-1, display_name: '{name}'"))) == ()


def test_a_parameter_with_choices_explains_itself(load_one: LoadOne) -> None:
    loaded = load_one(
        ("{type: integer, unit: days, default: 30, min: 1, max: 365}", "{type: list, of: [a, b], default: [a]}"),
        ("to_days($grace_days)", "to_days(1) and not list_contains($grace_days, resource_id)"),
    )

    assert lint_check(loaded) == ()


def test_every_id_that_a_list_parameter_names_is_meant(load_one: LoadOne) -> None:
    guids = [f"{start}-7c3e-4b5a-9d61-02e4c6f7b913" for start in ("8a1f0d52", "1b2c3d4e", "9f8e7d6c")]
    loaded = load_one(
        ("{type: integer, unit: days, default: 30, min: 1, max: 365}",
         f"{{type: list, of: object_id, default: [{', '.join(guids)}], help: Left out.}}"),
        ("to_days($grace_days)", "to_days(1) and not list_contains($grace_days, resource_id)"),
        (ROW, f"{{id: {guids[1]}, display_name: P"),
    )  # fmt: skip

    assert lint_check(loaded) == ()
    assert loaded.strings == {guids[0], guids[2]}


def test_an_id_that_the_check_itself_names_is_meant(load_one: LoadOne) -> None:
    guid = "8a1f0d52-7c3e-4b5a-9d61-02e4c6f7b913"
    loaded = load_one(
        (ROW, f"{{id: {guid}, display_name: P"), ("owner_count = 0", f"owner_count = 0 or resource_id = '{guid}'")
    )

    assert lint_check(loaded) == ()
