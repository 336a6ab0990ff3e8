"""Who comes to the page and to the API, with one configuration."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from posture.domain.operator import Operator
from posture.domain.sign_in import SignIn
from posture.usecases import operators, sign_ins
from posture.usecases.provider_operators import Claimed, admit, record_refused
from posture.usecases.token_uses import TokenUses

if TYPE_CHECKING:
    from posture.bootstrap.application import Application


class SigningIn:
    """Everything about who somebody is. What they may do is the business of ``Access``."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def by_token(self, token: str, *, address: str | None) -> Operator:
        """Return the operator with this token, who signs in on the page; see ``operators.login``."""
        application = self._application
        return operators.login(
            token, address=address, open_unit=application.store.open_acting_unit, clock=application.clock
        )

    def by_bearer(self, token: str, *, address: str) -> Operator:
        """Return the operator with this token, which comes with every request; see ``TokenUses``."""
        return self._token_uses.operator(token, address=address)

    def by_provider(self, claimed: Claimed, *, lasts: timedelta) -> Operator:
        """Return the operator of whom an OpenID provider spoke; see ``provider_operators.admit``.

        Who may do something else than before is signed out everywhere: a browser that was signed in with less, or
        with more, does not go on under the same id.
        """
        application = self._application
        before = self._of_subject(claimed.subject)
        operator = admit(claimed, lasts=lasts, open_unit=application.store.open_acting_unit, clock=application.clock)
        if before is not None and (before.role, before.tenants) != (operator.role, operator.tenants):
            self.end_all(operator)
        return operator

    def refused(self, subject: str, because: str) -> None:
        """Put on record that somebody of whom an OpenID provider spoke was not let in. Who was let in before is
        signed out everywhere: the provider has just said that they have nothing to do here any more."""
        application = self._application
        record_refused(subject, because, open_unit=application.store.open_acting_unit, clock=application.clock)
        known = self._of_subject(subject)
        if known is not None:
            self.end_all(known)

    def begin(
        self,
        operator: Operator,
        *,
        lasts: timedelta,
        before: str | None,
        signed_in_at: datetime | None = None,
        sign_out_hint: str | None = None,
    ) -> tuple[SignIn, str]:
        """Record a sign-in and return it with the id for the cookie; see ``sign_ins.begin_sign_in``."""
        return sign_ins.begin_sign_in(
            operator,
            signed_in_at=signed_in_at,
            lasts=lasts,
            sign_out_hint=sign_out_hint,
            before=before,
            open_sign_ins=self._application.store.open_sign_ins,
            clock=self._application.clock,
        )

    def find(self, id: str, *, idle: timedelta) -> SignIn | None:
        """Return the sign-in with the id of a cookie if it is good: not ended, used within ``idle``, of somebody who
        is an operator now. Its ``operator`` is who ``Application.access`` is asked for."""
        store = self._application.store
        with store.reading() as reader:
            found = reader.access.sign_in(operators.token_hash(id))
        return sign_ins.used_sign_in(found, id, idle=idle, touch=store.touch_sign_in, clock=self._application.clock)

    def end(self, id: str) -> SignIn | None:
        """End a sign-in and return it as it was, with the hint for the provider; None if there is none."""
        store = self._application.store
        return sign_ins.end_sign_in(
            id, open_sign_ins=store.open_sign_ins, open_unit=store.open_acting_unit, clock=self._application.clock
        )

    def end_all(self, operator: Operator) -> int:
        """End every sign-in of somebody and return how many there were."""
        application = self._application
        return sign_ins.end_sign_ins(operator, open_sign_ins=application.store.open_sign_ins, clock=application.clock)

    def _of_subject(self, subject: str) -> Operator | None:
        """Return the last record of somebody whom an OpenID provider knows; None if they never came."""
        known = self._application.acting.operators()
        return next((one for one in reversed(known) if one.subject == subject), None)

    @cached_property
    def _token_uses(self) -> TokenUses:
        application = self._application
        return TokenUses(self._holder_of, open_unit=application.store.open_acting_unit, clock=application.clock)

    def _holder_of(self, token_hash: str) -> Operator | None:
        with self._application.store.reading() as reader:
            return reader.acting.operator_by_token(token_hash)
