"""What the page and the API ask about people and tenants."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from posture.domain.examination import Examination
from posture.domain.sign_in import SignIn
from posture.store import examinations, sign_ins


class AccessReader:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sign_in(self, id_hash: str) -> SignIn | None:
        """Return the sign-in with the id of this SHA-256, good or not."""
        return sign_ins.by_hash(self._connection, id_hash)

    def examinations(self, tenant_ids: Sequence[str]) -> Sequence[Examination]:
        """Return the newest examination of each of these tenants that has one, by tenant id."""
        return examinations.latest(self._connection, tenant_ids)
