"""Which application permissions the remediator needs for an action, and which it lacks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import Action, ActionId, Step
from posture.tables.live import ONLY_LIVE, LiveRead
from posture.tables.writes import find_writes

_ONLY_LIVE = frozenset(table.name for table in ONLY_LIVE)


@dataclass(frozen=True, kw_only=True)
class WritePermission:
    """One application permission of the remediator, and the actions that need it. ``actions`` are sorted."""

    permission: str
    actions: tuple[ActionId, ...]


def permissions_of(loaded: LoadedAction) -> tuple[str, ...]:
    """Return what the remediator needs for one action: for its steps, and for reading what no scan reads."""
    needed = set(loaded.action.permissions)
    for read in _reads(loaded):
        for permission in read.wanted.table.source.permissions:
            if not ({permission} | read.wanted.table.source.covered_by.get(permission, frozenset())) & needed:
                needed.add(permission)
    return tuple(sorted(needed))


def write_permissions(actions: Iterable[LoadedAction]) -> tuple[WritePermission, ...]:
    """Return what a remediator needs for all of these actions, sorted by permission."""
    needed: dict[str, list[ActionId]] = {}
    for loaded in actions:
        for permission in permissions_of(loaded):
            needed.setdefault(permission, []).append(loaded.action.id)
    return tuple(
        WritePermission(permission=permission, actions=tuple(sorted(ids)))
        for permission, ids in sorted(needed.items())
    )


def missing_permissions(loaded: LoadedAction, granted: frozenset[str] | None) -> str | None:
    """Return what the remediator lacks for an action, as a sentence; None if it has enough.

    ``granted`` are the permissions in its token; None if they cannot be read from it.
    """
    if granted is None:
        return "the remediator's token does not tell its permissions, so it is not known whether they are enough"
    if _can_send(loaded.action, granted) and all(_can_read(read, granted) for read in _reads(loaded)):
        return None
    return f"the remediator lacks permissions for {loaded.action.id}: {advice(loaded, granted)}"


def impossible_actions(actions: Iterable[LoadedAction], granted: frozenset[str] | None) -> Mapping[ActionId, str]:
    """Map each action for which the remediator lacks permissions to the sentence that says which."""
    missing = {loaded.action.id: missing_permissions(loaded, granted) for loaded in actions}
    return {id: sentence for id, sentence in missing.items() if sentence is not None}


def advice(loaded: LoadedAction, granted: frozenset[str]) -> str:
    """Return what to add so that an action can be carried out, as part of a sentence."""
    missing = [permission for permission in permissions_of(loaded) if permission not in granted]
    role = loaded.action.directory_role
    also = f". Graph also wants a directory role: {role.rstrip('.')}" if role else ""
    return f"add {' and '.join(missing)} to its app registration and have an administrator consent{also}"


def _can_send(action: Action, granted: frozenset[str]) -> bool:
    steps: Sequence[Step] = (*action.steps, *(action.undo.steps if action.undo else ()))
    return all(
        write.is_allowed_by(granted, step.body or ())
        for step in steps
        for write in find_writes(step.method, f"/{step.path.lstrip('/')}")
    )


def _reads(loaded: LoadedAction) -> tuple[LiveRead, ...]:
    return tuple(read for read in (*loaded.live, *loaded.undo_live) if read.wanted.table.name in _ONLY_LIVE)


def _can_read(read: LiveRead, granted: frozenset[str]) -> bool:
    source = read.wanted.table.source
    return all(
        ({permission} | source.covered_by.get(permission, frozenset())) & granted for permission in source.permissions
    )
