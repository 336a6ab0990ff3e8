"""SQL of a definition, parsed: the tree, the tokens, and where in the text something stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

_DUCKDB = DuckDB()
# Where sqlglot begins to speak of its own classes.
_INTERNALS = re.compile(r" (?:for|but got) <")


class SqlRefused(Exception):
    """A piece of SQL cannot be accepted. ``offset`` counts characters from its beginning.

    Whoever knows the file turns it into a DefinitionError.
    """

    def __init__(self, problem: str, *, offset: int, advice: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset
        self.advice = advice


@dataclass(frozen=True, kw_only=True, eq=False)
class ParsedSql:
    """One statement or one condition."""

    text: str
    tree: exp.Expr
    tokens: tuple[Token, ...]

    @cached_property
    def parameters(self) -> dict[str, int]:
        """Map the name of each ``$parameter`` to the offset of its first use."""
        found: dict[str, int] = {}
        for before, token in zip(self.tokens, self.tokens[1:], strict=False):
            if before.token_type is TokenType.PARAMETER:
                found.setdefault(token.text, before.start)
        return found

    @cached_property
    def strings(self) -> frozenset[str]:
        """The text literals."""
        return frozenset(token.text for token in self.tokens if token.token_type is TokenType.STRING)

    @cached_property
    def integers(self) -> frozenset[int]:
        """The whole numbers that stand in the text."""
        numbers = (token.text for token in self.tokens if token.token_type is TokenType.NUMBER)
        return frozenset(int(text) for text in numbers if text.isdigit() and len(text) < 16)

    def offset_of(self, node: exp.Expr) -> int:
        """Return where a node begins, or something inside it; 0 if nobody knows."""
        starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
        return min(starts, default=0)

    def offset_of_word(self, words: Iterable[str]) -> int:
        """Return where one of the words (lower case) first stands as a word of SQL; 0 if none does."""
        wanted = frozenset(words)
        return next((token.start for token in self.tokens if token.text.lower() in wanted), 0)

    def refuse(self, node: exp.Expr, problem: str, advice: str) -> SqlRefused:
        """Return the error that points at a node."""
        return SqlRefused(problem, offset=self.offset_of(node), advice=advice)


def parse_select(text: str) -> ParsedSql:
    """Parse one SELECT.

    Raises:
        SqlRefused: it does not parse, is several statements, or something else than a SELECT.
    """
    parsed = _parse(text)
    if not isinstance(parsed.tree, exp.Query):
        raise SqlRefused("only a SELECT is allowed here", offset=0, advice="SQL here reads; it changes nothing.")
    return parsed


def parse_condition(text: str) -> ParsedSql:
    """Parse one SQL condition.

    Raises:
        SqlRefused: it does not parse, or is a statement.
    """
    parsed = _parse(text)
    is_statement = isinstance(parsed.tree, exp.Query) and not isinstance(parsed.tree, exp.Subquery)
    if is_statement or not isinstance(parsed.tree, exp.Condition | exp.Subquery):
        raise SqlRefused("this is not a condition", offset=0, advice="Write one expression that is true or false.")
    return parsed


def _parse(text: str) -> ParsedSql:
    try:
        tokens = _DUCKDB.tokenize(text)
        trees = [tree for tree in _DUCKDB.parser().parse(tokens, text) if tree is not None]
    except TokenError as problem:
        raise SqlRefused("a quote or a comment in this SQL does not end", offset=0, advice="Close it.") from problem
    except ParseError as problem:
        raise _syntax_error(text, problem) from problem
    except RecursionError as problem:
        raise SqlRefused("this SQL is nested too deeply", offset=0, advice="Simplify it.") from problem
    if len(trees) != 1:
        semicolon = next((token.start for token in tokens if token.token_type is TokenType.SEMICOLON), 0)
        raise SqlRefused(
            "exactly one statement is expected here", offset=semicolon, advice="Keep one, without a semicolon."
        )
    last = tokens[-1]
    if last.token_type is TokenType.SEMICOLON:
        raise SqlRefused("a semicolon ends this SQL", offset=last.start, advice="Leave it out.")
    return ParsedSql(text=text, tree=trees[0], tokens=tuple(tokens))


def _syntax_error(text: str, problem: ParseError) -> SqlRefused:
    first = problem.errors[0] if problem.errors else {}
    before, word = first.get("start_context") or "", first.get("highlight") or ""
    found = text.find(before + word)
    offset = found + len(before) if found >= 0 and word else 0
    near = f' near "{word}"' if word else ""
    said = _INTERNALS.split(str(first.get("description") or "syntax error"))[0].rstrip(".").lower()
    sentence = f"this is not SQL as DuckDB speaks it{near}: {said}"
    return SqlRefused(sentence, offset=offset, advice="Check brackets, commas and quotes.")
