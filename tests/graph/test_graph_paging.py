"""Splitting pages, and links that may be followed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.graph.paging import Malformed, may_follow, single_object, split_page

ROOT = "https://graph.example.com"
texts = st.text(max_size=20)
objects = st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts | st.lists(texts, max_size=3))


@given(st.lists(objects, max_size=5), st.sampled_from([None, 2]), st.none() | st.just("https://x/y"), st.booleans())
def test_items_survive_as_one_line_each(
    items: list[dict[str, object]], indent: int | None, link: str | None, ascii_only: bool
) -> None:
    body = json.dumps({"value": items, "@odata.nextLink": link, "other": [1]}, indent=indent, ensure_ascii=ascii_only)
    page = split_page(body.encode(errors="surrogatepass").replace(b"\n", b"\r\n"))
    assert [json.loads(line) for line in page.items.split(b"\n")[:-1]] == items
    assert page.count == len(items)
    assert page.next_link == link


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"value": null}',
        b'{"value": {}}',
        b'{"value": [1]}',
        b'{"value": [{}, null]}',
        b'{"value": [{}',
        b'{"value": [],\n "x": ',
        b'{"value": [], "@odata.nextLink": 7}',
        b'{"error": {"code": "x"}}',
        b"<html>gateway</html>",
        b'{"value": ["\xff"]}',
    ],
)
def test_what_is_not_a_page_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        split_page(body)


def test_a_page_without_items_has_no_lines() -> None:
    assert split_page(b'{"value": []}').items == b""


def test_a_single_object_becomes_one_line() -> None:
    assert single_object(b'{\n "id": "a"\n}\n').items == b'{"id":"a"}\n'


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'"x"', b'{"id": ', b"\xff"])
def test_what_is_not_an_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        single_object(body)


@pytest.mark.parametrize(
    "link",
    [
        f"{ROOT}/v1.0/users?$skiptoken=x",
        "https://GRAPH.example.com/v1.0/users",
        "https://graph.example.com:443/v1.0/users",
    ],
)
def test_links_on_the_configured_host_may_be_followed(link: str) -> None:
    assert may_follow(link, graph_root=ROOT)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "/v1.0/users",
        "http://graph.example.com/v1.0/users",
        "https://graph.example.com:8443/v1.0/users",
        "https://graph.example.com.evil.example/v1.0/users",
        "https://evil.example/https://graph.example.com/",
        "https://graph.example.com@evil.example/v1.0",
        "https://who@graph.example.com/v1.0",
        "https://evil.example\\@graph.example.com/",
        "https://graph.example.com/v1.0\r\nx: y",
        "https://[graph.example.com/",
        "https://graph.example.com:no/",
        "file:///etc/passwd",
    ],
)
def test_other_links_may_not(link: str) -> None:
    assert not may_follow(link, graph_root=ROOT)
