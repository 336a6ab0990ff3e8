"""Refusals of SQL told with their place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from posture.definitions.sql_text import SqlRefused
from posture.definitions.yaml_source import Step, YamlDocument
from posture.errors import DefinitionError


@contextmanager
def refusals_at(document: YamlDocument, steps: Sequence[Step]) -> Iterator[None]:
    """Turn a refusal of the SQL that stands at ``steps`` into an error of the file.

    Raises:
        DefinitionError: the SQL was refused.
    """
    try:
        yield
    except SqlRefused as refused:
        location = document.locate_within(steps, refused.offset)
        raise DefinitionError(refused.problem, at=location, advice=refused.advice) from refused
