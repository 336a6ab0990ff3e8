"""Verdicts: what a check says about one resource.

Entra often does not answer: a permission is missing, a report lags, a licence hides a
value. "Unknown" is therefore a verdict of its own, and nothing in this module can turn
it into a pass.
"""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


def judge(applies: bool | None, fails: bool | None) -> Verdict | None:
    """Return the verdict for one resource, or None if the check is not about it.

    Both answers are three-valued; None means that the data does not say. They combine
    as in SQL (Kleene logic), so a certain "does not fail" passes even where it is
    unknown whether the check applies.

    Source: the same rule is compiled to SQL in definitions/check_sql.py; the test
    test_python_and_sql_judge_alike holds the two together.
    """
    if applies is False:
        return None
    if fails is False:
        return Verdict.PASS
    if applies is None or fails is None:
        return Verdict.UNKNOWN
    return Verdict.FAIL
