"""Every exception that posture raises on purpose.

PostureError
├─ DefinitionError      a check or action file is wrong: file, line, column      → fix the file; exit 2
├─ DefinitionErrors     several of them, so that one look shows all                → fix the files; exit 2
├─ SettingsError        a setting is missing, unknown or contradicts another       → fix the settings; exit 2
├─ UsageError           the command was asked for something that is not there      → ask again; exit 2
│  └─ NotThere          no such thing, or one of a tenant that is not theirs       → ask again; exit 2
├─ GraphError
│  ├─ TokenRefused      no access token: AADSTS code, in words                     → run aborted; exit 4
│  └─ TenantUnreachable no answer at all: host and why                             → run aborted; exit 4
├─ QueryRefused         an ad-hoc query is wrong or not allowed                    → fix the query; exit 2
├─ CheckBroken          SQL failed, or rows lost or doubled a resource: check id   → check outcome "broken"
├─ ActionBroken         SQL of an action failed on live data: which, why           → target refused or failed
├─ LiveDataUnfit        Graph's answer does not fit its table                      → target refused
├─ SnapshotError        the data directory cannot be written or read: path, why    → make room; exit 4
├─ ScanInProgress       another process scans this tenant                          → wait; exit 4
├─ NotAllowed           role, scope or tenants of the operator do not allow it     → shown to the person; exit 1
├─ NotAllowedToDecide   wrong role, own plan, other digest, too late               → shown to the person; exit 1
│  └─ SignInTooOld      who approves must have signed in just now                  → sign in again; exit 1
├─ ActionRefused        a gate says no to a proposal or to an execution: which     → shown to the person; exit 1
├─ PlanInProgress       another worker executes this plan                          → wait; exit 4
├─ ClaimLost            another worker took the plan over: nothing more is sent    → stop at once; exit 4
├─ WorkerRunning        another worker process holds the database: who             → stop that one; exit 4
├─ WordingBroken        a template of a message is wrong: file, line, sentence     → fix the file; the message waits
├─ WrongMove            a plan was asked for a state it cannot reach               → bug; nothing is changed
└─ StoreError           the database is locked, full, or of another version        → as it says; exit 4

What Graph answers for one table is not here: it is a value, ``posture.domain.outcome.TableOutcome``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class PostureError(Exception):
    """An expected failure; ``str()`` is a sentence that a user may see."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place in a text file. ``line`` and ``column`` count from 1."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class DefinitionError(PostureError):
    """A check file is wrong. ``advice`` says what to do about it."""

    def __init__(self, problem: str, *, at: Location, advice: str) -> None:
        super().__init__(f"{at}: {problem}. {advice}")
        self.problem = problem
        self.at = at
        self.advice = advice


class DefinitionErrors(PostureError):
    """Every broken definition that was found, one after the other; ``str()`` has one line for each."""

    def __init__(self, errors: Sequence[DefinitionError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class SettingsError(PostureError):
    """A setting is missing, unknown, or contradicts another."""


class UsageError(PostureError):
    """The command names something that does not exist."""


class NotThere(UsageError):
    """There is no such thing, as far as the operator may know."""


class GraphError(PostureError):
    """Microsoft Graph or its token endpoint cannot be used at all."""


class TokenRefused(GraphError):
    """The token endpoint said no. ``code`` is the AADSTS number without its prefix, if one was given."""

    def __init__(self, sentence: str, *, code: str | None) -> None:
        super().__init__(sentence)
        self.code = code


class TenantUnreachable(GraphError):
    """No HTTP answer came from the token endpoint or from Graph."""


class QueryRefused(PostureError):
    """An ad-hoc query could not be run."""


class CheckBroken(PostureError):
    """A check could not be evaluated although its data was there."""


class ActionBroken(PostureError):
    """A condition or selection of an action could not be evaluated on live data."""


class LiveDataUnfit(PostureError):
    """What Graph answered about one resource is not as documented, so nothing can be said about it."""


class SnapshotError(PostureError):
    """A snapshot could not be written or read."""


class ScanInProgress(PostureError):
    """Another process is scanning the same tenant."""


class NotAllowed(PostureError):
    """An operator's role, scopes or tenants do not allow this at all, whatever it is done to."""


class NotAllowedToDecide(PostureError):
    """An operator may not propose, approve, reject or execute this."""


class SignInTooOld(NotAllowedToDecide):
    """The person signed in too long ago to approve."""


class ActionRefused(PostureError):
    """A gate said no before anything was sent."""


class PlanInProgress(PostureError):
    """Another worker is executing the plan."""


class ClaimLost(PostureError):
    """Another worker has taken the plan over; this one must not send anything more."""


class WorkerRunning(PostureError):
    """Another worker process works on the same database, and the engine knows only one."""


class WordingBroken(PostureError):
    """A template of a message is wrong. ``str()`` names the template and, where there is one, the line."""


class WrongMove(PostureError):
    """A plan or target was asked for a state that it cannot reach."""


class StoreError(PostureError):
    """The database could not be used."""
