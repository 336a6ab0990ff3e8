"""The reference page of permissions: what each of the two identities needs, and what for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from posture.report.reference import MADE, table_row


@dataclass(frozen=True, kw_only=True)
class PermissionUse:
    """One application permission, and the ids of the checks or actions that need it; none: every scan does."""

    permission: str
    needed_by: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ActionNeed:
    """What the remediator needs for one action. ``directory_role`` None: no role besides."""

    action: str
    permissions: Sequence[str]
    directory_role: str | None


def permissions_markdown(
    *, reader: Iterable[PermissionUse], remediator: Iterable[PermissionUse], actions: Iterable[ActionNeed]
) -> str:
    """Return the page of all permissions of both identities, and those of each action, sorted by its id."""
    lines = [MADE, "# Permissions", "", *_HEAD.splitlines()]
    lines += ["", "## The reader, for all checks", "", *_uses("checks", reader)]
    lines += ["", "## The remediator, action by action", "", *_ACTIONS_HEAD.splitlines(), ""]
    lines += ["| action | application permissions | directory role |", "| --- | --- | --- |"]
    lines += [
        table_row([f"[{need.action}](actions.md#{need.action})", _code(need.permissions), need.directory_role or ""])
        for need in sorted(actions, key=lambda need: need.action)
    ]
    lines += ["", "## The remediator, for all actions", "", *_uses("actions", remediator)]
    return "\n".join(lines) + "\n"


def _uses(who: str, uses: Iterable[PermissionUse]) -> Iterable[str]:
    yield f"| application permission | {who} |"
    yield "| --- | --- |"
    for use in uses:
        links = (f"[{id}]({who}.md#{id})" for id in use.needed_by)
        yield table_row([f"`{use.permission}`", ", ".join(links) or "every scan"])


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


_HEAD: Final = """\
Application permissions of Microsoft Graph, for the checks and actions that are shipped. `posture permissions` prints
those that your settings need, `posture permissions --actions` those of the remediator, as steps, script or manifest.
How to grant them: [the least](../how-to/least-privilege.md), [a remediator](../how-to/set-up-acting.md).
"""
_ACTIONS_HEAD: Final = """\
Grant the rows that you use and no others: an action whose permission is missing is refused before anything is sent.
What scans read as well is read by the reader; the permission for what only actions read is listed here.
"""
