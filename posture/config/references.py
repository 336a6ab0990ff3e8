"""Values of settings that stand elsewhere: in an environment variable or in a file of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from posture.errors import Location, SettingsError

_REFERENCE: Final = re.compile(r"\$\{(?P<kind>[A-Za-z_]*):?(?P<name>[^}]*)(?P<end>\}?)")
_MAX_BYTES: Final = 100_000


class Secret:
    """A text that shows itself only to those who ask for it by ``reveal``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not written anywhere")


@dataclass(frozen=True, kw_only=True)
class SettingText:
    """A text as it stands in the settings file, references not yet looked up.

    ``setting`` is its dotted name and ``at`` its place, for messages.
    """

    text: str = field(repr=False)
    setting: str
    at: Location
    environment: Mapping[str, str] = field(repr=False)

    @property
    def has_reference(self) -> bool:
        return "${" in self.text

    def resolve(self) -> str:
        """Return the text with every ``${env:NAME}`` and ``${file:PATH}`` replaced by what it names.

        A relative PATH starts at the directory of the settings file. The line end that editors put at the end of
        a file is not part of its value.

        Raises:
            SettingsError: a variable is not set, a file cannot be read, a reference is written wrongly, or the
                value is empty. No value is repeated.
        """
        resolved = _REFERENCE.sub(self._look_up, self.text)
        if not resolved:
            raise self.error("it is empty", "Give it a value")
        return resolved

    def secret(self) -> Secret:
        """Return the resolved text, hidden. Raises as ``resolve`` does."""
        return Secret(self.resolve())

    def error(self, problem: str, advice: str) -> SettingsError:
        """Return the error that says which setting, where, what, and what to do."""
        return SettingsError(f"{self.at}: {self.setting}: {problem}. {advice}.")

    def _look_up(self, found: re.Match[str]) -> str:
        kind, name = found["kind"], found["name"] if found["end"] else ""
        if kind == "env" and name:
            return self._variable(name)
        if kind == "file" and name:
            return self._file(name)
        raise self.error("it holds a reference of unknown form", "Write ${env:NAME} or ${file:PATH}")

    def _variable(self, name: str) -> str:
        value = self.environment.get(name)
        if not value:
            state = "not set" if value is None else "empty"
            raise self.error(f"the environment variable {name} is {state}", f'Set it, e.g. export {name}="…"')
        return value

    def _file(self, name: str) -> str:
        path = self.at.path.parent / Path(name)
        try:
            with path.open("rb") as stream:
                raw = stream.read(_MAX_BYTES + 1)
        except OSError as error:
            raise self.error(f"the file {path} cannot be read ({error.strerror})", "Check path and rights") from error
        if len(raw) > _MAX_BYTES:
            raise self.error(f"the file {path} is too large to be a value", "Name the file that holds only the value")
        try:
            value = raw.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            # Without "from": the original quotes the bytes.
            raise self.error(f"the file {path} is not UTF-8 text", "Save it as UTF-8") from None
        if not value:
            raise self.error(f"the file {path} is empty", "Write the value into it")
        return value
