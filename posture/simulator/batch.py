"""``$batch``: up to twenty requests in one, each with its own answer, permissions and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from posture.simulator.graph_errors import GraphError, bad_request
from posture.simulator.messages import GraphAnswer, GraphRequest

MOST_REQUESTS = 20


def answer_batch(request: GraphRequest, answer_one: Callable[[GraphRequest], GraphAnswer]) -> Mapping[str, Any]:
    """Return the body of the batch's answer; raise a 400 if the envelope is malformed."""
    rows = _rows(request.body)
    version = request.path.strip("/").split("/")[0]
    statuses: dict[str, int] = {}
    responses = []
    for row in _in_order(rows):
        failed = [one for one in row.get("dependsOn", ()) if statuses.get(one, 424) >= 400]
        shown = _skipped(row["id"]) if failed else _shown(row["id"], answer_one(_inner(row, request, version)))
        statuses[row["id"]] = shown["status"]
        responses.append(shown)
    return {"responses": responses}


def _rows(body: bytes) -> list[dict[str, Any]]:
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise bad_request("Invalid batch payload format.") from None
    rows = document.get("requests") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows or not all(_is_request(row) for row in rows):
        raise bad_request("Invalid batch payload format.")
    if len(rows) > MOST_REQUESTS:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}.")
    if len({row["id"] for row in rows}) != len(rows):
        raise bad_request("Request identifiers of a batch must be unique.")
    return rows


def _is_request(row: Any) -> bool:
    is_complete = isinstance(row, dict) and all(isinstance(row.get(k), str) for k in ("id", "method", "url"))
    return is_complete and isinstance(row.get("headers", {}), dict) and isinstance(row.get("dependsOn", []), list)


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the requests with dependencies after what they depend on; raise a 400 for circles."""
    placed: list[dict[str, Any]] = []
    waiting = list(rows)
    while waiting:
        done = {row["id"] for row in placed}
        ready = [row for row in waiting if set(row.get("dependsOn", ())) <= done]
        if not ready:
            raise bad_request("dependsOn names an unknown request or goes in a circle.")
        placed += ready
        waiting = [row for row in waiting if row not in ready]
    return placed


def _inner(row: Mapping[str, Any], outer: GraphRequest, version: str) -> GraphRequest:
    path, _, query = row["url"].partition("?")
    own = {name.lower(): str(value) for name, value in row.get("headers", {}).items()}
    inherited = {k: v for k, v in outer.headers.items() if k in {"authorization", "client-request-id"}}
    body = msgspec.json.encode(row["body"]) if "body" in row else b""
    return GraphRequest(
        method=row["method"].upper(),
        path=f"/{version}/{path.lstrip('/')}",
        query=query,
        headers={**own, **inherited},
        body=body,
        root=outer.root,
    )


def _shown(name: str, answer: GraphAnswer) -> dict[str, Any]:
    headers = {k: v for k, v in answer.headers.items() if k.lower() in {"content-type", "retry-after", "location"}}
    if headers.get("Content-Type") == "text/plain":
        body: Any = answer.body.decode()
    else:
        body = msgspec.Raw(answer.body) if answer.body else None
    return {"id": name, "status": answer.status, "headers": headers, "body": body}


def _skipped(name: str) -> dict[str, Any]:
    error = GraphError(424, "FailedDependency", "A request this one depends on has failed.")
    return {
        "id": name,
        "status": error.status,
        "headers": {"Content-Type": "application/json"},
        "body": {"error": {"code": error.code, "message": error.message}},
    }
