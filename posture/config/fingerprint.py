"""What the audit keeps of a settings file: enough to see what changed, and no secret."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from posture.definitions.yaml_source import Plain, YamlDocument

_SECRET_KEYS: Final = frozenset({"client_secret", "password", "secret"})
_ADDRESS_KEYS: Final = frozenset({"url", "proxy"})
_HOOK_KEYS: Final = frozenset({"teams", "webhook"})
_ONE_REFERENCE: Final = re.compile(r"\$\{(env|file):[^}]+\}")
_HIDDEN: Final = "(hidden)"


class Fingerprint(NamedTuple):
    """``digest`` is the SHA-256 of the summary in canonical JSON: 64 hexadecimal digits."""

    digest: str
    summary: Mapping[str, Plain]


def fingerprint_of(document: YamlDocument) -> Fingerprint:
    """Return digest and summary of a settings file as it is written, references not looked up.

    Comments, the order of keys and the secrets themselves do not count: a new secret is no other configuration.
    """
    summary = {key: _shown(key, value) for key, value in document.value.items()}
    text = json.dumps(summary, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return Fingerprint(digest=hashlib.sha256(text.encode()).hexdigest(), summary=summary)


def _shown(key: str, value: Plain, *, within: str = "") -> Plain:
    """Return a value as the audit shows it; ``key`` is its own name, ``within`` that of the mapping around it."""
    if isinstance(value, dict):
        return {inner: _shown(inner, part, within=key) for inner, part in value.items()}
    if isinstance(value, list):
        return [_shown(key, part, within=within) for part in value]
    if not isinstance(value, str) or _ONE_REFERENCE.fullmatch(value):
        return value
    if key in _SECRET_KEYS:
        return _HIDDEN
    if key == "url" and within in _HOOK_KEYS:
        return _only_host(value)
    return _without_login(value) if key in _ADDRESS_KEYS else value


def _without_login(address: str) -> str:
    """Return an address without user, password and options: a password may stand in any of them."""
    bare = re.sub(r"://.*@", f"://{_HIDDEN}@", address, flags=re.DOTALL)
    return re.sub(r"\?.*", f"?{_HIDDEN}", bare, flags=re.DOTALL)


def _only_host(address: str) -> str:
    """Return scheme and host of an address whose path or options let everybody post who knows them."""
    found = re.match(r"https?://[^/@?#\s]+(?=[/?#]|$)", address)
    return f"{found[0]}/{_HIDDEN}" if found else _HIDDEN
