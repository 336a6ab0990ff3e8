"""The coverage probe: whatever else is empty, a check gives one row for every resource of its type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from posture.definitions.case_tables import Rows
from posture.definitions.dictionary import Dictionary
from posture.definitions.inline_tests import Case
from posture.domain.judgement import Value
from posture.errors import CheckBroken
from posture.usecases.null_probe import Violation
from posture.usecases.trial import Trial


def probe_coverage(case: Case, trial: Trial, dictionary: Dictionary) -> Iterator[Violation]:
    """Yield every table whose emptiness makes the check lose or double a resource.

    Checks with identity columns judge finer things, of which a resource may have none; they are not probed.
    """
    check = trial.loaded.check
    resource = dictionary.resource_type(check.resource)
    if check.identity or resource is None or resource.table not in case.rows:
        return
    id_column = dictionary.id_column(resource.table)
    wanted = Counter(str(row.get(id_column)) for row in case.rows[resource.table])
    for emptied in (None, *(table for table, rows in case.rows.items() if rows and table != resource.table)):
        sentence = _difference(case, trial, wanted, emptied)
        if sentence is not None:
            yield Violation(case=case.name, sentence=sentence)


def _difference(case: Case, trial: Trial, wanted: Counter[str], emptied: str | None) -> str | None:
    rows: Rows = case.rows if emptied is None else {**case.rows, emptied: ()}
    when = "with the rows of the case" if emptied is None else f"when {emptied} is empty"
    try:
        found = Counter(_text(answer.resource_id) for answer in trial.answers(case, rows))
    except CheckBroken as broken:
        return f"{when} the check breaks: {broken}"
    lost, added = wanted - found, found - wanted
    if lost:
        return f"{when} the check loses {', '.join(sorted(lost))}: join other tables with LEFT JOIN"
    if added:
        return f"{when} the check returns {', '.join(sorted(added))} too often: judge each resource once"
    return None


def _text(value: Value) -> str:
    return str(value)
