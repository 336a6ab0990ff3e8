"""One request that changes something, sent until it is known what came of it, or that nobody can know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from posture.domain.printable import printable
from posture.domain.request import Answered, Lost
from posture.errors import GraphError, TenantUnreachable
from posture.graph.answers import Answer, NoAnswer, problem_in, retry_after
from posture.graph.failures import Remedy, Trouble, trouble_with
from posture.graph.pursuit import RetryBudget, ease, pause_after
from posture.graph.throttle import ClassPacer
from posture.graph.timing import Timing

if TYPE_CHECKING:
    from posture.graph.client import GraphClient

_TOKEN: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
_UNSHOWN: Final = "•••"
_NOT_IMPLEMENTED: Final = 501


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """A request ready to be sent. ``secrets`` are texts in ``content`` that nobody may see."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = field(repr=False)
    content_type: str
    may_repeat: bool
    secrets: frozenset[str] = field(repr=False)


class Sending:
    """One request on its way. ``pacer`` is that of its throttle class."""

    def __init__(
        self, dispatch: Dispatch, client: GraphClient, pacer: ClassPacer, *, budget: RetryBudget, timing: Timing
    ) -> None:
        self._dispatch = dispatch
        self._client = client
        self._pacer = pacer
        self._budget = budget
        self._timing = timing
        self._waited_seconds = 0.0
        self._has_renewed = False
        # A kept connection may have been closed by its other end meanwhile, and then nobody knows whether the
        # request still arrived. What must not be repeated gets a new one.
        self._fresh = not dispatch.may_repeat
        self._doubt: str | None = None

    async def result(self) -> Answered | Lost:
        """Return what came of the request.

        Raises:
            TokenRefused: there is no token, or no new one after Graph refused it.
            TenantUnreachable: no token, or no connection. In both cases Graph has certainly not carried it out.
        """
        try:
            return await self._pursue()
        except GraphError as error:
            if self._doubt is None:
                raise
            return Lost(why=f"{self._doubt}. Then: {error}")

    async def _pursue(self) -> Answered | Lost:
        tried = 0
        while True:
            tried += 1
            answer = await self._once()
            trouble = trouble_with(answer, now=self._timing.now())
            if trouble is None or _is_final(answer, trouble):
                return self._answered(answer)
            if _may_be_carried_out(answer):
                self._doubt = _why_doubtful(answer, self._dispatch.secrets)
            if self._doubt is not None and not self._dispatch.may_repeat:
                return Lost(why=self._doubt)
            if not await self._prepare_next(answer, trouble, tried=tried):
                return self._given_up(answer)

    async def _once(self) -> Answer | NoAnswer:
        sent = self._dispatch
        async with self._pacer.turn(1):
            answer = await self._client.send(
                sent.method,
                sent.url,
                headers=sent.headers,
                content=sent.content,
                content_type=sent.content_type,
                fresh=self._fresh,
            )
        if isinstance(answer, Answer):
            ease(answer, self._pacer.hold)
        return answer

    async def _prepare_next(self, answer: Answer | NoAnswer, trouble: Trouble, *, tried: int) -> bool:
        """Do what the trouble asks for before the next try; False if there is to be none.

        Raises:
            TokenRefused, TenantUnreachable: there is no new token.
        """
        if tried >= self._budget.tries:
            return False
        if trouble.remedy is Remedy.RENEW_TOKEN and isinstance(answer, Answer):
            if self._has_renewed:
                return False
            self._has_renewed = True
            await self._client.tokens.renew(answer.generation, claims=trouble.claims)
            return True
        pause = pause_after(trouble, tried, budget=self._budget, timing=self._timing)
        if self._waited_seconds + pause > self._budget.waiting_seconds:
            return False
        self._waited_seconds += pause
        self._fresh = self._fresh or trouble.fresh
        if trouble.holds_class:
            self._pacer.hold(pause)
        else:
            await self._timing.sleep(pause)
        return True

    def _given_up(self, answer: Answer | NoAnswer) -> Answered | Lost:
        if self._doubt is not None:
            return Lost(why=self._doubt)
        return self._answered(answer)

    def _answered(self, answer: Answer | NoAnswer) -> Answered:
        if isinstance(answer, NoAnswer):
            host = printable(urlsplit(self._dispatch.url).netloc)
            why = _unshown(answer.why, self._dispatch.secrets)
            raise TenantUnreachable(
                f"{host} cannot be used, so nothing was changed: {why}. Check the network, http.proxy and "
                "http.ca_bundle in the settings; if they are right, try again later."
            )
        body, complaint = _object_in(answer.body)
        if not 200 <= answer.status < 300:
            complaint = f"Graph answered {answer.status} {_complaint(answer, self._dispatch.secrets)}"
        return Answered(
            status=answer.status,
            body=body,
            error=complaint,
            request_id=_printable_id(answer.headers.get("request-id")),
            asked_wait=retry_after(answer.headers, now=self._timing.now()),
        )


def _is_final(answer: Answer | NoAnswer, trouble: Trouble) -> bool:
    """Say whether Graph's "no" is its last word: neither a passing trouble nor one that a new token may heal."""
    if trouble.remedy is Remedy.RENEW_TOKEN or not isinstance(answer, Answer):
        return False
    return trouble.remedy is not Remedy.AGAIN and not _may_be_carried_out(answer)


def _may_be_carried_out(answer: Answer | NoAnswer) -> bool:
    """Say whether the request may have been carried out although Graph did not say so.

    Too many requests and a refused token come before anything is done. Server errors and gateways that waited in
    vain tell nothing about what is behind them.
    """
    if isinstance(answer, NoAnswer):
        return answer.may_have_arrived
    return answer.status == 408 or (answer.status >= 500 and answer.status != _NOT_IMPLEMENTED)


def _object_in(body: bytes) -> tuple[Mapping[str, Any], str | None]:
    """Return the JSON object in a body, empty if there is none, and what is wrong with it."""
    if not body.strip():
        return {}, None
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}, "Graph's answer is not a JSON object"
    return found, None


def _why_doubtful(answer: Answer | NoAnswer, secrets: Iterable[str]) -> str:
    if isinstance(answer, NoAnswer):
        return f"no usable answer from Graph: {_unshown(answer.why, secrets)}"
    return f"Graph answered {answer.status} {_complaint(answer, secrets)}"


def _complaint(answer: Answer, secrets: Iterable[str]) -> str:
    """Return Graph's code and sentence."""
    problem = problem_in(answer)
    codes = tuple(_unshown(code, secrets) for code in problem.codes)
    # Before it is cut: half of a secret is one too.
    return str(replace(problem, codes=codes, message=_unshown(problem.message, secrets), request_id=None))


def _unshown(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which no secret and no access token can be read."""
    for secret in sorted(secrets, key=len, reverse=True):
        for written in {secret, msgspec.json.encode(secret).decode()[1:-1]} - {""}:
            text = text.replace(written, _UNSHOWN)
    return _TOKEN.sub(_UNSHOWN, text)


def _printable_id(text: str | None) -> str | None:
    return None if text is None else printable(text)
