"""Values that the browser keeps for us and can neither read nor change."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES: Final = 32


class Sealer:
    """Seals values with a key made of a secret of the settings, so that every process of the page can open them."""

    def __init__(self, secret: bytes, *, purpose: str) -> None:
        key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode()).derive(secret)
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, value: Mapping[str, Any]) -> str:
        """Return the value in letters that fit into a cookie."""
        return self._fernet.encrypt(json.dumps(value).encode()).decode()

    def open(self, sealed: str, *, lasts: timedelta | None) -> Mapping[str, Any] | None:
        """Return the value; None if it is not sealed by us, or longer ago than ``lasts``."""
        try:
            opened = self._fernet.decrypt(sealed.encode(), None if lasts is None else int(lasts.total_seconds()))
        except (InvalidToken, UnicodeEncodeError):
            return None
        value: Mapping[str, Any] = json.loads(opened)
        return value
