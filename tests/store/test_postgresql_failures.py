"""PostgreSQL that cannot go on: one sentence, without the password."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from posture.errors import StoreError
from posture.store.database import Store, prepare_store
from tests.domain.builders import TENANT, a_finding
from tests.store.postgresql import Cluster, free_port

SHORT = timedelta(milliseconds=200)


def _save(store: Store) -> None:
    with store.open_unit(TENANT) as unit:
        unit.findings.save([a_finding()])


def _refusal(url: str) -> str:
    with pytest.raises(StoreError) as refusal:
        prepare_store(url, patience=SHORT)
    return str(refusal.value)


def test_a_server_that_is_down_is_told_without_the_password() -> None:
    said = _refusal(f"postgresql://posture:s3cret@127.0.0.1:{free_port()}/posture")

    assert said.startswith("the database posture on 127.0.0.1 does not answer: start the server")
    assert "s3cret" not in said


def test_a_wrong_password_is_told_without_it(cluster: Cluster) -> None:
    said = _refusal(cluster.url(cluster.new_database(), role="guarded", password="s3cret"))

    assert "refuses this user or password: correct store.url" in said
    assert "s3cret" not in said


def test_a_missing_password_is_told(cluster: Cluster) -> None:
    assert "refuses this user or password" in _refusal(cluster.url(cluster.new_database(), role="guarded"))


def test_a_database_that_does_not_exist_is_told(cluster: Cluster) -> None:
    assert "the database nowhere on 127.0.0.1 does not exist: create it" in _refusal(cluster.url("nowhere"))


def test_a_user_without_rights_is_told_which_it_needs(cluster: Cluster) -> None:
    name = cluster.new_database()

    said = _refusal(cluster.url(name, role="guarded", password="the-right-one"))

    assert "refuses this user: grant it CREATE and USAGE" in said


def test_a_read_only_server_is_told(cluster: Cluster) -> None:
    name = cluster.new_database()
    cluster.run(f"alter database {name} set default_transaction_read_only = on")

    assert "is read-only: connect to the primary server" in _refusal(cluster.url(name))


def test_two_units_for_one_tenant_exclude_each_other_and_the_second_says_so(cluster: Cluster) -> None:
    url = cluster.url(cluster.new_database())
    with (
        closing(prepare_store(url, patience=SHORT)) as holder,
        closing(prepare_store(url, patience=SHORT)) as other,
        holder.open_unit(TENANT),
        pytest.raises(StoreError, match="is locked by another process: wait"),
    ):
        _save(other)


def test_units_for_different_tenants_do_not_wait_for_each_other(cluster: Cluster) -> None:
    url = cluster.url(cluster.new_database())
    with (
        closing(prepare_store(url, patience=SHORT)) as holder,
        closing(prepare_store(url, patience=SHORT)) as other,
    ):
        with holder.open_unit("another tenant"):
            _save(other)

        with other.open_unit(TENANT) as unit:
            assert len(unit.findings.by_fingerprint([a_finding().fingerprint])) == 1


def test_a_connection_lost_in_the_middle_is_told_and_the_next_unit_works(cluster: Cluster) -> None:
    name = cluster.new_database()
    kill = (
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    with closing(prepare_store(cluster.url(name), patience=SHORT)) as store:
        with pytest.raises(StoreError, match="start the server, then try again"):
            _save_after(store, lambda: cluster.run(kill, database=name))

        _save(store)


def _save_after(store: Store, happening: Callable[[], None]) -> None:
    with store.open_unit(TENANT) as unit:
        happening()
        unit.findings.save([a_finding()])
