"""The SQL of a check: the author says what failing means, this module gives the verdict.

The author never writes a verdict, so no author can turn "unknown" into a pass by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping

from posture.definitions.compiled import CompiledCheck
from posture.definitions.loaded import LoadedCheck
from posture.definitions.parameters import ParameterRefused, parameter_values
from posture.domain.check import ParameterValue, SeverityRule
from posture.errors import SettingsError

# The line breaks matter: the author's SQL may end in a comment.
_JUDGEMENT = """with resources as (
{rows}
),
judged as (
select
  *,
  (
{applies_when}
  ) as _applies,
  (
{fail_when}
  ) as _fails,
  {severity} as _severity
from resources
)
select
  * exclude (_applies, _fails),
  case
    when not _applies then 'not_applicable'
    when not _fails then 'pass'
    when _applies and _fails then 'fail'
    else 'unknown'
  end as _verdict
from judged
"""
_SEVERITY = """case when (
{condition}
  ) then 'critical' else '{default}' end"""


def judgement_sql(*, rows: str, applies_when: str, fail_when: str, severity: SeverityRule) -> str:
    """Return the SELECT that judges the rows; things that the check is not about stay in it as not applicable."""
    default = severity.default.value
    word = f"'{default}'"
    if severity.critical_when is not None:
        # An unknown condition is not TRUE, so the severity stays at its default.
        word = _SEVERITY.format(condition=severity.critical_when, default=default)
    return _JUDGEMENT.format(rows=rows, applies_when=applies_when, fail_when=fail_when, severity=word)


def compile_check(loaded: LoadedCheck, overrides: Mapping[str, object]) -> CompiledCheck:
    """Return the check with the parameter values that a tenant's settings give it.

    Raises:
        SettingsError: the settings name a parameter that is not there, or give a value that does not fit.
    """
    try:
        values = parameter_values(loaded.check, overrides)
    except ParameterRefused as refused:
        raise SettingsError(f"{str(refused).rstrip('.')}.") from refused
    return compile_with(loaded, values)


def compile_with(loaded: LoadedCheck, values: Mapping[str, ParameterValue]) -> CompiledCheck:
    """Return the check with parameter values that are known to fit. Only those that its SQL uses are kept."""
    return CompiledCheck(
        check=loaded.check,
        sql=loaded.sql,
        parameters={name: value for name, value in values.items() if name in loaded.parameters_used},
        reads=loaded.reads,
        message_fail=loaded.message_fail,
        message_unknown=loaded.message_unknown,
    )
