"""The file in which people write down what they accept, kept under review like code.

exemptions:
  - tenant: contoso                # a tenant's name in the configuration, or "*"
    check: inactive-users          # left out: every check on the resource
    resource: 00000000-0000-0000-0000-000000000001
    owner: it-security@example.com
    reason: Used once a year for the audit.
    until: 2026-12-31              # required; a date counts to its end in UTC, or a time such as 2026-12-31T12:00:00Z
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from posture.definitions.dictionary import did_you_mean
from posture.definitions.yaml_source import Plain, Step, YamlDocument, read_yaml
from posture.domain.check import CheckId
from posture.domain.exemption import EVERY_TENANT, Exemption
from posture.errors import DefinitionError

_REQUIRED: Final = ("tenant", "resource", "owner", "reason", "until")
_KEYS: Final = (*_REQUIRED, "check")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNTIL_ADVICE: Final = "Write a date such as 2026-12-31, or a time in UTC such as 2026-12-31T12:00:00Z."

_Steps = tuple[Step, ...]


def load_exemptions(
    path: Path, known_checks: Collection[CheckId], *, known_tenants: Collection[str] | None = None
) -> tuple[Exemption, ...]:
    """Return the exemptions of a file, expired ones too; none if there is no such file.

    ``known_tenants`` are the names in the configuration; with None a tenant's name is not checked.

    Raises:
        DefinitionError: the file cannot be read, or an exemption is incomplete or names something unknown.
    """
    if not path.exists():
        return ()
    document = read_yaml(path)
    _refuse_unknown_keys(document, (), ("exemptions",))
    entries = document.value.get("exemptions")
    if entries is None:
        return ()
    if not isinstance(entries, list):
        raise document.error("a list is expected here", at=("exemptions",), advice='Begin each entry with "- ".')
    file = _ExemptionFile(document, known_checks, known_tenants)
    return tuple(file.exemption(("exemptions", position)) for position in range(len(entries)))


class _ExemptionFile:
    def __init__(
        self, document: YamlDocument, known_checks: Collection[CheckId], known_tenants: Collection[str] | None
    ) -> None:
        self._document = document
        self._known_checks = known_checks
        self._known_tenants = known_tenants

    def exemption(self, at: _Steps) -> Exemption:
        entry = self._document.at(at)
        if not isinstance(entry, dict):
            raise self._document.error(
                "an exemption is expected here", at=at, advice=f"Write the keys {', '.join(_REQUIRED)}."
            )
        _refuse_unknown_keys(self._document, at, _KEYS)
        for key in _REQUIRED:
            self._refuse_missing(entry, key, at)
        return Exemption(
            tenant=self._tenant((*at, "tenant")),
            check=self._check((*at, "check")) if "check" in entry else None,
            resource_id=self._text((*at, "resource")),
            owner=self._text((*at, "owner")),
            reason=self._text((*at, "reason")),
            ends_at=self._end((*at, "until")),
            origin=str(self._document.locate(at)),
        )

    def _refuse_missing(self, entry: dict[str, Plain], key: str, at: _Steps) -> None:
        if entry.get(key) is not None:
            return
        advice = _UNTIL_ADVICE if key == "until" else "Add it."
        raise self._document.error(f'the exemption has no "{key}"', at=(*at, key), advice=advice)

    def _tenant(self, at: _Steps) -> str:
        name = self._text(at)
        known = self._known_tenants
        if known is None or name == EVERY_TENANT or name in known:
            return name
        advice = did_you_mean(
            name, sorted(known), otherwise='Use a name from "tenants" of the configuration, or "*".'
        )
        raise self._document.error(f'no tenant is named "{name}"', at=at, advice=advice)

    def _check(self, at: _Steps) -> CheckId:
        check = CheckId(self._text(at))
        if check in self._known_checks:
            return check
        advice = did_you_mean(check, sorted(self._known_checks), otherwise="posture checks list shows all.")
        raise self._document.error(f'there is no check "{check}"', at=at, advice=advice)

    def _text(self, at: _Steps) -> str:
        value = self._document.at(at)
        if not isinstance(value, str):
            raise self._document.error("a text is expected here", at=at, advice="Put it in quotes.")
        if not value.strip():
            raise self._document.error("the text is empty", at=at, advice="Say it in words.")
        return value.strip()

    def _end(self, at: _Steps) -> datetime:
        text = self._text(at)
        try:
            return _moment(text)
        except (ValueError, OverflowError) as problem:
            raise self._document.error(f'"{text}" is not a time', at=at, advice=_UNTIL_ADVICE) from problem


def _moment(text: str) -> datetime:
    """Return the first moment at which an exemption no longer counts."""
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time zone is missing")
    return moment.astimezone(UTC)


def _refuse_unknown_keys(document: YamlDocument, at: _Steps, known: Collection[str]) -> None:
    mapping = document.at(at)
    for key in mapping if isinstance(mapping, dict) else ():
        if key not in known:
            advice = did_you_mean(key, sorted(known), otherwise=f"Known here: {', '.join(known)}.")
            raise DefinitionError(
                f'the key "{key}" is not known here', at=document.locate_key((*at, key)), advice=advice
            )
