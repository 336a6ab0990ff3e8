from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.simulator.filter_language import parse_filter
from posture.simulator.filter_matching import compile_filter
from posture.simulator.graph_errors import GraphError
from tests.simulator.builders import EVENTUAL, SKU, InProcess, guid

ENTITY = {
    "name": "O'Neil",
    "count": 3,
    "enabled": True,
    "missing": None,
    "at": "2026-03-01T00:00:00.5000000Z",
    "kinds": ["Unified", "Other"],
    "licences": [{"skuId": SKU, "seats": 2}],
    "part": {"inner": "deep"},
    "flags": "password, sms",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name eq 'O''Neil'", True),
        ("name eq 'o''neil'", True),
        ("name ne 'x'", True),
        ("startswith(name,'o')", True),
        ("startsWith(name,'n')", False),
        ("startswith(name,'n') eq false", True),
        ("endsWith(name,'NEIL')", True),
        ("contains(name,'nei')", True),
        ("count gt 2 and count lt 4", True),
        ("count ge 3 and count le 3", True),
        ("count eq 3.0", True),
        ("count gt -1", True),
        ("enabled eq true", True),
        ("enabled eq false or count eq 3", True),
        ("not (enabled eq true)", False),
        ("not not enabled eq true", True),
        ("missing eq null", True),
        ("absent eq null", True),
        ("missing ne null", False),
        ("missing gt 1", False),
        ("at gt 2026-03-01T00:00:00Z", True),
        ("at eq 2026-03-01T00:00:00.5Z", True),
        ("at lt 2026-03-01T02:00:00+01:00", True),
        ("at lt 2026-03-02", True),
        ("name in ('a','O''Neil')", True),
        ("count in (1,2)", False),
        ("kinds/any(k:k eq 'Unified')", True),
        ("kinds/any(k:startswith(k,'x'))", False),
        ("kinds/any()", True),
        ("absent/any()", False),
        (f"licences/any(x:x/skuId eq {SKU})", True),
        (f"licences/any(x:x/skuId eq {SKU} and x/seats gt 5)", False),
        ("part/inner eq 'deep'", True),
        ("part/inner/deeper eq null", True),
        ("flags has 'sms'", True),
        ("(name eq 'x' or count eq 3) and enabled eq true", True),
        ("name eq 'x' and name eq 'y' or count eq 3", True),
    ],
)
def test_a_filter_judges_an_entity(text: str, expected: bool) -> None:
    assert compile_filter(parse_filter(text))(ENTITY) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name eq",
        "name eq 'open",
        "name eq unquoted",
        "name like 'x'",
        "(name eq 'x'",
        "name eq 'x')",
        "name eq 'x' name eq 'y'",
        "length(name) eq 3",
        "kinds/any(k eq 'x')",
        "name in ()",
        "name in ('a'",
        "name eq 'x' and",
        "; drop table users",
        "not",
        "(" * 100 + "name eq 'x'" + ")" * 100,
        "name eq '" + "x" * 9000 + "'",
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(GraphError) as refused:
        parse_filter(text)

    assert refused.value.status == 400


@given(st.text(max_size=200))
def test_any_text_is_either_parsed_or_refused(text: str) -> None:
    try:
        status, verdict = 200, compile_filter(parse_filter(text))(ENTITY)
    except GraphError as refused:
        status, verdict = refused.status, None

    assert (status, verdict) in {(200, True), (200, False), (400, None)}


_ATOMS = st.sampled_from(
    ["name eq 'x'", "count ge 3", "kinds/any(k:k eq 'Unified')", "missing eq null", "startswith(name,'o')"]
)
_FILTERS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda text: f"not ({text})"),
    ),
    max_leaves=8,
)


@given(_FILTERS)
def test_a_filter_and_its_negation_divide_the_entities(text: str) -> None:
    assert compile_filter(parse_filter(text))(ENTITY) is not compile_filter(parse_filter(f"not ({text})"))(ENTITY)


def ask(graph: InProcess, text: str, path: str = "users", more: str = "&$top=999", **headers: str) -> list[str]:
    reply = graph.get(f"/v1.0/{path}?$select=id&$filter={quote(text)}{more}", **headers)
    assert reply.status == 200, reply.content
    return reply.ids


def test_simple_filters_need_no_header(graph: InProcess) -> None:
    assert ask(graph, "userType eq 'Guest'") == [guid(n) for n in (5, 10, 15, 20, 25, 30)]
    assert ask(graph, f"id in ('{guid(1)}','{guid(2)}')") == [guid(1), guid(2)]
    assert len(ask(graph, f"assignedLicenses/any(x:x/skuId eq {SKU})")) == 7
    late = "createdDateTime ge 2026-01-20T00:00:00Z and accountEnabled eq true"
    assert ask(graph, late) == [guid(n) for n in (20, 22, 24, 26)]


@pytest.mark.parametrize(
    "text",
    [
        "userType ne 'Guest'",
        "not (userType eq 'Guest')",
        "endsWith(mail,'example.com')",
        "department eq null",
        "onPremisesExtensionAttributes/extensionAttribute1 eq 'blue'",
    ],
)
def test_advanced_filters_need_the_header_and_the_count(graph: InProcess, text: str) -> None:
    url = f"/v1.0/users?$select=id&$filter={quote(text)}"

    assert graph.get(url).code == "Request_UnsupportedQuery"
    assert graph.get(url, **EVENTUAL).code == "Request_UnsupportedQuery"
    assert graph.get(f"{url}&$count=true").code == "Request_UnsupportedQuery"
    assert graph.get(f"{url}&$count=true", **EVENTUAL).status == 200


@pytest.mark.parametrize(
    "text", ["usageLocation gt 'A'", "securityIdentifier eq 'x'", "aboutMe eq 'x'", "mail gt 'a'"]
)
def test_properties_without_index_are_refused_even_with_the_header(graph: InProcess, text: str) -> None:
    assert graph.get(f"/v1.0/users?$count=true&$filter={quote(text)}", **EVENTUAL).status == 400


def test_more_than_fifteen_values_are_refused(graph: InProcess) -> None:
    values = ",".join(f"'{guid(n)}'" for n in range(16))

    assert graph.get(f"/v1.0/users?$filter={quote(f'id in ({values})')}").status == 400


def test_unknown_properties_cannot_be_filtered(graph: InProcess) -> None:
    reply = graph.get("/v1.0/users?$filter=shoeSize%20eq%204")

    assert (reply.status, "shoeSize" in reply.content.decode()) == (400, True)


def test_the_count_is_ignored_without_the_header_and_given_once_with_it(graph: InProcess) -> None:
    first, *later = list(graph.pages("/v1.0/users?$select=id&$count=true&$top=20", **EVENTUAL))

    assert "@odata.count" not in graph.get("/v1.0/users?$select=id&$count=true").body
    assert first.body["@odata.count"] == 30
    assert ["@odata.count" in page.body for page in later] == [False]


def test_the_count_segment_needs_the_header(graph: InProcess) -> None:
    assert graph.get("/v1.0/users/$count").code == "Request_BadRequest"
    assert graph.get("/v1.0/users/$count", **EVENTUAL).content == b"30"
    assert graph.get(f"/v1.0/groups/{guid(5001)}/members/$count", **EVENTUAL).content == b"26"
    assert graph.get("/v1.0/users/$count?$filter=userType%20eq%20'Guest'", **EVENTUAL).content == b"6"


def test_search_needs_the_header(graph: InProcess) -> None:
    url = "/v1.0/users?$select=id&$search=%22displayName:0007%22"

    assert graph.get(url).code == "Request_UnsupportedQuery"
    assert graph.get(url, **EVENTUAL).ids == [guid(7)]
    assert graph.get("/v1.0/users?$search=plain", **EVENTUAL).status == 400


def test_sorting_works_alone_and_with_a_filter_only_as_an_advanced_query(graph: InProcess) -> None:
    url = "/v1.0/users?$select=id&$orderby=displayName%20desc&$top=2"

    assert graph.get(url).ids == [guid(30), guid(29)]
    assert graph.get(f"{url}&$filter=userType%20eq%20'Guest'").status == 400
    assert graph.get(f"{url}&$count=true&$filter=userType%20eq%20'Guest'", **EVENTUAL).ids == [guid(30), guid(25)]
    assert graph.get("/v1.0/users?$orderby=shoeSize").status == 400
    assert graph.get("/v1.0/users?$orderby=displayName%20sideways").status == 400


def test_expansion_and_advanced_queries_exclude_each_other(graph: InProcess) -> None:
    assert graph.get("/v1.0/groups?$expand=members&$count=true", **EVENTUAL).status == 400
    assert graph.get("/v1.0/groups?$expand=members,owners").status == 400


def test_a_cast_with_options_is_an_advanced_query(graph: InProcess) -> None:
    url = f"/v1.0/groups/{guid(5001)}/members/microsoft.graph.user?$select=id&$filter=accountEnabled%20eq%20true"

    assert graph.get(url).status == 400
    assert len(graph.get(f"{url}&$count=true", **EVENTUAL).ids) == 12


def test_reports_filter_by_their_documented_properties_only(graph: InProcess) -> None:
    path = "/v1.0/reports/authenticationMethods/userRegistrationDetails"

    assert graph.get(f"{path}?$filter=isAdmin%20eq%20true").ids == []
    assert len(graph.get(f"{path}?$filter=methodsRegistered/any(m:m%20eq%20'mobilePhone')").ids) == 30
    assert graph.get(f"{path}?$filter=userDisplayName%20eq%20'x'").status == 400


def test_sign_in_activity_is_filtered_alone(graph: InProcess) -> None:
    alone = "signInActivity/lastSignInDateTime le 2026-02-15T00:00:00Z"

    assert ask(graph, alone) == [guid(1)]
    assert graph.get(f"/v1.0/users?$filter={quote(alone + ' and accountEnabled eq true')}").status == 400


def test_a_filtered_list_stays_the_same_while_it_is_paged(graph: InProcess) -> None:
    url = "/v1.0/users?$select=id&$top=3&$filter=userType%20eq%20'Guest'"
    first = graph.get(url)
    graph.server.tenants[0].collections["users"][4]["userType"] = "Member"

    second = graph.get(first.body["@odata.nextLink"])

    assert first.ids + second.ids == [guid(n) for n in (5, 10, 15, 20, 25, 30)]
