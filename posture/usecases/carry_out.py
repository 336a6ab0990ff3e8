"""One target of a plan, from the guards to the proof. Read it from top to bottom.

After an interruption nothing is taken for granted: the live data decide what has happened, and a request that must
not be sent twice is not sent again unless it certainly was not sent before.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from posture.domain.action import Step
from posture.domain.journal import JournalEntry, SendState
from posture.domain.plan import Target, TargetState, ended_target
from posture.domain.request import Answered, GraphRequest, Lost
from posture.errors import ActionBroken, ActionRefused, GraphError, LiveDataUnfit
from posture.usecases.acting_events import (
    ExecutionEvent,
    RequestEnded,
    ShownOnce,
    TargetEnded,
    TargetStarted,
    Verifying,
)
from posture.usecases.engine_guards import engine_refusal, no_longer_failing
from posture.usecases.ports import LiveRows
from posture.usecases.read_live import Rows, Unreadable, read_live
from posture.usecases.steps import Terms, first_refusal, is_true, requests_of
from posture.usecases.work import Earlier, Work
from posture.usecases.writing_down import Journal, masked

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_BETWEEN_PASSES: Final = timedelta(seconds=2)
_ANSWER_LOST: Final = (
    "it was carried out, but the answer with the code or password was lost: take it back and do it anew"
)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a target ends, and what is shown once."""

    state: TargetState
    because: str | None
    revealed: Mapping[str, str] = field(default_factory=dict, repr=False)


def carry_out(
    target: Target, work: Work, *, earlier: Earlier, entries: Sequence[JournalEntry], halt: str | None
) -> Generator[ExecutionEvent, None, Target]:
    """Act on one target, yield what happens, and return the target as it ended.

    ``entries`` is its journal; it is empty unless an earlier execution was interrupted. ``halt`` says why nothing
    more may be sent for what was begun then; it is only looked at.

    Raises:
        ClaimLost: another worker has taken the plan over.
    """
    yield TargetStarted(target=target)
    carrying = Carrying(target, work, earlier=earlier, entries=entries, halt=halt)
    try:
        ending = yield from carrying.ending()
    except (ActionBroken, LiveDataUnfit) as error:
        ending = carrying.unknown(str(error))
    ended = ended_target(target, ending.state, at=work.clock.now(), because=ending.because)
    work.journal.end_target(ended)
    yield TargetEnded(target=ended, revealed=ending.revealed)
    return ended


class Carrying:
    """The steps of one target, in order."""

    def __init__(
        self, target: Target, work: Work, *, earlier: Earlier, entries: Sequence[JournalEntry], halt: str | None
    ) -> None:
        self._target = target
        self._halt = halt
        self._work = work
        self._earlier = earlier
        self._entries = [self._closed(entry, work.journal, target) for entry in entries]
        self._is_resumed = bool(entries)
        started_at = entries[0].intended_at if entries else work.clock.now()
        names = work.loaded.action.secrets
        self._terms = Terms(
            resource_id=target.resource.id,
            parameters={**work.plan.parameters, **target.parameters},
            now=work.clock.now(),
            approved_at=work.on_graphs_clock(work.plan.approved_at or started_at),
            # In whole seconds, as Graph writes them.
            started_at=work.on_graphs_clock(started_at).replace(microsecond=0),
            graph_root=work.graph_root,
            secrets={} if work.undoes else {name: work.passwords.make() for name in names},
        )
        self._revealed: dict[str, str] = {}

    def ending(self) -> Generator[ExecutionEvent, None, Ending]:
        rows = self._read()
        if isinstance(rows, Unreadable):
            return self.unknown(rows.because)
        if self._is_resumed and self._is_verified(rows):
            return self._done()
        if self._may_have_happened():
            return (yield from self._without_sending())
        refusal = self._halt or self._refusal(rows)
        if refusal is not None:
            return self.unknown(refusal)
        if not self._is_resumed and self._is_true(self._work.done_when, rows):
            return Ending(state=TargetState.ALREADY_DONE, because=None)
        return (yield from self._act(rows))

    def _refusal(self, rows: Rows) -> str | None:
        """Return what is in the way. Once something was sent, its finding may well have gone."""
        now = self._work.clock.now()
        rules, sight = self._work.rules, self._work.sight
        found = engine_refusal(
            self._work.plan, self._target, rules=rules, sight=sight, now=now, unsettled=self._work.unsettled
        )
        if found is None and not self._is_resumed:
            found = no_longer_failing(self._work.plan, self._target, rules=rules, sight=sight, now=now)
        if found is not None:
            return found
        guard = first_refusal(
            self._work.guards, self._open(rows), home=self._work.loaded.action.home, terms=self._terms
        )
        return None if guard is None else f"{guard.id}: {guard.refuse}"

    def _act(self, rows: Rows) -> Generator[ExecutionEvent, None, Ending]:
        live = self._open(rows)
        rendered = {step.id: requests_of(step, live, terms=self._terms) for step in self._work.steps}
        if self._work.loaded.action.undo is not None and not self._is_resumed and not self._work.undoes:
            image = {table: tuple(found) for table, found in rows.items()}
            self._work.journal.keep_image(self._target, image, taken_at=self._terms.now)
        for step in self._work.steps:
            stopped = yield from self._pass(step, rendered[step.id])
            if stopped is not None:
                return stopped
        return (yield from self._proof())

    def _pass(self, step: Step, requests: Sequence[GraphRequest]) -> Generator[ExecutionEvent, None, Ending | None]:
        """Send the requests of a step, in several passes if it has them; return an ending if it cannot go on."""
        for number in range(1, step.passes + 1):
            is_last = number == step.passes
            for request in requests:
                if self._was_carried_out(step, request):
                    continue
                entry = yield from self._send(step, request)
                if entry.state is SendState.LOST:
                    return (yield from self._without_sending())
                if _is_yes(step, entry.status) or (entry.status in step.later and not is_last):
                    continue
                return Ending(
                    state=TargetState.FAILED,
                    because=self._refused_by_graph(entry),
                    revealed=self._revealed,
                )
            if is_last or step.for_each is None:
                return None
            self._work.pause.wait(_BETWEEN_PASSES)
            rows = self._read()
            if isinstance(rows, Unreadable):
                return Ending(state=TargetState.UNVERIFIED, because=rows.because, revealed=self._revealed)
            requests = requests_of(step, self._open(rows), terms=self._terms)
            if not requests:
                return None
        return None

    def _refused_by_graph(self, entry: JournalEntry) -> str:
        said = f"{entry.method} {entry.path}: {entry.error or f'Graph answered {entry.status}'}"
        role = self._work.loaded.action.directory_role
        if entry.status != 403 or role is None:
            return said
        return f"{said}. The remediator may lack a directory role: {role}"

    def _send(self, step: Step, request: GraphRequest) -> Generator[ExecutionEvent, None, JournalEntry]:
        journal = self._work.journal
        entry = journal.intend(self._target, number=len(self._entries) + 1, step=step.id, request=request)
        try:
            answer = self._work.actuator.send(request)
        except (GraphError, ActionRefused) as error:
            ended = journal.not_sent(entry, str(error), self._target)
        else:
            # Before it is written down that there was an answer, which may fail: the answer is the only place of it.
            if isinstance(answer, Answered) and _is_yes(step, answer.status):
                yield from self._reveal(step, answer, request)
            ended = journal.answered(entry, answer, self._target, keep=step.keep)
        self._entries.append(ended)
        yield RequestEnded(target=self._target, entry=ended)
        return ended

    def _reveal(self, step: Step, answer: Answered, request: GraphRequest) -> Iterator[ExecutionEvent]:
        found: dict[str, str] = {}
        if step.reveal is not None and isinstance(answer.body.get(step.reveal), str):
            found[step.reveal] = str(answer.body[step.reveal])
        if request.secrets and request.body is not None:
            found.update(self._terms.secrets)
        if found:
            self._revealed.update(found)
            yield ShownOnce(target=self._target, values=found)

    def _proof(self) -> Generator[ExecutionEvent, None, Ending]:
        """Look until the tenant shows the change, with growing pauses, as long as the action says."""
        spent, pause = timedelta(), _FIRST_PAUSE
        while True:
            rows = self._read()
            if not isinstance(rows, Unreadable) and self._is_verified(rows):
                return self._done()
            if spent >= self._work.verify.within:
                break
            yield Verifying(target=self._target, pause=pause)
            self._work.pause.wait(pause)
            spent, pause = spent + pause, min(pause * 2, _LONGEST_PAUSE)
        why = rows.because if isinstance(rows, Unreadable) else "everything was sent, but the tenant does not show it"
        return Ending(state=TargetState.UNVERIFIED, because=why, revealed=self._revealed)

    def _without_sending(self) -> Generator[ExecutionEvent, None, Ending]:
        """A request that must not be sent twice may have been carried out: the tenant is asked, not told."""
        doubtful = next(entry for entry in reversed(self._entries) if entry.state is not SendState.ANSWERED)
        ending = yield from self._proof()
        if ending.state is TargetState.DONE or ending.because == _ANSWER_LOST:
            return ending
        return Ending(
            state=TargetState.UNVERIFIED,
            because=f"nobody knows whether {doubtful.method} {doubtful.path} was carried out; it was not sent again",
            revealed=self._revealed,
        )

    def _done(self) -> Ending:
        """The tenant shows what was wished; but a code or password that only a lost answer had is lost."""
        reveals = self._terms.secrets or any(step.reveal is not None for step in self._work.steps)
        if reveals and not self._revealed:
            return Ending(state=TargetState.UNVERIFIED, because=_ANSWER_LOST)
        return Ending(state=TargetState.DONE, because=None, revealed=self._revealed)

    def _was_carried_out(self, step: Step, request: GraphRequest) -> bool:
        """Say whether an earlier execution sent just this, may not send it twice, and was told that it is done."""
        if step.may_repeat:
            return False
        body = None if request.body is None else masked(request.body, request.secrets)
        return any(
            (entry.step, entry.path, entry.body) == (step.id, request.path, body) and _is_yes(step, entry.status)
            for entry in self._entries
        )

    def _may_have_happened(self) -> bool:
        """Say whether the journal ends with a request that must not be sent twice and may have been carried out."""
        steps = {step.id: step for step in self._work.steps}
        return any(
            entry.state is not SendState.ANSWERED and not (entry.step in steps and steps[entry.step].may_repeat)
            for entry in self._entries
        )

    def unknown(self, because: str) -> Ending:
        """Return the ending of a target about which nothing more can be said: refused if nothing was sent."""
        state = TargetState.UNVERIFIED if self._entries else TargetState.REFUSED
        return Ending(state=state, because=because, revealed=self._revealed)

    def _read(self) -> Rows | Unreadable:
        return read_live(
            self._work.reads,
            resource=self._target.resource,
            parameters={**self._terms.parameters, **self._earlier.ids},
            sight=self._work.sight,
        )

    def _open(self, rows: Rows) -> LiveRows:
        return self._work.sight.desk.open_rows(
            rows, now=self._terms.now, before=self._earlier.before, answers=self._earlier.answers
        )

    def _is_true(self, condition: str, rows: Rows) -> bool:
        return is_true(condition, self._open(rows), home=self._work.loaded.action.home, terms=self._terms)

    def _is_verified(self, rows: Rows) -> bool:
        verify = self._work.verify
        if verify.until_gone is not None:
            return not rows[verify.until_gone]
        return self._is_true(verify.until or "false", rows)

    @staticmethod
    def _closed(entry: JournalEntry, journal: Journal, target: Target) -> JournalEntry:
        """Return an entry of an interrupted execution; a request that it was about to send may have been sent."""
        if entry.state is not SendState.INTENDED:
            return entry
        return journal.answered(entry, Lost(why="posture was interrupted before the answer came"), target, keep=())


def _is_yes(step: Step, status: int | None) -> bool:
    """Say whether Graph did what was asked for: any success counts, since the tenant must show it in any case."""
    return status is not None and (status in step.ok or 200 <= status < 300)
