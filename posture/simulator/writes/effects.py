"""Which function carries out which write, by the id of its route."""

from __future__ import annotations

from collections.abc import Mapping

from posture.simulator.authentication_methods import METHOD_TYPES
from posture.simulator.writes import authentication_methods, deletion, users
from posture.simulator.writes.write import Effect

_USERS: dict[str, Effect] = {
    "user-revokesigninsessions": users.revoke_sessions,
    "user-patch-usertype": users.change_user,
    "user-patch-disable": users.change_user,
    "user-patch-password": users.change_user,
    "user-create": users.create_user,
    "user-delete": users.delete_user,
    "deleteditems-restore": deletion.restore,
}
_METHODS: dict[str, Effect] = {
    f"delete-{segment.lower()}": authentication_methods.removal_of(type_name)
    for segment, type_name in METHOD_TYPES.items()
    if segment != "passwordMethods"
} | {
    "delete-passwordmethods": authentication_methods.refuse_password_removal,
    "temporaryaccesspass-create": authentication_methods.create_pass,
}

EFFECTS: Mapping[str, Effect] = _USERS | _METHODS
