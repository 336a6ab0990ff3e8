"""Answers reads: the items behind an address, filtered, sorted, cut into pages and written."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from posture.simulator.addresses import Address
from posture.simulator.contents import listing, single
from posture.simulator.directory import Directory, DirectoryObject
from posture.simulator.filter_matching import comparable, compile_filter
from posture.simulator.graph_facts import graph_types
from posture.simulator.messages import GraphRequest
from posture.simulator.paging import KeptLists, PagePosition, PageTokens, link, query_name
from posture.simulator.query_options import SIGN_IN_PAGE, QueryOptions
from posture.simulator.rendering import Rendering
from posture.simulator.throttling import asks_sign_in_activity


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One authorised read of one tenant; ``may_read`` tells for a type whether more than its id is shown."""

    directory: Directory
    address: Address
    options: QueryOptions
    request: GraphRequest
    may_read: Callable[[str], bool]

    @property
    def context(self) -> str:
        selected = self.options.raw.get("select")
        return f"{self.request.root}/{self.address.version}/$metadata#{_entity_set(self.address)}" + (
            f"({selected})" if selected else ""
        )

    @property
    def rendering(self) -> Rendering:
        return Rendering(
            directory=self.directory,
            declared=self.address.type_name,
            select=self.options.select,
            expand=self.options.expand,
            may_read=self.may_read,
        )


@dataclass(kw_only=True)
class Reader:
    """Reads for all tenants; keeps what later pages need."""

    tokens: PageTokens = field(default_factory=PageTokens)
    kept: KeptLists = field(default_factory=KeptLists)

    def single(self, reading: Reading) -> dict[str, Any]:
        found = single(reading.directory, reading.address)
        item = reading.rendering.item(found)
        return {"@odata.context": f"{reading.context}/$entity"} | item

    def count(self, reading: Reading) -> int:
        return len(self._matching(reading))

    def page(self, reading: Reading) -> dict[str, Any]:
        """Return one page of a collection with its next link, if there is one."""
        options, address = reading.options, reading.address
        position = self._position(reading)
        items, kept = self._items(reading, position)
        size = _page_size(address, options)
        body: dict[str, Any] = {"@odata.context": reading.context}
        if options.count and options.skip_token is None:
            body["@odata.count"] = len(items)
        end = position.offset + size
        if end < len(items):
            token = self.tokens.write(PagePosition(query=position.query, offset=end, kept=kept))
            body["@odata.nextLink"] = link(
                reading.request.root, reading.request.path, options.raw, option="skiptoken", token=token
            )
        body["value"] = reading.rendering.items(items[position.offset : end])
        return body

    def resume_link(self, reading: Reading) -> str:
        """Return a link to the very page that was asked for, with a token that differs from the one used."""
        options = reading.options
        position = self._position(reading)
        token = self.tokens.write(msgspec.structs.replace(position, salt=secrets.token_hex(4)))
        return link(reading.request.root, reading.request.path, options.raw, option="skiptoken", token=token)

    def _position(self, reading: Reading) -> PagePosition:
        options = reading.options
        query = query_name(reading.directory.tenant.tenant_id, reading.address.path, options.raw)
        if options.skip_token is not None:
            return self.tokens.read(options.skip_token, query)
        return PagePosition(query=query, offset=options.skip)

    def _items(self, reading: Reading, position: PagePosition) -> tuple[Sequence[DirectoryObject], str]:
        if not _needs_work(reading.options):
            return listing(reading.directory, reading.address), ""
        if position.kept:
            return self.kept.recall(position.kept, lambda: self._matching(reading)), position.kept
        items = self._matching(reading)
        return items, self.kept.keep(items)

    def _matching(self, reading: Reading) -> Sequence[DirectoryObject]:
        options = reading.options
        items = listing(reading.directory, reading.address)
        if options.filter is not None:
            items = _filtered(items, reading)
        for name, text in options.search:
            items = [item for item in items if text in str(item.entity.get(name, "")).casefold()]
        for path, is_descending in reversed(options.orderby):
            items = sorted(items, key=lambda item: _sort_key(item, path), reverse=is_descending)
        return items


def _needs_work(options: QueryOptions) -> bool:
    return options.filter is not None or bool(options.search) or bool(options.orderby)


def _filtered(items: Sequence[DirectoryObject], reading: Reading) -> Sequence[DirectoryObject]:
    expression = reading.options.filter
    if expression is None:
        return items
    matches = compile_filter(expression, own_type=reading.address.type_name or "")
    if asks_sign_in_activity(reading.address, reading.options):
        activity = reading.directory.tenant.sign_in_activity
        return [i for i in items if matches(i.entity | {"signInActivity": activity.get(i.entity["id"])})]
    return [item for item in items if matches(item.entity)]


def _sort_key(item: DirectoryObject, path: tuple[str, ...]) -> tuple[bool, str]:
    value: Any = item.entity
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return (value is not None, str(comparable(value)))


def _page_size(address: Address, options: QueryOptions) -> int:
    largest = SIGN_IN_PAGE if asks_sign_in_activity(address, options) else address.route.page_max
    return min(options.top or address.route.page_default, largest)


def _entity_set(address: Address) -> str:
    """Return the part of the context after ``#``: the entity set, or the type for relations."""
    type_name = address.type_name or ""
    if "{id}" in address.route.path and not address.route.path.endswith("/{id}"):
        known = type_name in graph_types()
        if type_name == "directoryObject":
            return "directoryObjects"
        return f"Collection(microsoft.graph.{type_name})" if known else address.path
    path = address.route.path.removesuffix("/{id}").removesuffix("/delta")
    return f"{type_name}s" if address.cast else path
