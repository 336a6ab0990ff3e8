"""The action files there are. Loading them takes time, and a scan needs none: each waits until somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from posture.definitions.action_file import load_action
from posture.definitions.dictionary import Dictionary, did_you_mean
from posture.definitions.loaded_action import LoadedAction
from posture.definitions.reads import Lineage
from posture.definitions.yaml_source import read_yaml
from posture.errors import DefinitionError, DefinitionErrors, Location, UsageError
from posture.tables.live import ONLY_LIVE


class ActionFiles:
    """Action files by id, which is the stem of the file's name. Each file comes with whether it is a local one."""

    def __init__(self, files: Iterable[tuple[Path, bool]], dictionary: Dictionary) -> None:
        """Take the files; nothing is read yet.

        Raises:
            DefinitionErrors: two files have the same stem.
        """
        self._dictionary = dictionary
        self._files: dict[str, tuple[Path, bool]] = {}
        self._loaded: dict[str, LoadedAction] = {}
        self._resources: dict[str, str | None] = {}
        errors: list[DefinitionError] = []
        for path, is_local in files:
            first, _ = self._files.setdefault(path.stem, (path, is_local))
            if first != path:
                at = Location(path=path, line=1, column=1)
                advice = "Rename the file and its id, or remove one of the two."
                errors.append(
                    DefinitionError(f'the id "{path.stem}" is used by {first} already', at=at, advice=advice)
                )
        if errors:
            raise DefinitionErrors(errors)

    @cached_property
    def _lineage(self) -> Lineage:
        return Lineage(self._dictionary.with_tables(ONLY_LIVE))

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all actions."""
        return frozenset(self._files)

    def resource_of(self, action_id: str) -> str | None:
        """Return the resource type that a known action says it changes; None if it says none.

        Raises:
            DefinitionError: the file is no YAML.
        """
        if action_id not in self._resources:
            said = read_yaml(self._files[action_id][0]).value.get("resource")
            self._resources[action_id] = said if isinstance(said, str) else None
        return self._resources[action_id]

    def load(self, action_id: str) -> LoadedAction:
        """Return one action.

        Raises:
            UsageError: there is none of this id; the nearest id is named.
            DefinitionError: its file is wrong.
        """
        if action_id not in self._files:
            advice = did_you_mean(action_id, self._files, otherwise="posture actions list shows what there is.")
            raise UsageError(f'there is no action "{action_id}". {advice}')
        if action_id not in self._loaded:
            path, is_local = self._files[action_id]
            self._loaded[action_id] = load_action(path, lineage=self._lineage, is_local=is_local)
        return self._loaded[action_id]

    def load_all(self) -> tuple[LoadedAction, ...]:
        """Return all actions, sorted by id.

        Raises:
            DefinitionErrors: files are wrong; all of them are told at once.
        """
        found: list[LoadedAction] = []
        errors: list[DefinitionError] = []
        for action_id in sorted(self._files):
            try:
                found.append(self.load(action_id))
            except DefinitionError as error:
                errors.append(error)
        if errors:
            raise DefinitionErrors(errors)
        return tuple(found)
