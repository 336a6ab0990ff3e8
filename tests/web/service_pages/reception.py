"""Two tenants with something of everything on record, and browsers that look at it."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

from posture.domain.action import ActionId
from posture.domain.job import Job, begun
from posture.domain.operator import Role
from posture.domain.plan import Plan, PlanState, TargetState, ended_target, moved
from tests.domain.plans import a_plan, a_target, a_yes
from tests.web.api.recorded import CHECK, DAY, HOUR, SETTINGS, RecordedOffice
from tests.web.office import CONTOSO, Client, Office

NOTE = "agreed with the person by phone"


class Reception(RecordedOffice):
    """The pages over everything on record, and more plans if a test needs them."""

    def __init__(self, directory: Path, *, like: RecordedOffice | None = None) -> None:
        """``like``: the database in the directory is a copy of that one's, and nothing is recorded anew."""
        if like is None:
            super().__init__(directory)
            return
        Office.__init__(self, directory, settings=SETTINGS)
        self.now, self.of, self.delivery = like.now, like.of, like.delivery

    def admin(self, **more: Any) -> Client:
        """Return a browser of an administrator who signed in just now."""
        return self.signed_in(Role.ADMIN, **more)

    def plan_in_contoso(self, **changes: Any) -> Plan:
        """Record a plan of contoso for the first finding; name only what the test is about."""
        found = self.of["contoso"].finding
        target = a_target(resource=found.resource, check=CHECK, fingerprint=found.fingerprint)
        action = ActionId(changes.get("action", "revoke-sessions"))
        fields = {
            "id": uuid.uuid4().hex,
            "tenant_id": CONTOSO,
            "action": action,
            "action_version": self.application.catalog.action(action).action.version,
            "targets": (target,),
            "proposed_at": self.now - 2 * HOUR,
            "expires_at": self.now + 7 * DAY,
        }
        return self.recorded(a_plan(**(fields | changes)))

    def recorded(self, plan: Plan) -> Plan:
        """Put a plan on record."""
        with self.application.store.open_acting_unit() as unit:
            unit.add_plan(plan)
        return plan

    def approved(self, plan: Plan) -> Plan:
        """Put a plan on record as approved, without anybody having asked a worker."""
        yes = a_yes("linus", plan, at=self.now - HOUR)
        return self._moved(plan, replace(plan, approvals=(yes,), state=PlanState.APPROVED))

    def executing(self, plan: Plan, *, ended: int = 0) -> Plan:
        """Put an approved plan on record as one that is carried out; the first targets have ended."""
        after = self._moved(plan, moved(plan, PlanState.EXECUTING, at=self.now - timedelta(minutes=1)))
        return self.goes_on(after, ended=ended)

    def goes_on(self, plan: Plan, *, ended: int) -> Plan:
        """Let the first targets of a plan end."""
        targets = tuple(
            ended_target(target, TargetState.DONE, at=self.now)
            if target.number <= ended and target.state is TargetState.WAITING
            else target
            for target in plan.targets
        )
        with self.application.store.open_acting_unit() as unit:
            for target in targets:
                if target not in plan.targets:
                    unit.save_target(plan.id, target)
        return replace(plan, targets=targets)

    def ended(self, plan: Plan, state: PlanState = PlanState.DONE) -> Plan:
        """Put a plan that is carried out on record as ended."""
        return self._moved(plan, moved(plan, state, at=self.now))

    def begin(self, job: Job) -> Job:
        """Let a worker begin a job and tell how far it is."""
        going = begun(job, worker="a worker", now=self.now)
        with self.application.store.open_work() as book:
            book.save(going, was=job)
            book.report(job.id, "2 of 11 tables are read", worker="a worker")
        return going

    def _moved(self, was: Plan, after: Plan) -> Plan:
        with self.application.store.open_acting_unit() as unit:
            assert unit.save_plan(after, was=was.state)
        return after


class _Texts(HTMLParser):
    """Collects what a reader sees, elements that run something, and the links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.addresses: list[str] = []
        self.hidden: dict[str, str] = {}
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        for name in ("href", "action", "formaction"):
            if given.get(name):
                self.addresses.append(str(given[name]))
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[str(given.get("name"))] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(response: httpx.Response) -> _Texts:
    """Return what a page holds."""
    page = _Texts()
    page.feed(response.text)
    return page


def text_of(response: httpx.Response) -> str:
    """Return what a reader of a page sees, on one line."""
    return " ".join(" ".join(read(response).text).split())


def rows_of(client: Client, address: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file, after making sure that the JSON file has as many."""
    as_csv, as_json = client.get(f"{address}.csv"), client.get(f"{address}.json")
    assert (as_csv.status_code, as_json.status_code) == (200, 200), (as_csv.text, as_json.text)
    rows = list(csv.DictReader(io.StringIO(as_csv.text, newline="")))
    assert len(json.loads(as_json.text)) == len(rows)
    return rows
