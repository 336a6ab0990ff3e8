"""Direct members of the role-assignable groups and of the groups nested in them, 50 groups a request.

Graph lists members for one group at a time only, but the first round of ``groups/delta``, filtered by id, tells
them in bulk. Source: learn.microsoft.com/graph/delta-query-groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from posture.domain.outcome import Outcome
from posture.domain.printable import printable
from posture.graph.addresses import url_of
from posture.graph.failures import Trouble
from posture.graph.paging import EMPTY_PAGES_IN_A_ROW, Malformed, RawPage
from posture.graph.refusals import Ending

T = TypeVar("T")

ROLE_GROUPS = "groups?$filter=isAssignableToRole eq true"
GROUPS_A_REQUEST = 50
_GROUP = "#microsoft.graph.group"
_PAGE_SIZE = 999


class Fetch(Protocol):
    async def __call__(self, url: str, read: Callable[[bytes], T]) -> T | Trouble | Ending: ...


class _Member(msgspec.Struct):
    id: str
    type: str | None = msgspec.field(default=None, name="@odata.type")
    removed: dict[str, object] | None = msgspec.field(default=None, name="@removed")


class _Group(msgspec.Struct):
    id: str
    members: list[_Member] = msgspec.field(default_factory=list, name="members@delta")
    removed: dict[str, object] | None = msgspec.field(default=None, name="@removed")


class _GroupPage(msgspec.Struct):
    value: list[_Group]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    delta_link: str | None = msgspec.field(default=None, name="@odata.deltaLink")


Members = dict[str, dict[str, str | None]]
"""Group id → member id → the member's ``@odata.type``."""


async def read_group_members(fetch: Fetch, *, graph_root: str) -> RawPage | Trouble | Ending:
    """Return all memberships as one page, or what stood in the way.

    One page, because a membership is known only when the last page of its round was read.
    """
    found = await _read_groups(fetch, url_of(ROLE_GROUPS, graph_root=graph_root, select=["id"], page_size=_PAGE_SIZE))
    if not isinstance(found, list):
        return found
    members: Members = {}
    waiting = list(dict.fromkeys(group.id for group in found))
    while waiting:
        asked, waiting = waiting[:GROUPS_A_REQUEST], waiting[GROUPS_A_REQUEST:]
        members.update({group: {} for group in asked})
        groups = await _read_groups(fetch, _round_url(asked, graph_root), is_delta=True)
        if not isinstance(groups, list):
            return groups
        untold = set(asked) - {group.id for group in groups}
        if untold:
            # A group without members has an entry too. Without one nobody knows who is in it.
            reason = f"Graph did not tell the members of {len(untold)} groups, {printable(min(untold))} among them."
            return Ending(outcome=Outcome.FAILED, reason=reason)
        _accumulate(members, groups)
        waiting += [group for group in _nested(members, asked) if group not in members and group not in waiting]
    return _page_of(members)


def _round_url(groups: Sequence[str], graph_root: str) -> str:
    ids = " or ".join(f"id eq '{group.replace(chr(39), chr(39) * 2)}'" for group in groups)
    return url_of(f"groups/delta?$filter={ids}", graph_root=graph_root, select=["id", "members"])


async def _read_groups(fetch: Fetch, url: str, *, is_delta: bool = False) -> list[_Group] | Trouble | Ending:
    """Return the groups of all pages; of a delta round only if it was followed to its end."""
    groups: list[_Group] = []
    seen: set[str] = set()
    empty_pages = 0
    link: str | None = url
    while link is not None:
        if link in seen or empty_pages > EMPTY_PAGES_IN_A_ROW:
            return Ending(outcome=Outcome.FAILED, reason="Graph's next links lead nowhere: the list has no end.")
        seen.add(link)
        page = await fetch(link, _delta_page if is_delta else _list_page)
        if not isinstance(page, _GroupPage):
            return page
        groups += page.value
        empty_pages = 0 if page.value else empty_pages + 1
        link = page.next_link
    return groups


def _list_page(body: bytes) -> _GroupPage:
    try:
        return msgspec.json.decode(body, type=_GroupPage)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"the page is not a list of groups ({error})") from None


def _delta_page(body: bytes) -> _GroupPage:
    page = _list_page(body)
    if page.next_link is None and page.delta_link is None:
        raise Malformed("the page has neither a next link nor a delta link")
    return page


def _accumulate(members: Members, groups: Sequence[_Group]) -> None:
    """Add the members told by one page; a group may come in several entries, in any order and repeatedly.

    A first round is a state and not a history: what it marks as removed was never there for us.
    """
    for group in groups:
        if group.removed is None and group.id in members:
            members[group.id].update({member.id: member.type for member in group.members if member.removed is None})


def _nested(members: Members, groups: Sequence[str]) -> Iterator[str]:
    for group in groups:
        yield from (member for member, kind in members[group].items() if kind == _GROUP)


def _page_of(members: Members) -> RawPage:
    encoder = msgspec.json.Encoder()
    lines = [
        encoder.encode({"groupId": group, "id": member, "@odata.type": kind})
        for group, held in members.items()
        for member, kind in held.items()
    ]
    return RawPage(items=b"".join(line + b"\n" for line in lines), count=len(lines), next_link=None)
