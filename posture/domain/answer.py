"""Answers that are given once: who repeats a request with the same key gets the first answer again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

KEPT_FOR: Final = timedelta(hours=24)
"""How long an answer is kept; the same key is a new one then."""

ANSWERS_WITHIN: Final = timedelta(minutes=2)
"""A request that takes longer was cut off: nobody knows what came of it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered. ``body`` holds no secrets."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, kw_only=True)
class FirstRequest:
    """Nobody asked with this key before. It is taken now: answer, and write down what was answered."""


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """The same was asked before and answered like this."""

    answer: Answer


@dataclass(frozen=True, kw_only=True)
class StillAnswering:
    """The same was asked before, and there is no answer yet. ``is_cut_off``: there will be none any more, for the
    process that was at it has died; what it did before is not known."""

    since: datetime
    is_cut_off: bool


@dataclass(frozen=True, kw_only=True)
class OtherRequest:
    """Something else was asked with this key before."""


Begun = FirstRequest | Repeated | StillAnswering | OtherRequest
