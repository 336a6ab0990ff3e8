"""Access tokens of one connection: kept while they last, renewed when Graph asks for it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from posture.domain.printable import printable
from posture.errors import GraphError, TenantUnreachable, TokenRefused
from posture.graph.aadsts import code_of, sentence_for
from posture.graph.azure_credentials import build_credential
from posture.graph.credentials import Connection

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

_RENEW_BEFORE_SECONDS = 300


class TokenSource:
    """Gives the tokens of one connection, to azure-identity's asynchronous credential protocol.

    ``generation`` grows with every new token, so that a caller can tell whether the token that Graph refused
    has been replaced meanwhile. Not for use by two threads at a time.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._credential: TokenCredential | None = None
        self._token: AccessToken | None = None
        self._lock = asyncio.Lock()
        self.generation = 0

    async def get_token(
        self, *_scopes: str, claims: str | None = None, enable_cae: bool = True, **_options: Any
    ) -> AccessToken:
        """Return a token for Graph; ``claims`` answers a challenge and goes past every cache.

        Raises:
            TokenRefused: the token endpoint said no, or the credential is unusable.
            TenantUnreachable: the token endpoint did not answer.
        """
        async with self._lock:
            if claims is None and self._token is not None and _lasts(self._token):
                return self._token
            self._token = await asyncio.to_thread(self._ask, claims, enable_cae)
            self.generation += 1
            return self._token

    async def renew(self, refused_generation: int, *, claims: str | None = None) -> None:
        """Replace the token that Graph refused, unless somebody already has."""
        if refused_generation != self.generation:
            return
        if claims is None:
            self._forget()
        await self.get_token(claims=claims)

    async def close(self) -> None:
        """Let go of the token and of the connections to the token endpoint."""
        self._forget()

    def _forget(self) -> None:
        close = getattr(self._credential, "close", None)
        if close is not None:
            close()
        self._credential = None
        self._token = None

    def _ask(self, claims: str | None, enable_cae: bool) -> AccessToken:
        from azure.core.exceptions import AzureError

        if self._credential is None:
            self._credential = build_credential(self._connection)
        options: dict[str, Any] = {"claims": claims} if claims is not None else {}
        try:
            return self._credential.get_token(self._connection.scope, enable_cae=enable_cae, **options)
        except AzureError as error:
            refusal = _refusal(error, self._connection)
        # Raised out here: the library's exception refers to the request, and that holds the credential.
        raise refusal


def _lasts(token: AccessToken) -> bool:
    return token.expires_on - time.time() > _RENEW_BEFORE_SECONDS


def _refusal(error: BaseException, connection: Connection) -> GraphError:
    lost = _lost_connection(error)
    if lost is not None:
        host = urlsplit(connection.login_root).netloc
        return TenantUnreachable(
            f"{host} does not answer: {_scrubbed(str(lost), connection)}. "
            "Check the network, http.proxy, http.ca_bundle and the cloud in the settings."
        )
    text = str(error)
    code = code_of(text)
    known = sentence_for(code, client_id=connection.client_id, tenant_id=connection.tenant_id) if code else None
    if known is not None:
        return TokenRefused(known, code=code)
    first = text.splitlines()[0] if text else type(error).__name__
    return TokenRefused(f"No access token: {_scrubbed(first, connection)}", code=code)


def _lost_connection(error: BaseException | None) -> BaseException | None:
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    while error is not None:
        if isinstance(error, ServiceRequestError | ServiceResponseError):
            return error
        error = error.__cause__
    return None


def _scrubbed(text: str, connection: Connection) -> str:
    for secret in (*connection.secrets, connection.proxy or ""):
        text = text.replace(secret, "***") if secret else text
    return printable(text.rstrip(". "), longest=300)


def roles_in(token: str) -> frozenset[str] | None:
    """Return the application permissions named in an access token; None if it cannot be decoded.

    The signature is not checked and nothing may rely on the answer: the token's format belongs to Graph.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return frozenset(msgspec.json.decode(payload, type=_Claims).roles)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None


class _Claims(msgspec.Struct):
    roles: list[str] = []
