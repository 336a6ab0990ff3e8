"""posture as one operator may see and use it: the only way for the page and the API to anything.

What exists is a method here; who may call it stands in ``posture.usecases.access``. Methods that look are in
``access_reading``, those that change something in ``access_writing``.
"""

from __future__ import annotations

from posture.bootstrap.access_reading import AccessReading
from posture.bootstrap.access_writing import AccessWriting
from posture.domain.operator import Operator
from posture.errors import NotAllowed


class Access(AccessReading, AccessWriting):
    """posture for one operator, as ``operator`` was on record when the request began.

    Every method may raise NotAllowed (role, scopes or tenants of the operator do not allow it at all) and StoreError.
    What is in a tenant that the operator is not for raises NotThere, as if it were not there, and lists leave it out.
    Tenants are named as in the settings. Times are aware and in UTC. Texts out of a directory are as they came:
    whoever shows them must escape them.
    """

    def me(self) -> Operator:
        """Return who this is."""
        return self._operator

    def may(self, method: str) -> bool:
        """Say whether the operator may use the method of this name at all, so that nobody is offered what will be
        refused. In one tenant, or for one thing, it may be refused all the same."""
        try:
            self._require(method)
        except NotAllowed:
            return False
        return True
