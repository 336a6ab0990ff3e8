"""Reading through the real adapter: several tables, kinds of source, resuming, and stopping early."""

from __future__ import annotations

import dataclasses
import gc
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator

import msgspec
import psutil
import pytest

from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, ResumePoint
from posture.domain.tenant import Cloud, Licence
from posture.graph.credentials import Connection
from posture.graph.reader import Part, TenantReader
from posture.graph.throttle import PUBLISHED, Pace, faster
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.server import SimulatorServer
from posture.tables.table import ALL_CLOUDS, Column, SourceKind, ThrottleClass, WantedTable

from .conftest import PATIENT, USERS, connection_to, facts, group_id, source_of, user_id, users_table, wanted_table

MEMBERS = wanted_table("group_members", source_of("groups", kind=SourceKind.GROUP_MEMBERS))


def read(reader: TenantReader, *wanted: WantedTable, resume: dict[str, ResumePoint] | None = None) -> list[Part]:
    return list(reader.read_tables(wanted, facts=facts(), resume=resume or {}))


def outcomes(parts: list[Part]) -> dict[str, TableOutcome]:
    found = [part for part in parts if isinstance(part, TableOutcome)]
    assert len({outcome.table for outcome in found}) == len(found)
    return {outcome.table: outcome for outcome in found}


def items(parts: list[Part], table: str) -> list[dict[str, object]]:
    pages = [part for part in parts if isinstance(part, Page) and part.table == table]
    return [msgspec.json.decode(line) for page in pages for line in page.items.splitlines()]


@pytest.fixture
def groups(simulator: SimulatorServer) -> Iterator[dict[str, list[str]]]:
    """The members of each group, to be changed by a test."""
    (tenant,) = simulator.tenants
    yield tenant.relations
    tenant.relations.clear()


def set_members(groups: dict[str, list[str]], group: int, *members: str) -> None:
    groups[f"groups/{group_id(group)}/members"] = list(members)


def test_only_wanted_properties_are_asked_for(reader: TenantReader, simulator: SimulatorServer) -> None:
    table = users_table()
    columns = (
        Column(name="sku", type="VARCHAR", field="assignedLicenses.skuId", doc="made up"),
        Column(name="state", type="VARCHAR", field="assignedLicenses.state", doc="made up"),
        Column(name="kind", type="VARCHAR", field="@odata.type", doc="made up"),
        Column(name="never", type="VARCHAR", field="jobTitle", doc="made up"),
    )
    whole = dataclasses.replace(table.table, columns=(*table.table.columns, *columns))
    read(reader, WantedTable(table=whole, columns=columns[:3]))
    (query,) = {record.query.partition("&$skiptoken")[0] for record in simulator.requests if record.route == "users"}
    assert query == "$select=id,assignedLicenses&$top=10"


def test_a_source_that_cannot_select_is_asked_without(reader: TenantReader, simulator: SimulatorServer) -> None:
    read(reader, users_table(selectable=False, page_size=None))
    assert [record.query for record in simulator.requests if record.route == "users"] == [""]


def test_headers_are_sent_with_every_page(reader: TenantReader) -> None:
    source = source_of("users?$count=true&$filter=displayName ne 'x'", headers={"ConsistencyLevel": "eventual"})
    outcome = outcomes(read(reader, wanted_table("users", source)))["users"]
    assert outcome.reason is None
    assert outcome.rows == USERS


def test_tables_are_read_side_by_side_and_each_ends_once(reader: TenantReader) -> None:
    wanted = [
        users_table(),
        wanted_table("groups", source_of("groups")),
        wanted_table(
            "authorization",
            source_of(
                "policies/authorizationPolicy",
                kind=SourceKind.SINGLETON,
                page_size=None,
                permissions=("Policy.Read.All",),
            ),
            "allowInvitesFrom",
        ),
    ]
    parts = read(reader, *wanted)
    assert {name: end.outcome for name, end in outcomes(parts).items()} == dict.fromkeys(
        ("users", "groups", "authorization"), Outcome.COMPLETE
    )
    assert items(parts, "authorization")[0]["allowInvitesFrom"] == "everyone"


def test_trouble_of_one_table_leaves_the_others_alone(reader: TenantReader, simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.SERVER_ERROR, path="/groups", times=None))
    ends = outcomes(read(reader, users_table(), wanted_table("groups", source_of("groups"))))
    assert ends["groups"].outcome is Outcome.FAILED
    assert ends["users"].outcome is Outcome.COMPLETE


def test_a_missing_permission_is_an_outcome(reader: TenantReader) -> None:
    table = wanted_table(
        "risky", source_of("identityProtection/riskDetections", permissions=("IdentityRiskEvent.Read.All",))
    )
    end = outcomes(read(reader, table))["risky"]
    assert end.outcome is Outcome.FORBIDDEN
    assert end.missing == "IdentityRiskEvent.Read.All"
    assert end.rows == 0


def test_what_the_tenant_has_not_paid_for_costs_no_request(reader: TenantReader, simulator: SimulatorServer) -> None:
    source = source_of("identityProtection/riskyUsers", licence=Licence.P2)
    parts = list(reader.read_tables([wanted_table("risky", source)], facts=facts(licences=frozenset()), resume={}))
    assert outcomes(parts)["risky"].outcome is Outcome.NOT_LICENSED
    assert outcomes(parts)["risky"].requests == 0
    assert not [record for record in simulator.requests if record.route != "token"]


def test_what_the_cloud_lacks_costs_no_request(
    connect: Callable[..., Connection], simulator: SimulatorServer
) -> None:
    source = source_of("users", clouds=ALL_CLOUDS - {Cloud.CUSTOM})
    end = outcomes(read(TenantReader(connect()), wanted_table("users", source)))["users"]
    assert end.outcome is Outcome.NOT_IN_THIS_CLOUD
    assert simulator.requests == []


def test_parts_that_are_not_in_this_tenant_contribute_nothing(reader: TenantReader) -> None:
    source = source_of("users/{}/memberOf", for_each=(user_id(1), user_id(777), user_id(2)), selectable=False)
    end = outcomes(read(reader, wanted_table("memberships", source)))["memberships"]
    assert end.reason is None
    assert end.outcome is Outcome.COMPLETE
    assert end.requests == 3


def test_an_object_that_vanishes_between_its_pages_leaves_half_a_table(
    reader: TenantReader, simulator: SimulatorServer
) -> None:
    source = source_of("users/{}/memberOf", for_each=(user_id(1), user_id(2)), selectable=False)
    vanished = f"{simulator.url}/v1.0/users/{user_id(777)}/memberOf?$top=10"
    point = ResumePoint(link=vanished, part=0, rows=10, requests=1)
    end = outcomes(read(reader, wanted_table("memberships", source), resume={"memberships": point}))["memberships"]
    assert end.outcome is Outcome.PARTIAL
    assert end.rows == 10


def test_members_of_role_groups_are_read_in_bulk_through_nesting_and_cycles(
    reader: TenantReader, groups: dict[str, list[str]], simulator: SimulatorServer
) -> None:
    set_members(groups, 0, user_id(1), user_id(2), group_id(4))
    set_members(groups, 4, user_id(3), group_id(5))
    set_members(groups, 5, group_id(0), user_id(1))
    set_members(groups, 3, user_id(9))
    parts = read(reader, MEMBERS)
    found = {(item["groupId"], item["id"], item["@odata.type"]) for item in items(parts, "group_members")}
    user, group = "#microsoft.graph.user", "#microsoft.graph.group"
    assert found == {
        (group_id(0), user_id(1), user),
        (group_id(0), user_id(2), user),
        (group_id(0), group_id(4), group),
        (group_id(4), user_id(3), user),
        (group_id(4), group_id(5), group),
        (group_id(5), group_id(0), group),
        (group_id(5), user_id(1), user),
    }
    end = outcomes(parts)["group_members"]
    assert end.rows == len(found)
    assert end.requests == len([r for r in simulator.requests if r.route in ("groups", "groups-delta")])


def test_half_a_round_of_group_members_is_not_a_table(
    reader: TenantReader, groups: dict[str, list[str]], simulator: SimulatorServer
) -> None:
    set_members(groups, 0, user_id(1), group_id(4))
    simulator.faults.add(Fault(kind=FaultKind.SERVER_ERROR, path="/groups/delta", after=1, times=None))
    parts = read(reader, MEMBERS)
    assert outcomes(parts)["group_members"].outcome is Outcome.FAILED
    assert items(parts, "group_members") == []


def test_reading_goes_on_where_another_process_stopped(reader: TenantReader, simulator: SimulatorServer) -> None:
    stream = reader.read_tables([users_table()], facts=facts(), resume={})
    first = next(stream)
    assert isinstance(first, Page)
    stream.close()
    simulator.requests.clear()
    parts = read(reader, users_table(), resume={"users": first.resume})
    assert len(items(parts, "users")) == USERS - 10
    assert outcomes(parts)["users"].rows == USERS
    assert outcomes(parts)["users"].requests == 3
    assert len([record for record in simulator.requests if record.route == "users"]) == 2


def test_after_its_last_page_nothing_is_read_again(reader: TenantReader, simulator: SimulatorServer) -> None:
    pages = [part for part in read(reader, users_table(), MEMBERS) if isinstance(part, Page)]
    last = {page.table: page.resume for page in pages}
    simulator.requests.clear()
    ends = outcomes(read(reader, users_table(), MEMBERS, resume=last))
    assert {end.outcome for end in ends.values()} == {Outcome.COMPLETE}
    assert ends["users"].rows == USERS
    assert [record for record in simulator.requests if record.route != "token"] == []


def test_a_resume_link_to_another_host_is_not_followed(reader: TenantReader, simulator: SimulatorServer) -> None:
    point = ResumePoint(link="https://evil.example/v1.0/users", part=0, rows=10, requests=1)
    end = outcomes(read(reader, users_table(), resume={"users": point}))["users"]
    assert end.outcome is Outcome.PARTIAL
    assert simulator.requests == []


def test_closing_early_leaves_no_thread_and_no_open_connection(reader: TenantReader) -> None:
    before = threading.active_count()
    stream = reader.read_tables([users_table(), MEMBERS], facts=facts(), resume={})
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    gc.collect()  # an open connection would warn here, and warnings are errors
    assert threading.active_count() == before


def _ports_to(simulator: SimulatorServer) -> set[int]:
    """The local ends of this process's connections to the simulator."""
    port = int(simulator.url.rpartition(":")[2])
    found = psutil.Process().net_connections(kind="tcp")
    return {end.laddr.port for end in found if end.raddr and end.raddr.port == port and end.status == "ESTABLISHED"}


def test_kept_open_many_small_calls_share_a_connection(reader: TenantReader, simulator: SimulatorServer) -> None:
    with reader.kept_open():
        reader.identify()
        first = _ports_to(simulator)
        for _ in range(3):
            assert outcomes(read(reader, users_table()))["users"].outcome is Outcome.COMPLETE
        assert _ports_to(simulator) == first
        assert len(first) == 1

    gc.collect()
    assert _ports_to(simulator) == set()
    assert outcomes(read(reader, users_table()))["users"].outcome is Outcome.COMPLETE


def test_kept_open_an_iterator_that_was_left_early_does_not_disturb_the_next(reader: TenantReader) -> None:
    with reader.kept_open():
        parts = reader.read_tables([users_table(page_size=1)], facts=facts(), resume={})
        next(parts)
        parts.close()  # type: ignore[attr-defined]

        assert outcomes(read(reader, users_table()))["users"].rows == USERS


def test_kept_open_a_broken_connection_is_replaced(reader: TenantReader, simulator: SimulatorServer) -> None:
    with reader.kept_open():
        read(reader, users_table())
        simulator.faults.add(Fault(kind=FaultKind.CONNECTION_RESET, path="/users"))

        assert outcomes(read(reader, users_table()))["users"].outcome is Outcome.COMPLETE


def test_an_exception_of_the_caller_ends_the_reading(reader: TenantReader, simulator: SimulatorServer) -> None:
    def consume() -> None:
        for _ in reader.read_tables([users_table()], facts=facts(), resume={}):
            raise LookupError("the caller's own")

    with pytest.raises(LookupError):
        consume()
    gc.collect()
    assert len([record for record in simulator.requests if record.route == "users"]) < 3


def test_nothing_is_read_ahead_while_the_caller_is_busy(reader: TenantReader, simulator: SimulatorServer) -> None:
    stream = reader.read_tables([users_table(page_size=1)], facts=facts(), resume={})
    next(stream)
    asked = len([record for record in simulator.requests if record.route == "users"])
    assert asked <= 10
    stream.close()  # type: ignore[attr-defined]


def test_an_interrupt_stops_at_once(simulator: SimulatorServer) -> None:
    simulator.faults.add(Fault(kind=FaultKind.SLOW, path="/users", seconds=30))
    code = textwrap.dedent(f"""
        import dataclasses, os, pathlib, signal, sys, threading, time
        sys.path.insert(0, "tests/graph")
        import conftest
        from posture.domain.tenant import Cloud
        from posture.graph.credentials import ClientSecret, Connection
        from posture.graph.reader import TenantReader
        root = {simulator.url!r}
        connection = Connection(
            tenant_id=conftest.TENANT_ID, cloud=Cloud.CUSTOM, graph_root=root, login_root=root,
            client_id=conftest.CLIENT_ID, credential=ClientSecret(value=conftest.SECRET),
            ca_bundle=pathlib.Path({str(simulator.ca_bundle)!r}), proxy=None,
        )
        # Whoever runs the tests in the background lets them ignore it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            list(TenantReader(connection).read_tables([conftest.users_table()], facts=conftest.facts(), resume={{}}))
        except KeyboardInterrupt:
            print("interrupted", threading.active_count())
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=25, check=False)
    assert done.stderr == ""
    assert done.stdout.split()[:1] == ["interrupted"]
    assert done.returncode != -signal.SIGINT


def test_the_first_page_tells_whether_each_table_can_be_read(
    reader: TenantReader, simulator: SimulatorServer
) -> None:
    wanted = [
        users_table(),
        MEMBERS,
        wanted_table(
            "risk", source_of("identityProtection/riskDetections", permissions=("IdentityRiskEvent.Read.All",))
        ),
    ]
    ends = {end.table: end for end in reader.first_pages(wanted, facts=facts())}
    assert {name: end.outcome for name, end in ends.items()} == {
        "users": Outcome.COMPLETE,
        "group_members": Outcome.COMPLETE,
        "risk": Outcome.FORBIDDEN,
    }
    assert all("$top=1" in record.query for record in simulator.requests if record.route in ("users", "groups"))
    assert [end.requests for end in ends.values()] == [1, 1, 1]


def test_at_the_published_pace_no_request_is_throttled(strict_simulator: SimulatorServer) -> None:
    risk = source_of(
        "identityProtection/riskyUsers",
        throttle_class=ThrottleClass.IDENTITY_PROTECTION,
        permissions=("IdentityRiskyUser.Read.All",),
    )
    reports = source_of(
        "reports/authenticationMethods/userRegistrationDetails",
        throttle_class=ThrottleClass.REPORTS,
        selectable=False,
    )
    wanted = [wanted_table(f"risk{n}", risk) for n in range(3)] + [
        wanted_table(f"report{n}", reports) for n in range(4)
    ]
    ends = outcomes(read(TenantReader(connection_to(strict_simulator), pace=PUBLISHED, budget=PATIENT), *wanted))
    assert {end.outcome for end in ends.values()} == {Outcome.COMPLETE}
    assert not [record for record in strict_simulator.requests if record.throttled]


def test_a_class_that_never_says_how_long_is_backed_off_from(strict_simulator: SimulatorServer) -> None:
    pace: Pace = faster(PUBLISHED, factor=100)
    source = source_of(
        "identityProtection/riskyUsers",
        throttle_class=ThrottleClass.IDENTITY_PROTECTION,
        permissions=("IdentityRiskyUser.Read.All",),
    )
    budget = dataclasses.replace(PATIENT, first_pause_seconds=0.5, longest_pause_seconds=2)
    ends = outcomes(
        read(
            TenantReader(connection_to(strict_simulator), pace=pace, budget=budget),
            *(wanted_table(f"t{n}", source) for n in range(3)),
        )
    )
    assert {end.outcome for end in ends.values()} == {Outcome.COMPLETE}
    assert [record for record in strict_simulator.requests if record.throttled]
