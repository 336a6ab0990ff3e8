"""A route that does what a test asks for, in the frame of the real API."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock
from typing import Annotated
from uuid import uuid4

from fastapi import Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from posture.domain.operator import Operator, Role
from posture.web.api import create_api
from posture.web.api.answering import answer
from posture.web.api.asking import Body, NoParameters, Text, body_of
from posture.web.api.current import CurrentAccess
from posture.web.api.once import keep_instead
from tests.web.office import Client, Office


class NoteBody(Body):
    """What the made-up route is told."""

    note: Text
    times: int = Field(1, ge=1, le=9)


class MadeUpApi:
    """``POST /made-up`` counts in ``asked`` and fails with ``failure``, if it is set. While ``gate`` is not set it
    waits for it, having set ``is_inside``."""

    def __init__(self, office: Office, *, count: Callable[[str], None] = lambda _: None) -> None:
        self.office = office
        self.asked: list[str] = []
        self.failure: Exception | None = None
        self.gate = Event()
        self.gate.set()
        self.is_inside = Event()
        self._lock = Lock()
        self.app = create_api(office.application, sign_in=self._signed_in, count=count)
        self.app.add_api_route("/made-up", self._write, methods=["POST"])
        self.app.add_api_route("/made-up/secret", self._tell_secret, methods=["POST"])

    def client(self, token: str | None = None) -> Client:
        """Return a script with this token; without one, with that of a new administrator."""
        mine = token or self.new_token()
        return Client(self.app, headers={"Authorization": f"Bearer {mine}"})

    def new_token(self) -> str:
        """Return the token of a new administrator."""
        return self.office.operator(Role.ADMIN, name=f"admin-{uuid4().hex}")[1]

    def _signed_in(self, token: str, address: str) -> Operator:
        return self.office.application.signing_in.by_bearer(token, address=address)

    def _write(
        self, access: CurrentAccess, _: NoParameters, body: Annotated[NoteBody, Depends(body_of(NoteBody))]
    ) -> Response:
        with self._lock:
            self.asked.append(body.note)
            number = len(self.asked)
        self.is_inside.set()
        self.gate.wait(timeout=20)
        if self.failure is not None:
            raise self.failure
        return answer({"by": access.me().name, "number": number}, status=201)

    def _tell_secret(self, request: Request, _: NoParameters) -> Response:
        self.asked.append("secret")
        keep_instead(request, answer({"secret": None}, status=201))
        return answer({"secret": "not to be kept"}, status=201)
