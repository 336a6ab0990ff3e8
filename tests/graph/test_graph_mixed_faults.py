"""Faults mixed by a seeded schedule: a table is the whole truth, or it does not call itself complete."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart
from posture.graph.credentials import Connection
from posture.graph.reader import TenantReader
from posture.graph.throttle import Pace
from posture.simulator.faults import Fault, FaultKind
from posture.simulator.server import SimulatorServer

from .conftest import PATIENT, USERS, facts, user_id, users_table

KINDS = [kind for kind in FaultKind if kind not in (FaultKind.CLOCK_SKEW, FaultKind.NOT_IN_THIS_CLOUD)]
EXPECTED = {user_id(number) for number in range(USERS)}


@pytest.mark.parametrize("seed", range(30))
def test_a_complete_table_is_the_whole_truth(
    connect: Callable[..., Connection], fast_pace: Pace, simulator: SimulatorServer, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    for kind in chance.sample(KINDS, 4):
        fault = Fault(
            kind=kind, path="/users", times=chance.choice([1, 2, 9]), probability=0.4, seed=seed, seconds=0.05
        )
        simulator.faults.add(fault)
    ids: set[str] = set()
    outcome = None
    reader = TenantReader(connect(), pace=fast_pace, budget=PATIENT)
    for part in reader.read_tables([users_table(page_size=4)], facts=facts(), resume={}):
        if isinstance(part, Restart):
            ids.clear()
        elif isinstance(part, Page):
            ids |= {msgspec.json.decode(line)["id"] for line in part.items.splitlines()}
        else:
            assert outcome is None
            outcome = part
    assert isinstance(outcome, TableOutcome)
    assert ids <= EXPECTED
    assert (outcome.outcome is Outcome.COMPLETE) <= (ids == EXPECTED)
    assert (outcome.reason is None) == (outcome.outcome is Outcome.COMPLETE)
    assert outcome.outcome in (Outcome.COMPLETE, Outcome.PARTIAL, Outcome.FAILED)
