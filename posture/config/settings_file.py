"""One settings file: its values by where they stand, and refusals that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from posture.config.credentials import resolved_path
from posture.config.references import SettingText
from posture.definitions.yaml_source import Step, YamlDocument
from posture.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """A parsed file, and the environment that its references are looked up in."""

    document: YamlDocument = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    @property
    def directory(self) -> Path:
        """Where relative paths start."""
        return self.document.path.parent

    def text(self, steps: tuple[Step, ...]) -> SettingText | None:
        """Return the text at ``steps``, None if it is not there or null."""
        value = self.document.at(steps)
        if not isinstance(value, str):
            return None
        return SettingText(
            text=value, setting=_dotted(steps), at=self.document.locate(steps), environment=self.environment
        )

    def path(self, steps: tuple[Step, ...], *, default: str) -> Path:
        """Return the path at ``steps``, or ``default`` if there is none, absolute."""
        text = self.text(steps)
        return resolved_path(text) if text is not None else self.directory / default

    def refuse(self, steps: tuple[Step, ...], problem: str, advice: str) -> SettingsError:
        """Return the error that says where, which setting, what is wrong and what to do."""
        return SettingsError(f"{self.document.locate(steps)}: {_dotted(steps)}: {problem}. {advice}.")


def _dotted(steps: tuple[Step, ...]) -> str:
    """Return a path as people write it: ``tenants[0].reader.client_id``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
