"""The setting store.url: what is refused, and that its password is never repeated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from posture.errors import StoreError
from posture.store.database import prepare_store


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "store.url cannot be read"),
        ("posture.db", "store.url cannot be read"),
        ("postgresql://posture:s3cret@host:port/posture", "store.url cannot be read"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///posture.db?mode=memory&uri=true", "has options"),
        ("sqlite://s3cret/posture.db", "names no file"),
        ("mysql://posture:s3cret@localhost/posture", "'mysql', which is not supported"),
        ("sqlite+aiosqlite:///posture.db", "'sqlite+aiosqlite', which is not supported"),
        ("postgresql://posture:s3cret@localhost", "names no database"),
        ("postgresql+asyncpg://posture:s3cret@localhost/posture", "another driver than psycopg"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_the_forms_that_can(url: str, said: str) -> None:
    with pytest.raises(StoreError) as refusal:
        prepare_store(url)

    assert said in str(refusal.value)
    assert "write store.url as sqlite:///" in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


def test_a_missing_driver_is_told_with_what_to_install() -> None:
    program = """
import sys
sys.modules["psycopg"] = None
from posture.store.database import prepare_store
prepare_store("postgresql://posture:s3cret@localhost/posture")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True
    )

    last = ended.stderr.splitlines()[-1]
    assert last.endswith("PostgreSQL needs the package psycopg: pip install 'psycopg[binary]'")
    assert "s3cret" not in last
