"""Whether settings name checks and parameters that exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from posture.config.settings import Settings
from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import Step
from posture.errors import Location, SettingsError


def refuse_unknown_checks(settings: Settings, known: Mapping[str, Collection[str]]) -> None:
    """Compare every check id and parameter name in the settings with the catalog: check id → parameter names.

    Raises:
        SettingsError: one is not there; with file, line, column and the nearest known name.
    """
    places: list[tuple[Step, ...]] = [("checks",)]
    places += [("tenants", position, "checks") for position in range(len(settings.tenants))]
    for place in places:
        for steps, check in _named(settings, place, ("only", "skip")):
            _refuse_check(check, known, settings.document.locate(steps))
        for check, names in _parameters(settings, place):
            _refuse_parameters(settings, (*place, "params", check), names, known)
    for position in range(len(settings.notify.routes)):
        for steps, check in _named(settings, ("notify", "routes", position, "match"), ("checks",)):
            _refuse_check(check, known, settings.document.locate(steps))


def _refuse_check(check: str, known: Collection[str], at: Location) -> None:
    if check not in known:
        raise unknown_name("check", check, known, at, "posture checks list")


def _refuse_parameters(
    settings: Settings, steps: tuple[Step, ...], names: list[str], known: Mapping[str, Collection[str]]
) -> None:
    check = str(steps[-1])
    _refuse_check(check, known, settings.document.locate_key(steps))
    for name in names:
        if name not in known[check]:
            at = settings.document.locate_key((*steps, name))
            raise unknown_name(f"parameter of {check}", name, known[check], at, f"posture checks show {check}")


def _named(
    settings: Settings, place: tuple[Step, ...], keys: Sequence[str]
) -> Iterator[tuple[tuple[Step, ...], str]]:
    for key in keys:
        names = settings.document.at((*place, key))
        if isinstance(names, list):
            yield from (((*place, key, position), str(name)) for position, name in enumerate(names))


def _parameters(settings: Settings, place: tuple[Step, ...]) -> Iterator[tuple[str, list[str]]]:
    given = settings.document.at((*place, "params"))
    if isinstance(given, dict):
        yield from ((check, list(names)) for check, names in given.items() if isinstance(names, dict))


def unknown_name(what: str, name: str, known: Collection[str], at: Location, command: str) -> SettingsError:
    """Return the error about a name at a place of the file; ``command`` shows the known ones."""
    advice = did_you_mean(name, known, otherwise=f"{command} shows what there is.")
    return SettingsError(f'{at}: there is no {what} "{name}". {advice}')
