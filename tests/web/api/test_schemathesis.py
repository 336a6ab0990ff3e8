"""Requests made up from the OpenAPI document, right ones and wrong ones: every answer is as the document says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.types import Receive, Scope, Send

from posture.domain.operator import Role
from posture.web.api import PREFIX, api_document, create_api
from tests.web.api.recorded import RecordedOffice

SERVED: list[FastAPI] = []
"""The application, once there is one: the tests are made of the document before."""


async def served_later(scope: Scope, receive: Receive, send: Send) -> None:
    await SERVED[-1](scope, receive, send)


DOCUMENT = schemathesis.openapi.from_dict(api_document())
DOCUMENT.app = served_later


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedOffice]:
    opened = RecordedOffice(tmp_path_factory.mktemp("made-up"))
    yield opened
    opened.close()


@pytest.fixture(scope="module", autouse=True)
def served(office: RecordedOffice) -> None:
    """Put the API behind its document. It is asked too often to count changes."""
    signing_in = office.application.signing_in
    app = FastAPI(openapi_url=None)
    api = create_api(
        office.application,
        sign_in=lambda token, address: signing_in.by_bearer(token, address=address),
        count=lambda _: None,
    )
    app.mount(PREFIX, api)
    SERVED.append(app)


@pytest.fixture(scope="module")
def token(office: RecordedOffice) -> str:
    return office.script(Role.ADMIN)


@DOCUMENT.parametrize()
@settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_document_says(case: schemathesis.Case, token: str) -> None:
    # What is right by the document may still be refused: an end that is over, a name that is in use.
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=[positive_data_acceptance])
