"""Delta queries: a full first round, then only what changed since.

A delta link remembers a fingerprint of every object at the time it was given, so changes made directly in the
tenant's data are found too. Tokens live seven days; older or forgotten ones answer 410 with the way to start again.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from posture.simulator.directory import Directory
from posture.simulator.filter_matching import compile_filter
from posture.simulator.graph_errors import GraphError
from posture.simulator.graph_facts import graph_types
from posture.simulator.paging import PagePosition, PageTokens, link, query_name
from posture.simulator.reading import Reading
from posture.simulator.rendering import encode
from posture.simulator.tenant import Entity

TOKEN_LIFETIME = timedelta(days=7)
PAGE_ITEMS = 200
PAGE_MEMBERS = 1_000
_KEPT_STATES = 32
_LATEST = "latest"
_DEFAULT_RELATIONS = {"groups": ("members",)}


@dataclass(frozen=True, kw_only=True)
class DeltaState:
    """What a round is about: the entries still to be paged, and the fingerprints they bring the caller to.

    ``fingerprints`` maps an id to the fingerprint of its properties and to the members by relation.
    """

    entries: tuple[Mapping[str, Any], ...]
    fingerprints: Mapping[str, Fingerprint]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    properties: int
    relations: Mapping[str, frozenset[str]]


@dataclass(kw_only=True)
class DeltaReader:
    """Answers delta queries of all tenants."""

    tokens: PageTokens
    now: Callable[[], datetime]
    _states: OrderedDict[str, DeltaState] = field(default_factory=OrderedDict)

    def page(self, reading: Reading) -> dict[str, Any]:
        """Return one page of a round, with its next link or, at the end, its delta link."""
        options = reading.options
        query = query_name(reading.directory.tenant.tenant_id, reading.address.path, options.raw)
        if options.skip_token is not None:
            position = self.tokens.read(options.skip_token, query)
            return self._shown(reading, position, self._state(position, reading))
        if options.delta_token is None:
            return self._first(reading, query, {}, with_entries=True)
        if options.delta_token == _LATEST:
            return self._first(reading, query, {}, with_entries=False)
        before = self._state(self.tokens.read(options.delta_token, query), reading)
        return self._first(reading, query, before.fingerprints, with_entries=True)

    def _state(self, position: PagePosition, reading: Reading) -> DeltaState:
        state = self._states.get(position.state)
        if state is None or state.at + TOKEN_LIFETIME <= self.now():
            raise _resync(reading)
        return state

    def _first(
        self, reading: Reading, query: str, before: Mapping[str, Fingerprint], *, with_entries: bool
    ) -> dict[str, Any]:
        found = list(_current(reading))
        fingerprints = {entity["id"]: _fingerprint(shown, related) for entity, shown, related in found}
        entries: tuple[Mapping[str, Any], ...] = ()
        if with_entries:
            changed = _changed(found, before, fingerprints)
            entries = (*changed, *_removed(reading.directory, before, fingerprints))
        name = secrets.token_hex(8)
        self._states[name] = DeltaState(entries=entries, fingerprints=fingerprints, at=self.now())
        while len(self._states) > _KEPT_STATES:
            self._states.popitem(last=False)
        return self._shown(reading, PagePosition(query=query, offset=0, state=name), self._states[name])

    def _shown(self, reading: Reading, position: PagePosition, state: DeltaState) -> dict[str, Any]:
        end = _page_end(state.entries, position.offset)
        is_last = end >= len(state.entries)
        token = self.tokens.write(
            PagePosition(query=position.query, offset=0 if is_last else end, state=position.state)
        )
        kind = "deltatoken" if is_last else "skiptoken"
        url = link(reading.request.root, reading.request.path, reading.options.raw, option=kind, token=token)
        return {
            "@odata.context": reading.context,
            "@odata.deltaLink" if is_last else "@odata.nextLink": url,
            "value": state.entries[position.offset : end],
        }


def _resync(reading: Reading) -> GraphError:
    start = link(reading.request.root, reading.request.path, reading.options.raw, option="deltatoken", token="")
    return GraphError(
        410,
        "syncStateNotFound",
        "The sync state generation is not found; a full resync is required.",
        {"Location": start},
    )


def _relations(reading: Reading) -> tuple[str, ...]:
    """Selected relations; groups bring their members if nothing is selected."""
    path = reading.address.route.path.removesuffix("/delta")
    if reading.options.select is None:
        return _DEFAULT_RELATIONS.get(path, ())
    known = graph_types()[reading.address.route.type or ""].navigation
    return tuple(name for name in reading.options.select if name in known)


def _current(reading: Reading) -> Iterator[tuple[Entity, dict[str, Any], dict[str, list[dict[str, str]]]]]:
    """Yield every object in scope with its shown properties and its members by relation."""
    path = reading.address.route.path.removesuffix("/delta")
    directory, relations = reading.directory, _relations(reading)
    expression = reading.options.filter
    matches = compile_filter(expression) if expression is not None else lambda _: True
    wanted = [entity for entity in directory.collection(path) if matches(entity)]
    shown = _shown_properties(("id", *_plain_names(reading, relations)), wanted)
    for entity, properties in zip(wanted, shown, strict=True):
        yield entity, properties, {name: _members(directory, path, entity, name) for name in relations}


def _plain_names(reading: Reading, relations: tuple[str, ...]) -> tuple[str, ...]:
    if reading.options.select is None:
        return tuple(graph_types()[reading.address.route.type or ""].properties)
    return tuple(name for name in reading.options.select if name not in relations)


def _shown_properties(names: tuple[str, ...], wanted: list[Entity]) -> list[dict[str, Any]]:
    """A property that was never set is left out of a delta answer."""
    heads = tuple(dict.fromkeys(name.split("/")[0] for name in names))
    return [{name: entity[name] for name in heads if entity.get(name) is not None} for entity in wanted]


def _members(directory: Directory, path: str, entity: Entity, relation: str) -> list[dict[str, str]]:
    found = directory.related(f"{path}/{entity['id']}/{relation}")
    return [{"@odata.type": f"#microsoft.graph.{one.type_name}", "id": one.entity["id"]} for one in found]


def _fingerprint(shown: Mapping[str, Any], related: Mapping[str, list[dict[str, str]]]) -> Fingerprint:
    return Fingerprint(
        properties=hash(encode(shown)),
        relations={name: frozenset(member["id"] for member in members) for name, members in related.items()},
    )


def _changed(
    found: list[tuple[Entity, dict[str, Any], dict[str, list[dict[str, str]]]]],
    before: Mapping[str, Fingerprint],
    after: Mapping[str, Fingerprint],
) -> Iterator[Mapping[str, Any]]:
    for entity, shown, related in found:
        known = before.get(entity["id"])
        if known == after[entity["id"]]:
            continue
        changes = {
            f"{name}@delta": _member_changes(
                members, known.relations.get(name, frozenset()) if known else frozenset()
            )
            for name, members in related.items()
        }
        yield from _in_pieces(shown, {name: rows for name, rows in changes.items() if rows})


def _member_changes(members: list[dict[str, str]], before: frozenset[str]) -> list[dict[str, Any]]:
    now = {member["id"] for member in members}
    added: list[dict[str, Any]] = [dict(member) for member in members if member["id"] not in before]
    gone = [{"id": one, "@removed": {"reason": "deleted"}} for one in sorted(before - now)]
    return added + gone


def _in_pieces(shown: Mapping[str, Any], changes: Mapping[str, list[dict[str, Any]]]) -> Iterator[Mapping[str, Any]]:
    """A group with many members comes in several entries, each with a part of them."""
    longest = max((len(rows) for rows in changes.values()), default=0)
    for start in range(0, max(longest, 1), PAGE_MEMBERS):
        parts = {name: rows[start : start + PAGE_MEMBERS] for name, rows in changes.items()}
        yield {**shown, **{name: rows for name, rows in parts.items() if rows}}


def _removed(
    directory: Directory, before: Mapping[str, Fingerprint], after: Mapping[str, Fingerprint]
) -> Iterator[Mapping[str, Any]]:
    """``changed`` means soft-deleted and restorable, ``deleted`` means gone for good."""
    restorable = {item["id"] for item in directory.collection("directory/deletedItems")}
    for one in before:
        if one not in after:
            yield {"id": one, "@removed": {"reason": "changed" if one in restorable else "deleted"}}


def _page_end(entries: tuple[Mapping[str, Any], ...], start: int) -> int:
    """Cut a page after PAGE_ITEMS entries or once it holds PAGE_MEMBERS members, whichever comes first."""
    members = 0
    for at in range(start, min(start + PAGE_ITEMS, len(entries))):
        members += sum(len(v) for k, v in entries[at].items() if k.endswith("@delta"))
        if members >= PAGE_MEMBERS:
            return at + 1
    return min(start + PAGE_ITEMS, len(entries))
