"""The language of ``$filter``: text to a tree.

Supported: ``eq ne gt ge lt le in``, ``and or not``, parentheses, ``startswith endswith contains``, ``any`` with a
lambda, ``has`` on flags, null, strings, numbers, booleans, dates and GUIDs. Anything else is refused with 400.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from posture.simulator.graph_errors import GraphError, bad_request

Literal = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``path operator value``; for ``in`` the values are several."""

    path: tuple[str, ...]
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, kw_only=True)
class Function:
    """``startswith(path, 'text')`` and its sisters; the name is in lower case."""

    path: tuple[str, ...]
    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TypeTest:
    """``isof('microsoft.graph.x')``; the name is without namespace."""

    type_name: str


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    """``path/any(variable:condition)``; without a condition it asks whether the collection has items."""

    path: tuple[str, ...]
    variable: str
    condition: Expression | None


@dataclass(frozen=True, kw_only=True)
class Negation:
    condition: Expression


@dataclass(frozen=True, kw_only=True)
class Junction:
    """``and`` or ``or`` over two or more conditions."""

    operator: str
    conditions: tuple[Expression, ...]


Expression = Comparison | Function | TypeTest | AnyOf | Negation | Junction

_OPERATORS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "has"})
_FUNCTIONS = frozenset({"startswith", "endswith", "contains"})
_LONGEST = 8_000
_DEEPEST = 40
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^']|'')*')
    | (?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d))?(?![\w-]))
    | (?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.-]))
    | (?P<name>[A-Za-z_@][\w.@-]*(?:/[A-Za-z_$][\w.]*)*)
    | (?P<mark>[(),:])
    )""",
    re.VERBOSE,
)


def parse_filter(text: str) -> Expression:
    """Return the tree of a ``$filter``; raise a 400 GraphError that shows where it stopped making sense."""
    if len(text) > _LONGEST:
        raise bad_request("The request URI is too long.")
    parser = _Parser(text)
    expression = parser.disjunction()
    if parser.kind != "end":
        raise parser.wrong()
    return expression


class _Parser:
    """Recursive descent over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self.kind = "end"
        self.value = ""
        self._advance()

    def _advance(self) -> None:
        if not self._text[self._at :].strip():
            self.kind, self.value = "end", ""
            return
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            raise self.wrong()
        self.kind, self.value = found.lastgroup, found.group(found.lastgroup)
        self._at = found.end()

    def wrong(self) -> GraphError:
        return bad_request(f"Invalid filter clause: syntax error at position {self._at} in '{self._text[:500]}'.")

    def _is(self, kind: str, value: str) -> bool:
        return self.kind == kind and self.value.lower() == value

    def _take(self, kind: str, value: str | None = None) -> str:
        if self.kind != kind or (value is not None and self.value.lower() != value):
            raise self.wrong()
        taken = self.value
        self._advance()
        return taken

    def disjunction(self) -> Expression:
        return self._joined("or", [self._conjunction()])

    def _conjunction(self) -> Expression:
        return self._joined("and", [self._negation()])

    def _joined(self, word: str, conditions: list[Expression]) -> Expression:
        while self._is("name", word):
            self._advance()
            conditions.append(self._conjunction() if word == "or" else self._negation())
        if len(conditions) == 1:
            return conditions[0]
        return Junction(operator=word, conditions=tuple(conditions))

    def _negation(self) -> Expression:
        if self._is("name", "not"):
            self._advance()
            return Negation(condition=self._nested(self._negation))
        return self._nested(self._primary)

    def _nested(self, read: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise bad_request("The filter is nested too deeply.")
        expression = read()
        self._depth -= 1
        return expression

    def _primary(self) -> Expression:
        if self._is("mark", "("):
            self._advance()
            expression = self.disjunction()
            self._take("mark", ")")
            return expression
        name = self._take("name")
        if self._is("mark", "("):
            return self._call(name)
        return self._comparison(tuple(name.split("/")))

    def _call(self, name: str) -> Expression:
        if name.lower() in _FUNCTIONS:
            return self._function(name.lower())
        if name.lower() == "isof":
            return self._type_test()
        if name.endswith("/any"):
            return self._any(tuple(name.split("/")[:-1]))
        raise bad_request(f"Invalid filter clause: unknown function '{name}'.")

    def _function(self, name: str) -> Expression:
        self._take("mark", "(")
        path = tuple(self._take("name").split("/"))
        self._take("mark", ",")
        text = _unquote(self._take("string"))
        self._take("mark", ")")
        if self._is("name", "eq"):
            self._advance()
            wanted = self._take("name").lower()
            if wanted not in {"true", "false"}:
                raise self.wrong()
            function = Function(path=path, name=name, text=text)
            return function if wanted == "true" else Negation(condition=function)
        return Function(path=path, name=name, text=text)

    def _type_test(self) -> Expression:
        self._take("mark", "(")
        name = _unquote(self._take("string"))
        self._take("mark", ")")
        return TypeTest(type_name=name.removeprefix("microsoft.graph."))

    def _any(self, path: tuple[str, ...]) -> Expression:
        self._take("mark", "(")
        if self._is("mark", ")"):
            self._advance()
            return AnyOf(path=path, variable="", condition=None)
        variable = self._take("name")
        self._take("mark", ":")
        condition = self._nested(self.disjunction)
        self._take("mark", ")")
        return AnyOf(path=path, variable=variable, condition=condition)

    def _comparison(self, path: tuple[str, ...]) -> Expression:
        operator = self._take("name").lower()
        if operator == "in":
            return Comparison(path=path, operator="in", values=self._list())
        if operator not in _OPERATORS:
            raise bad_request(f"Invalid filter clause: unknown operator '{operator}'.")
        return Comparison(path=path, operator=operator, values=(self._literal(),))

    def _list(self) -> tuple[Literal, ...]:
        self._take("mark", "(")
        values = [self._literal()]
        while self._is("mark", ","):
            self._advance()
            values.append(self._literal())
        self._take("mark", ")")
        return tuple(values)

    def _literal(self) -> Literal:
        kind, text = self.kind, self.value
        if kind in {"end", "mark"}:
            raise self.wrong()
        self._advance()
        if kind == "string":
            return _unquote(text)
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "name":
            return self._word(text)
        return text

    def _word(self, text: str) -> Literal:
        words: dict[str, Literal] = {"null": None, "true": True, "false": False}
        if text.lower() not in words:
            raise bad_request(f"Invalid filter clause: a value was expected where '{text}' stands.")
        return words[text.lower()]


def _unquote(quoted: str) -> str:
    return quoted[1:-1].replace("''", "'")
