from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.builders import EVENTUAL, InProcess, a_reader_with, a_tenant, guid, in_process


def row(name: str, url: str, **more: object) -> dict[str, object]:
    return {"id": name, "method": "GET", "url": url, **more}


def answers(graph: InProcess, *rows: dict[str, object]) -> dict[str, dict[str, object]]:
    reply = graph.post("/v1.0/$batch", {"requests": list(rows)})
    assert reply.status == 200
    return {shown["id"]: shown for shown in reply.body["responses"]}


def test_each_request_has_its_own_answer_and_permission(tmp_path: Path) -> None:
    graph = in_process(tmp_path, a_tenant(registrations=[a_reader_with("User.Read.All")]))

    found = answers(graph, row("a", "/users?$select=id&$top=1"), row("b", "applications"), row("c", "/users/nobody"))

    assert {name: shown["status"] for name, shown in found.items()} == {"a": 200, "b": 403, "c": 404}
    assert found["a"]["body"]["value"] == [{"id": guid(1)}]  # type: ignore[index]


def test_headers_of_a_row_belong_to_it_alone(graph: InProcess) -> None:
    found = answers(graph, row("a", "/users/$count", headers=EVENTUAL), row("b", "/users/$count"))

    assert (found["a"]["status"], found["a"]["body"], found["b"]["status"]) == (200, "30", 400)


def test_what_depends_on_a_failure_fails(graph: InProcess) -> None:
    found = answers(
        graph,
        row("late", "/users?$top=1", dependsOn=["bad"]),
        row("bad", "/users/nobody"),
        row("fine", "/users?$top=1", dependsOn=["alone"]),
        row("alone", "/groups"),
    )

    assert {name: shown["status"] for name, shown in found.items()} == {
        "late": 424,
        "bad": 404,
        "fine": 200,
        "alone": 200,
    }


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"requests": []},
        {"requests": [1]},
        {"requests": [{"id": "1"}]},
        {"requests": [row("1", "/users"), row("1", "/groups")]},
        {"requests": [row(str(n), "/users") for n in range(21)]},
        {"requests": [row("1", "/users", dependsOn=["1"])]},
        {"requests": [row("1", "/users", dependsOn=["unknown"])]},
        {"requests": [row("1", "/users", headers="x")]},
    ],
)
def test_a_malformed_batch_is_refused_whole(graph: InProcess, document: object) -> None:
    assert graph.post("/v1.0/$batch", document).status == 400


def test_a_batch_needs_a_token(graph: InProcess) -> None:
    graph.token = "nothing"

    assert graph.post("/v1.0/$batch", {"requests": [row("1", "/users")]}).status == 401


def test_a_batch_inside_a_batch_is_unknown(graph: InProcess) -> None:
    inner = {"id": "1", "method": "POST", "url": "/$batch", "body": {"requests": []}}

    assert answers(graph, inner)["1"]["status"] == 400


def test_requests_of_a_batch_are_logged_as_such(graph: InProcess) -> None:
    graph.server.requests.clear()
    answers(graph, row("1", "/users"), row("2", "/groups"))

    assert [(r.route, r.in_batch) for r in graph.server.requests] == [
        ("users", True),
        ("groups", True),
        ("batch", False),
    ]
