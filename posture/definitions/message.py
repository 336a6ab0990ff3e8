"""Messages of checks: a sentence with values of the row in it, in a small and total part of Jinja.

What the language could do beyond filling in values (loops, calls, attributes, arithmetic) is refused when the
check is loaded. What remains cannot fail, cannot run long, and cannot print anything that moves a cursor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from posture.definitions.dictionary import did_you_mean
from posture.domain.judgement import Value
from posture.domain.printable import printable

MAX_CHARACTERS: Final = 1_000
MAX_LISTED: Final = 20
UNKNOWN_WORD: Final = "unknown"
_SHOWN: Final = "shown"
_TIME_WITH_FRACTION: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z", re.ASCII)


class MessageRefused(Exception):
    """A message cannot be accepted; ``line`` counts from 1 within the message."""

    def __init__(self, problem: str, *, line: int, advice: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.advice = advice


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message that has been found good. ``names`` are the columns that it shows."""

    text: str
    names: frozenset[str]
    tree: nodes.Template

    @cached_property
    def _template(self) -> Template:
        # Compiling takes longer than all else that loading a check does to its messages, and few are ever shown.
        return _ENVIRONMENT.from_string(self.tree)

    def render(self, row: Mapping[str, Value]) -> str:
        """Return the sentence for one row, on one line, at most 1,000 characters, without control characters."""
        values = {name: row.get(name) for name in self.names}
        return printable(self._template.render(values).strip(), longest=MAX_CHARACTERS)


def parse_message(text: str, columns: Iterable[str] | None) -> Message:
    """Parse a message over rows with these columns; None if they cannot all be named.

    Raises:
        MessageRefused: it is no template, uses more of Jinja than values, or names a column that is not there.
    """
    try:
        tree = _ENVIRONMENT.parse(text.strip())
    except TemplateSyntaxError as problem:
        advice = "Write values as {{ column }}."
        raise MessageRefused(
            f"this message is no template: {problem.message}", line=problem.lineno, advice=advice
        ) from problem
    for node in tree.find_all(nodes.Node):
        _refuse_node(node)
    _show_what_is_joined(tree)
    names = {node.name: node.lineno for node in tree.find_all(nodes.Name)}
    if columns is not None:
        known = frozenset(columns)
        for name, line in names.items():
            if name not in known:
                advice = did_you_mean(name, known, otherwise=f"The columns are: {', '.join(sorted(known))}.")
                raise MessageRefused(f'rows have no column "{name}"', line=line, advice=advice)
    return Message(text=text, names=frozenset(names), tree=tree)


_ALLOWED_NODES: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr,
    nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Compare, nodes.Operand, nodes.Filter, nodes.Test,
)  # fmt: skip


def _refuse_node(node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED_NODES):
        kind = type(node).__name__.lower()
        raise MessageRefused(
            f"{kind} may not stand in a message", line=node.lineno, advice='Compute it in "rows" and show the column.'
        )
    if isinstance(node, nodes.Compare) and any(operand.op not in ("eq", "ne") for operand in node.ops):
        raise MessageRefused(
            "only == and != may compare in a message", line=node.lineno, advice='Compute it in "rows" instead.'
        )
    if isinstance(node, nodes.Test) and node.name != "none":
        raise MessageRefused(f'the test "{node.name}" is not supported', line=node.lineno, advice='Use "is none".')
    if isinstance(node, nodes.Filter):
        _refuse_filter(node)


def _refuse_filter(node: nodes.Filter) -> None:
    if node.name not in _FILTERS:
        advice = did_you_mean(node.name, _FILTERS, otherwise=f"Use one of: {', '.join(sorted(_FILTERS))}.")
        raise MessageRefused(f'the filter "{node.name}" is not supported', line=node.lineno, advice=advice)
    allowed = 1 if node.name in ("join", "default") else 0
    if len(node.args) > allowed or node.kwargs or node.dyn_args or node.dyn_kwargs:
        problem = f'the filter "{node.name}" takes {"one argument" if allowed else "no argument"} here'
        raise MessageRefused(problem, line=node.lineno, advice="Leave the rest out.")


def _show_what_is_joined(tree: nodes.Template) -> None:
    """Let ``a ~ b`` show its parts as people read them; by itself Jinja would write None."""
    for joined in tree.find_all(nodes.Concat):
        joined.nodes = [nodes.Filter(part, _SHOWN, [], [], None, None, lineno=joined.lineno) for part in joined.nodes]


def _shown(value: object) -> str:
    """Return a value of a row as people read it. Total: every value has a text."""
    if value is None:
        return UNKNOWN_WORD
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list | tuple):
        return _joined(value)
    return _to_the_second(str(value)[: MAX_CHARACTERS + 1])


def _to_the_second(text: str) -> str:
    """Return a time of a row without the fractions of its second, which nobody reads; any other text as it is."""
    time = _TIME_WITH_FRACTION.fullmatch(text)
    return f"{time[1]}Z" if time else text


def _joined(value: object, separator: object = ", ") -> str:
    if not isinstance(value, list | tuple):
        return _shown(value)
    shown = str(separator)[:20].join(_shown(item) for item in value[:MAX_LISTED])
    more = len(value) - MAX_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _default(value: object, otherwise: object = "") -> object:
    return otherwise if value is None else value


def _length(value: object) -> object:
    return len(value) if isinstance(value, list | tuple | str | dict) else None


def _first(value: object) -> object:
    return value[0] if isinstance(value, list | tuple | str) and value else None


def _last(value: object) -> object:
    return value[-1] if isinstance(value, list | tuple | str) and value else None


def _sorted(value: object) -> object:
    return sorted(value, key=_shown) if isinstance(value, list | tuple) else value


def _finalized(value: object) -> str:
    return _shown(value)


_FILTERS: Final[dict[str, Callable[..., object]]] = {
    "join": _joined,
    "default": _default,
    "length": _length,
    "first": _first,
    "last": _last,
    "sort": _sorted,
    "lower": lambda value: _shown(value).lower(),
    "upper": lambda value: _shown(value).upper(),
    "trim": lambda value: _shown(value).strip(),
}


def _environment() -> ImmutableSandboxedEnvironment:
    # Not HTML: reports escape what they print, for the place where they print it.
    environment = ImmutableSandboxedEnvironment(
        autoescape=False,
        undefined=StrictUndefined,
        finalize=_finalized,
    )
    environment.filters = {**_FILTERS, _SHOWN: _shown}
    environment.globals = {}
    return environment


_ENVIRONMENT: Final = _environment()
