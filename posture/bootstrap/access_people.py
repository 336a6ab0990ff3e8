"""Operators, on the page and through the API."""

from __future__ import annotations

from datetime import timedelta

from posture.bootstrap.access_limits import LimitedAccess
from posture.domain.operator import Operator, Role, Scope
from posture.errors import NotThere


class AccessPeople(LimitedAccess):
    """An administrator who is limited to tenants knows of no operator who is for more."""

    def add_operator(
        self,
        name: str,
        role: Role,
        *,
        account: str | None = None,
        lasts: timedelta,
        tenants: frozenset[str] | None = None,
        scopes: frozenset[Scope] | None = None,
    ) -> tuple[Operator, str]:
        """Add an operator and return it with its token, which nobody will see again. ``tenants`` None is all that
        there are and will be, ``scopes`` None all of the role.

        Raises:
            NotThere: no such tenant.
            NotAllowedToDecide: it would have more than this operator.
            UsageError: the name is empty or in use, or the token would last too long.
        """
        self._require("add_operator")
        for tenant in sorted(tenants or ()):
            self._tenant(tenant)
        return self._application.acting.add_operator(
            name, role, account=account, lasts=lasts, tenants=tenants, scopes=scopes, by=self._operator
        )

    def revoke_operator(self, name: str) -> None:
        """End an operator at once: the token, and every sign-in. Who came from an OpenID provider cannot come back
        before being readmitted.

        Raises:
            NotThere: there is no active operator of that name, as far as this operator may know.
            NotAllowedToDecide: it is the last administrator.
        """
        self._require("revoke_operator")
        application = self._application
        now = application.clock.now()
        meant = [one for one in self._visible_operators() if one.is_called(name) and one.is_active(now)]
        if not meant:
            raise NotThere(f'there is no active operator "{name}"')
        application.acting.revoke_operator(name, by=self._operator)
        for one in meant:
            application.signing_in.end_all(one)

    def readmit_operator(self, name: str) -> Operator:
        """Let somebody who came from an OpenID provider and was revoked sign in again.

        Raises:
            NotThere: nobody of that name was revoked, as far as this operator may know.
        """
        self._require("readmit_operator")
        return self._application.acting.readmit_operator(name, by=self._operator)
