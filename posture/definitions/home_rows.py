"""The rows of a check that writes none: those of its resource type's home table."""

from __future__ import annotations

import re
from typing import Final

from posture.definitions.check_model import CheckModel, SeverityModel
from posture.definitions.dictionary import Dictionary
from posture.tables.table import ResourceType

REQUIRED_COLUMNS: Final = ("resource_id", "resource_name")
"""What the rows of every check return."""


def home_rows(model: CheckModel, resource: ResourceType, dictionary: Dictionary) -> str:
    """Return the SELECT over the home table: only columns that the file names, so no more is asked of Graph."""
    words = {*model.identity, *model.evidence}
    for text in (model.message.fail, model.message.unknown, model.applies_when, model.fail_when):
        words.update(re.findall(r"\w+", str(text).lower()))
    if isinstance(model.severity, SeverityModel):
        words.update(re.findall(r"\w+", model.severity.critical_when.lower()))
    chosen = [
        f"{dictionary.id_column(resource.table)} as resource_id",
        f"{resource.name_column} as resource_name",
        *(name for name in dictionary.columns(resource.table) if name in words),
    ]
    return f"select {', '.join(chosen)} from {resource.table}"  # noqa: S608 - the names are the dictionary's
