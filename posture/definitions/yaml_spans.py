"""Where values stand in a YAML text, and their characters there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml


class Span(NamedTuple):
    """Where a value stands, zero-based; ``is_block`` is a literal or folded block with a header line."""

    line: int
    column: int
    end_line: int
    end_column: int
    is_block: bool


def span_of(event: yaml.Event) -> Span:
    """Return where the value of a parser event stands."""
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        return Span(0, 0, 0, 0, False)
    is_block = getattr(event, "style", None) in ("|", ">")
    return Span(start.line, start.column, end.line, end.column, is_block)


def written(text: str, span: Span) -> Iterator[tuple[int, int, str]]:
    """Yield the characters of a text value as written, with line and column, without header or quotes."""
    lines = text.split("\n")
    first = span.line + 1 if span.is_block else span.line
    for number in range(first, min(span.end_line + 1, len(lines))):
        line = lines[number]
        begin = span.column if number == span.line else 0
        if number == span.line and line[begin : begin + 1] in ("'", '"'):
            begin += 1
        end = span.end_column if number == span.end_line else len(line)
        yield from ((number, column, line[column]) for column in range(begin, min(end, len(line))))
