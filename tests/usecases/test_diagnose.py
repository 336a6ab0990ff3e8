"""The doctor's findings: what stands in the way of a scan, found out without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from posture.domain.check import CheckId
from posture.domain.judgement import SkipKind
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.reading import Page, Restart, ResumePoint
from posture.domain.tenant import TenantFacts
from posture.errors import GraphError, TenantUnreachable, TokenRefused
from posture.tables.table import WantedTable
from posture.usecases.diagnose import Diagnosis, diagnose_tenant
from tests.usecases.builders import TENANT_ID, a_check, a_compiled_check, a_table, an_outcome

FACTS = TenantFacts(
    tenant_id=TENANT_ID, display_name="Contoso", licences=None, granted=frozenset({"User.Read.All"}), clock_skew=None
)


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A Graph that answers first pages with these outcomes, or not at all."""

    outcomes: tuple[TableOutcome, ...] = ()
    refuses: GraphError | None = None
    breaks_off: GraphError | None = None

    def identify(self) -> TenantFacts:
        if self.refuses is not None:
            raise self.refuses
        return FACTS

    def first_pages(self, wanted: Sequence[WantedTable], *, facts: TenantFacts) -> Iterator[TableOutcome]:
        yield from self.outcomes
        if self.breaks_off is not None:
            raise self.breaks_off

    def read_tables(
        self, wanted: Sequence[WantedTable], *, facts: TenantFacts, resume: Mapping[str, ResumePoint]
    ) -> Iterator[Page | Restart | TableOutcome]:
        raise AssertionError("a diagnosis reads no table")


def diagnosed(directory: Directory, *, reads_before: bool = False) -> Diagnosis:
    check = a_compiled_check(
        check=a_check("disabled-users"), previous=frozenset({"users"}) if reads_before else frozenset()
    )
    wanted = [WantedTable(table=a_table("users"), columns=())]
    return diagnose_tenant([check], wanted, graph=directory)


def test_a_tenant_whose_tables_all_answer_is_ready() -> None:
    diagnosis = diagnosed(Directory(outcomes=(an_outcome("users"),)))

    assert diagnosis.is_ready
    assert diagnosis.facts == FACTS
    assert diagnosis.refused is None


def test_a_check_that_reads_the_snapshot_before_needs_no_snapshot_yet() -> None:
    assert diagnosed(Directory(outcomes=(an_outcome("users"),)), reads_before=True).is_ready


def test_a_forbidden_table_skips_the_checks_that_read_it() -> None:
    forbidden = an_outcome("users", Outcome.FORBIDDEN, reason="User.Read.All is missing", missing="User.Read.All")

    diagnosis = diagnosed(Directory(outcomes=(forbidden,)))

    assert not diagnosis.is_ready
    assert diagnosis.skips[CheckId("disabled-users")].kind is SkipKind.PERMISSION_MISSING


def test_without_a_token_nothing_else_is_claimed() -> None:
    diagnosis = diagnosed(Directory(refuses=TokenRefused("The secret is wrong", code="7000215")))

    assert diagnosis == Diagnosis(refused="The secret is wrong", facts=None, outcomes=(), skips={})
    assert not diagnosis.is_ready


def test_a_connection_lost_on_the_way_is_told_and_half_an_answer_is_not() -> None:
    lost = Directory(outcomes=(an_outcome("users"),), breaks_off=TenantUnreachable("no answer"))

    assert diagnosed(lost) == Diagnosis(refused="no answer", facts=None, outcomes=(), skips={})
