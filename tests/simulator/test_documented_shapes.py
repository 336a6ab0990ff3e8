"""What the simulator serves has the shape of the answers printed in Microsoft's reference.

``documented_shapes.json`` maps a path to its documented properties and the JSON kinds seen there; nested
properties are written ``a.b``, items of lists ``a[]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.builders import InProcess, in_process
from tests.simulator.test_typed_models import TENANT

DOCUMENTED: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parent / "documented_shapes.json").read_text(encoding="utf-8")
)
SERVED = sorted(p for p in DOCUMENTED if TENANT.collections.get(p) or p in TENANT.singletons)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> InProcess:
    return in_process(tmp_path_factory.mktemp("shapes"), TENANT)


def kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "list", dict: "object"}
    return kinds.get(type(value), "null")


def shape(entity: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every property path of an entity with its JSON kind, annotations left out."""
    for name, value in entity.items():
        if "@" in name:
            continue
        path = f"{prefix}{name}"
        yield path, kind(value)
        if isinstance(value, dict):
            yield from shape(value, f"{path}.")
        for item in value if isinstance(value, list) else ():
            yield f"{path}[]", kind(item)
            if isinstance(item, dict):
                yield from shape(item, f"{path}[].")


def served(company: InProcess, path: str) -> dict[str, set[str]]:
    select = ""
    if path == "users":
        select = "?$select=" + ",".join(sorted(n for n in DOCUMENTED[path] if "." not in n and "[" not in n))
    found: dict[str, set[str]] = {}
    for page in company.pages(f"/v1.0/{path}{select}"):
        for entity in page.body.get("value", [page.body]):
            for name, one in shape(entity):
                found.setdefault(name, set()).add(one)
    return found


@pytest.mark.parametrize("path", SERVED)
def test_properties_have_the_documented_kinds(company: InProcess, path: str) -> None:
    documented = DOCUMENTED[path]
    wrong = {
        name: (sorted(kinds), documented[name])
        for name, kinds in served(company, path).items()
        if name in documented and not _agrees(kinds, set(documented[name]))
    }

    assert wrong == {}


def _agrees(shown: set[str], documented: set[str]) -> bool:
    """A value that is null on one side says nothing about its kind."""
    return shown - {"null"} <= documented - {"null"} or documented == {"null"}


@pytest.mark.parametrize("path", SERVED)
def test_most_documented_properties_are_served(company: InProcess, path: str) -> None:
    top = {name for name in DOCUMENTED[path] if "." not in name and "[" not in name}

    missing = top - set(served(company, path))

    assert len(missing) <= len(top) // 2, sorted(missing)


def test_another_kind_would_be_noticed() -> None:
    assert dict(shape({"a": [{"b": 1}]})) == {"a": "list", "a[]": "object", "a[].b": "number"}
    assert not _agrees({"number"}, {"string"})
