"""The sandbox that templates of messages run in.

Their authors are trusted to write words, not code; what they fill in comes from directories and is hostile. So there
are no globals, a short list of filters, and a name that does not exist is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, Undefined, pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from posture.definitions.content import content_directory
from posture.domain.counted import counted

UNKNOWN_WORD: Final = "not known"

# Left out: what calls text safe (safe, tojson, xmlattr), makes links (urlize), or can fill memory (center, indent).
_KEPT: Final = (
    "batch", "capitalize", "default", "dictsort", "first", "groupby", "int", "items", "join", "last", "length",
    "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "select",
    "selectattr", "sort", "sum", "title", "trim", "truncate", "unique", "upper",
)  # fmt: skip


class _Sandbox(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an item of a mapping before its methods: a fact may be called ``items``."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def html_environment(own: Path | None) -> ImmutableSandboxedEnvironment:
    """Return the environment of HTML: every expression is escaped."""
    return _environment(own, autoescape=True, finalize=_readable)


def text_environment(own: Path | None) -> ImmutableSandboxedEnvironment:
    """Return the environment of subjects and plain text."""
    return _environment(own, autoescape=False, finalize=_readable)


def card_environment(own: Path | None) -> ImmutableSandboxedEnvironment:
    """Return the environment of cards: every expression becomes one JSON literal, quotes and all."""
    return _environment(own, autoescape=True, finalize=_json_literal)


def _environment(
    own: Path | None, *, autoescape: bool, finalize: Callable[..., object]
) -> ImmutableSandboxedEnvironment:
    directories: Iterable[Path] = [*([own] if own else []), content_directory("templates")]
    environment = _Sandbox(
        loader=ChoiceLoader([FileSystemLoader(directory) for directory in directories]),
        autoescape=autoescape,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters = {name: FILTERS[name] for name in _KEPT} | {
        "when": when,
        "day": day,
        "counted": counted,
        "number": number,
        "shown": shown,
        "clip": clip,
    }
    environment.globals = {}
    return environment


def shown(value: object) -> str:
    """Return any value as people read it."""
    if value is None:
        return UNKNOWN_WORD
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) or "none"
    return str(value)


def when(value: object) -> str:
    """Return a time as people read it: ``2 March 2026, 08:00 UTC``. What is no time is shown as it is."""
    moment = _moment(value)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC" if moment else shown(value)


def day(value: object) -> str:
    """Return the day of a time: ``2 March 2026``."""
    moment = _moment(value)
    return f"{moment.day} {moment:%B %Y}" if moment else shown(value)


def number(value: object) -> str:
    """Return a whole number with its thousands apart: ``12,345``."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else shown(value)


def clip(value: object, longest: int = 80) -> str:
    """Return a text cut at so many characters, with "…" where something is missing."""
    text = shown(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _readable(value: object) -> object:
    # Text stays as it is: what macros return carries its mark of being escaped already. A name that does not exist
    # says so when it becomes text.
    return value if isinstance(value, str | Undefined) else shown(value)


# With the context it is asked when the template runs. Without, Jinja would escape constants as HTML beforehand.
@pass_context
def _json_literal(_: Context, value: object) -> object:
    if isinstance(value, Markup | Undefined):
        return value
    scalar = value if value is None or isinstance(value, str | bool | int | float) else shown(value)
    return Markup(json.dumps(scalar, ensure_ascii=False))  # noqa: S704  a JSON literal is what this escapes to
