"""All checks and actions, and the choice of checks that somebody wants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from posture.definitions.action_files import ActionFiles
from posture.definitions.check_file import load_check
from posture.definitions.collecting import seldom_collecting
from posture.definitions.content import content_directory
from posture.definitions.dictionary import Dictionary, did_you_mean
from posture.definitions.loaded import LoadedCheck
from posture.definitions.loaded_action import LoadedAction
from posture.definitions.reads import Lineage, lineage_over
from posture.definitions.vocabulary import TAGS
from posture.domain.check import CheckId
from posture.errors import DefinitionError, DefinitionErrors, SettingsError, UsageError

_SUFFIXES = (".yaml", ".yml")


class Catalog:
    """The checks there are, sorted by id, and the actions."""

    def __init__(self, checks: Iterable[LoadedCheck], actions: ActionFiles) -> None:
        self.checks = tuple(sorted(checks, key=lambda loaded: loaded.check.id))
        self._actions = actions

    @cached_property
    def _by_id(self) -> dict[str, LoadedCheck]:
        return {str(loaded.check.id): loaded for loaded in self.checks}

    @property
    def ids(self) -> frozenset[CheckId]:
        """The ids of all checks."""
        return frozenset(loaded.check.id for loaded in self.checks)

    @property
    def actions(self) -> tuple[LoadedAction, ...]:
        """The actions, sorted by id; they are loaded when somebody asks.

        Raises:
            DefinitionErrors: action files are wrong; all of them are told at once.
        """
        return self._actions.load_all()

    @property
    def action_ids(self) -> frozenset[str]:
        """The ids of all actions."""
        return self._actions.ids

    def action(self, action_id: str) -> LoadedAction:
        """Return one action.

        Raises:
            UsageError: there is none of this id; the nearest id is named.
            DefinitionError: its file is wrong.
        """
        return self._actions.load(action_id)

    def check(self, check_id: str) -> LoadedCheck:
        """Return one check.

        Raises:
            UsageError: there is none of this id; the nearest id is named.
        """
        found = self._by_id.get(check_id)
        if found is None:
            advice = did_you_mean(check_id, self._by_id, otherwise="posture checks list shows what there is.")
            raise UsageError(f'there is no check "{check_id}". {advice}')
        return found

    def select(
        self, *, only: Collection[str] = (), skip: Collection[str] = (), tags: Collection[str] = ()
    ) -> tuple[LoadedCheck, ...]:
        """Return the checks named in ``only`` (all if it is empty) that have one of ``tags`` and are not in ``skip``.

        Raises:
            UsageError: an id or a tag does not exist.
        """
        for check_id in (*only, *skip):
            self.check(check_id)
        for tag in tags:
            if tag not in TAGS:
                advice = did_you_mean(tag, TAGS, otherwise=f"There are: {', '.join(sorted(TAGS))}.")
                raise UsageError(f'there is no tag "{tag}". {advice}')
        return tuple(
            loaded
            for loaded in self.checks
            if (not only or loaded.check.id in only)
            and loaded.check.id not in skip
            and (not tags or not frozenset(tags).isdisjoint(loaded.check.tags))
        )


def load_catalog(
    directories: Sequence[Path],
    dictionary: Dictionary,
    *,
    shipped: Path | None = None,
    action_directories: Sequence[Path] = (),
) -> Catalog:
    """Load the shipped checks and those of further directories, at any depth; find the actions in the same way.

    ``shipped`` is where the shipped checks are; None looks where the package has them.

    Raises:
        DefinitionErrors: files are wrong, or an id is used twice; all of them are told at once.
        SettingsError: a directory does not exist.
    """
    home = shipped if shipped is not None else content_directory("checks")
    files = [*_content(home, directories, setting="checks.directories")]
    return _load(files, lineage_over(dictionary), _action_files(action_directories, dictionary))


def load_checks(paths: Sequence[Path], dictionary: Dictionary, *, action_directories: Sequence[Path] = ()) -> Catalog:
    """Load single files or whole directories as somebody's own checks.

    Raises:
        DefinitionErrors: files are wrong, or an id is used twice; all of them are told at once.
        SettingsError: a directory does not exist.
        UsageError: a path does not exist.
    """
    return _load(_own(paths), lineage_over(dictionary), _action_files(action_directories, dictionary))


def load_actions(paths: Sequence[Path], dictionary: Dictionary) -> tuple[LoadedAction, ...]:
    """Load single files or whole directories as somebody's own actions, sorted by id.

    Raises:
        DefinitionErrors: files are wrong, or an id is used twice; all of them are told at once.
        UsageError: a path does not exist.
    """
    return ActionFiles(_own(paths), dictionary).load_all()


def _action_files(directories: Sequence[Path], dictionary: Dictionary) -> ActionFiles:
    home = content_directory("actions")
    return ActionFiles(_content(home, directories, setting="actions.directories"), dictionary)


def _content(home: Path, directories: Sequence[Path], *, setting: str) -> Iterator[tuple[Path, bool]]:
    yield from ((path, False) for path in _files(home))
    for directory in directories:
        if not directory.is_dir():
            raise SettingsError(f"{setting}: there is no directory {directory}. Create it, or take it out.")
        yield from ((path, True) for path in _files(directory))


def _own(paths: Sequence[Path]) -> Sequence[tuple[Path, bool]]:
    files: list[tuple[Path, bool]] = []
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no file or directory {path}.")
        files += [(file, True) for file in (_files(path) if path.is_dir() else [path])]
    return files


@seldom_collecting()
def _load(files: Iterable[tuple[Path, bool]], lineage: Lineage, actions: ActionFiles) -> Catalog:
    loaded: dict[str, LoadedCheck] = {}
    errors: list[DefinitionError] = []
    for path, is_local in files:
        try:
            check = load_check(path, lineage=lineage, actions=actions, is_local=is_local)
        except DefinitionError as error:
            errors.append(error)
            continue
        first = loaded.setdefault(check.check.id, check)
        if first is not check:
            errors.append(_used_twice(check, first))
    if errors:
        raise DefinitionErrors(errors)
    return Catalog(loaded.values(), actions)


def _used_twice(second: LoadedCheck, first: LoadedCheck) -> DefinitionError:
    at = second.document.locate(("id",))
    problem = f'the id "{second.check.id}" is used by {first.check.path} already'
    return DefinitionError(problem, at=at, advice="Rename the file and its id, or remove one of the two.")


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
