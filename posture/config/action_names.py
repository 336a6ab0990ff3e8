"""Whether settings name actions that exist."""

from __future__ import annotations

from collections.abc import Collection

from posture.config.check_names import unknown_name
from posture.config.settings import Settings
from posture.definitions.yaml_source import Step


def refuse_unknown_actions(settings: Settings, known: Collection[str]) -> None:
    """Compare every action id in the settings with the ids of the catalog.

    Raises:
        SettingsError: one is not there; with file, line, column and the nearest known id.
    """
    places: list[tuple[Step, ...]] = [("remediation", "actions")]
    places += [("tenants", position, "remediation", "actions") for position in range(len(settings.tenants))]
    for place in places:
        named = settings.document.at(place)
        for action in named if isinstance(named, dict) else ():
            if action not in known:
                at = settings.document.locate_key((*place, action))
                raise unknown_name("action", action, known, at, "posture actions list")
