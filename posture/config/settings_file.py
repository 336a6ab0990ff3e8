"""One settings file: its values by where they stand, and refusals that say so."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from posture.config.credentials import resolved_path
from posture.config.references import SettingText
from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import Step, YamlDocument
from posture.errors import SettingsError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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

    def unknown(self, steps: tuple[Step, ...], what: str, name: str, known: Collection[str]) -> SettingsError:
        """Return the error that there is no ``what`` of this name; the nearest known one is named."""
        there_are = f"There are: {', '.join(sorted(known))}." if known else f"There is no {what} yet."
        advice = did_you_mean(name, known, otherwise=there_are)
        return SettingsError(
            f'{self.document.locate(steps)}: {_dotted(steps)}: there is no {what} "{name}". {advice}'
        )

    def refuse_unfit_name(self, steps: tuple[Step, ...], name: str, *, example: str) -> None:
        """Raise SettingsError if people could not write the name easily, in commands and variables."""
        if not _NAME.fullmatch(name):
            raise self.refuse(
                steps,
                "it has other characters than letters, digits, dot, dash and underscore, or is too long",
                f"Choose a short name such as {example}",
            )

    def refuse_twice(self, seen: dict[str, int], key: str, steps: tuple[Step, ...], advice: str) -> None:
        """Note in ``seen`` that the key stands at ``steps``; raise SettingsError if it did already."""
        if key in seen:
            raise self.refuse(steps, f'"{key}" stands here twice, first in line {seen[key]}', advice)
        seen[key] = self.document.locate(steps).line


def _dotted(steps: tuple[Step, ...]) -> str:
    """Return a path as people write it: ``tenants[0].reader.client_id``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
