from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posture.simulator.graph_errors import GraphError
from posture.simulator.paging import PagePosition, PageTokens
from tests.simulator.builders import InProcess, a_tenant, guid, in_process


def test_a_link_is_good_only_for_its_own_query(graph: InProcess) -> None:
    link = graph.get("/v1.0/users?$select=id&$top=10").body["@odata.nextLink"]

    assert graph.get(link.replace("$top=10", "$top=11")).status == 400
    assert graph.get(link.replace("$select=id", "$select=mail")).status == 400
    assert graph.get(link.replace("/users", "/groups")).status == 400


@pytest.mark.parametrize("token", ["", "x", "AAAA", "%F0%9F%92%A5", "A" * 3000])
def test_made_up_tokens_are_refused(graph: InProcess, token: str) -> None:
    assert graph.get(f"/v1.0/users?$skiptoken={token}").status == 400


@given(st.text(max_size=80))
def test_no_text_opens_a_token(text: str) -> None:
    with pytest.raises(GraphError):
        PageTokens().read(text, "query")


def test_an_altered_token_is_refused() -> None:
    tokens = PageTokens()
    token = tokens.write(PagePosition(query="q", offset=5))

    assert tokens.read(token, "q").offset == 5
    with pytest.raises(GraphError):
        tokens.read(token[:-1] + ("A" if token[-1] != "A" else "B"), "q")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(users=st.integers(0, 60), top=st.integers(1, 25))
def test_pages_together_are_the_whole_list_once(tmp_path: Path, users: int, top: int) -> None:
    graph = in_process(tmp_path, a_tenant(users=max(users, 1)))

    pages = list(graph.pages(f"/v1.0/users?$select=id&$top={top}"))

    assert [one for page in pages for one in page.ids] == [guid(n) for n in range(1, max(users, 1) + 1)]
    assert all(len(page.ids) == top for page in pages[:-1])
