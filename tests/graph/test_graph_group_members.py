"""What delta rounds about groups may look like, and what must not be taken for the whole."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote

import pytest

from posture.domain.outcome import Outcome
from posture.graph.failures import Trouble
from posture.graph.group_members import GROUPS_A_REQUEST, read_group_members
from posture.graph.paging import EMPTY_PAGES_IN_A_ROW, Malformed, RawPage
from posture.graph.refusals import Ending

T = TypeVar("T")
ROOT = "https://graph.example.com"
GROUP = "#microsoft.graph.group"


def run(answers: list[dict[str, Any]]) -> tuple[RawPage | Trouble | Ending, list[str]]:
    """Answer each request with the next body and return the result and what was asked."""
    asked: list[str] = []

    async def fetch(url: str, read: Callable[[bytes], T]) -> T | Trouble | Ending:
        asked.append(unquote(url))
        return read(json.dumps(answers[len(asked) - 1]).encode())

    return asyncio.run(read_group_members(fetch, graph_root=ROOT)), asked


def role_groups(*ids: str) -> dict[str, Any]:
    return {"value": [{"id": group} for group in ids]}


def last(*groups: dict[str, Any]) -> dict[str, Any]:
    return {"value": list(groups), "@odata.deltaLink": f"{ROOT}/v1.0/groups/delta?$deltatoken=x"}


def lines(result: RawPage | Trouble | Ending) -> list[tuple[str, str]]:
    assert isinstance(result, RawPage)
    found = [json.loads(line) for line in result.items.splitlines()]
    return [(item["groupId"], item["id"]) for item in found]


def test_members_spread_over_pages_and_entries_are_joined_once_each() -> None:
    first = {
        "value": [{"id": "g", "members@delta": [{"id": "a"}, {"id": "b"}]}],
        "@odata.nextLink": f"{ROOT}/v1.0/groups/delta?$skiptoken=1",
    }
    result, asked = run([role_groups("g"), first, last({"id": "g", "members@delta": [{"id": "b"}, {"id": "c"}]})])
    assert lines(result) == [("g", "a"), ("g", "b"), ("g", "c")]
    assert asked[2] == f"{ROOT}/v1.0/groups/delta?$skiptoken=1"


def test_removed_groups_and_members_are_ignored() -> None:
    gone = {"@removed": {"reason": "deleted"}}
    entries = (
        {"id": "g", "members@delta": [{"id": "a"}, {"id": "b", **gone}]},
        {"id": "h", "members@delta": [{"id": "c"}], **gone},
        {"id": "not asked for", "members@delta": [{"id": "d"}]},
    )
    result, _ = run([role_groups("g", "h"), last(*entries)])
    assert lines(result) == [("g", "a")]


def test_no_more_than_fifty_groups_are_asked_for_at_once() -> None:
    groups = [f"g{n}" for n in range(GROUPS_A_REQUEST + 1)]
    empty = [{"id": group} for group in groups]
    result, asked = run([role_groups(*groups), last(*empty[:GROUPS_A_REQUEST]), last(*empty[GROUPS_A_REQUEST:])])
    assert lines(result) == []
    assert [url.count("id eq") for url in asked[1:]] == [GROUPS_A_REQUEST, 1]


def test_a_group_that_graph_does_not_speak_of_is_not_taken_for_empty() -> None:
    result, _ = run([role_groups("g", "h"), last({"id": "g", "members@delta": [{"id": "a"}]})])
    assert isinstance(result, Ending)
    assert result.outcome is Outcome.FAILED
    assert "h among them" in (result.reason or "")


def test_nested_groups_are_asked_for_once() -> None:
    nested = {"id": "n", "@odata.type": GROUP}
    members = [{"id": name, "members@delta": [nested]} for name in ("g", "h")]
    back = {"id": "n", "members@delta": [{"id": "g", "@odata.type": GROUP}]}
    result, asked = run([role_groups("g", "h"), last(*members), last(back)])
    assert lines(result) == [("g", "n"), ("h", "n"), ("n", "g")]
    assert "id eq 'n'" in asked[2]


def test_a_tenant_without_role_groups_needs_one_request() -> None:
    result, asked = run([role_groups()])
    assert lines(result) == []
    assert len(asked) == 1


def test_a_quote_in_an_id_stays_inside_the_text() -> None:
    _, asked = run([role_groups("g' or true or '"), last()])
    assert "id eq 'g'' or true or '''" in asked[1]


def test_a_round_without_an_end_is_malformed() -> None:
    with pytest.raises(Malformed, match="delta link"):
        run([role_groups("g"), {"value": []}])


def test_a_round_that_turns_in_a_circle_ends() -> None:
    turning = {"value": [], "@odata.nextLink": f"{ROOT}/v1.0/groups/delta?$skiptoken=1"}
    result, asked = run([role_groups("g"), turning, turning])
    assert isinstance(result, Ending)
    assert len(asked) == 3


def test_a_round_of_empty_pages_without_end_ends() -> None:
    empty = [
        {"value": [], "@odata.nextLink": f"{ROOT}/v1.0/groups/delta?$skiptoken={number}"}
        for number in range(3 * EMPTY_PAGES_IN_A_ROW)
    ]

    result, asked = run([role_groups("g"), *empty])

    assert isinstance(result, Ending)
    assert result.outcome is Outcome.FAILED
    assert len(asked) < 2 * EMPTY_PAGES_IN_A_ROW
