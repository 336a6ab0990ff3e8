"""One request that changes a tenant, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from posture.domain.judgement import Value


@dataclass(frozen=True, kw_only=True)
class GraphRequest:
    """``path`` is below the version root, percent-encoded. ``secrets`` are texts in the body that nobody may see.

    ``may_repeat`` says that sending it twice does no more than sending it once.
    """

    method: str
    path: str
    body: Mapping[str, Value] | None = field(repr=False)
    may_repeat: bool
    secrets: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Graph answered. ``body`` is its JSON object, empty if there is none; it may hold secrets and is not shown.

    ``error`` is Graph's code and sentence if the status is no success. ``asked_wait`` is how many seconds it wants to
    be left alone; None if it did not say.
    """

    status: int
    body: Mapping[str, Value] = field(repr=False)
    error: str | None
    request_id: str | None
    asked_wait: float | None = None


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Nobody knows whether the request was carried out. ``why`` is a sentence."""

    why: str
