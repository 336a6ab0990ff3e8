"""Access tokens of one connection: kept while they last, renewed when Graph asks for it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from posture.domain.printable import printable
from posture.errors import GraphError, TenantUnreachable, TokenRefused
from posture.graph.aadsts import code_of, sentence_for
from posture.graph.azure_credentials import build_credential
from posture.graph.credentials import Connection, ManagedIdentity
from posture.graph.timing import REAL_TIME, Timing
from posture.graph.trust import as_one_path, bundles_in_force

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

_RENEW_BEFORE_SECONDS = 300
_RENEW_BEFORE_SHARE = 0.2
_TRY_AGAIN_SECONDS = 30
_LONGEST_CHAIN = 10
_LOGIN_IN_ADDRESS = re.compile(r"//[^\s'\"<>]*@")


class TokenSource:
    """Gives the tokens of one connection, in azure-identity's asynchronous credential protocol.

    ``generation`` grows with every new token, so that a caller can tell whether the token that Graph refused
    has been replaced meanwhile.
    """

    def __init__(self, connection: Connection, *, timing: Timing = REAL_TIME) -> None:
        self._connection = connection
        self._timing = timing
        self._token: AccessToken | None = None
        self._renew_at = 0.0
        # Of the threading kind: the source outlives the event loop of one reading.
        self._lock = threading.Lock()
        self.generation = 0

    async def get_token(self, *_scopes: str, claims: str | None = None, **_options: Any) -> AccessToken:
        """Return a token for Graph; ``claims`` answers a challenge and goes past every cache.

        A token that still counts is used on while the token endpoint does not answer.

        Raises:
            TokenRefused: the token endpoint said no, or the credential is unusable.
            TenantUnreachable: the token endpoint did not answer.
        """
        if claims is None and self._token is not None and self._time() < self._renew_at:
            return self._token
        try:
            return await asyncio.to_thread(self._locked_token, claims, self.generation)
        except TenantUnreachable:
            if claims is not None or self._token is None or self._time() >= self._token.expires_on:
                raise
            self._renew_at = self._time() + _TRY_AGAIN_SECONDS
            return self._token

    async def renew(self, refused_generation: int, *, claims: str | None = None) -> None:
        """Replace the token that Graph refused, unless somebody already has.

        Raises:
            TokenRefused, TenantUnreachable: as ``get_token``.
        """
        if refused_generation != self.generation:
            return
        await asyncio.to_thread(self._locked_token, claims, refused_generation)

    def _locked_token(self, claims: str | None, known_generation: int) -> AccessToken:
        with self._lock:
            if self._token is None or self.generation == known_generation:
                self._token = _new_token(self._connection, claims)
                self._renew_at = _renewal_time(self._token.expires_on, now=self._time())
                self.generation += 1
            return self._token

    def _time(self) -> float:
        return self._timing.now().timestamp()


def _new_token(connection: Connection, claims: str | None) -> AccessToken:
    """Ask the token endpoint, with a credential of its own: its cache must not answer, and nothing stays open."""
    with as_one_path(bundles_in_force(connection.ca_bundle)) as bundle:
        credential = build_credential(connection, bundle=bundle)
        answer = _ask(credential, connection, claims)
        close = getattr(credential, "close", None)
        if close is not None:
            close()
    if isinstance(answer, GraphError):
        # Raised here and not where it was caught: the library's exception refers to the request with the credential.
        raise answer
    return answer


def _ask(credential: TokenCredential, connection: Connection, claims: str | None) -> AccessToken | GraphError:
    from azure.core.exceptions import AzureError

    options: dict[str, Any] = {"claims": claims} if claims is not None else {}
    # Managed identities cannot take part in continuous access evaluation.
    options["enable_cae"] = not isinstance(connection.credential, ManagedIdentity)
    try:
        return credential.get_token(connection.scope, **options)
    except AzureError as error:
        return _refusal(error, connection)
    except OSError as error:
        # Only a workload identity reads a file this late.
        return TokenRefused(f"The token file cannot be read: {error.filename}: {error.strerror}.", code=None)


def _renewal_time(expires_on: float, *, now: float) -> float:
    return expires_on - min(_RENEW_BEFORE_SECONDS, _RENEW_BEFORE_SHARE * max(0.0, expires_on - now))


def _refusal(error: BaseException, connection: Connection) -> GraphError:
    lost = _lost_connection(error)
    if lost is not None:
        host = urlsplit(connection.login_root).netloc
        return TenantUnreachable(
            f"{host} does not answer: {_scrubbed(str(lost), connection)}. "
            "Check the network, http.proxy, http.ca_bundle and the cloud in the settings."
        )
    text = str(error)
    code = next((code for link in _chain(error) if (code := code_of(str(link)))), None)
    known = sentence_for(code, client_id=connection.client_id, tenant_id=connection.tenant_id) if code else None
    if known is not None:
        return TokenRefused(known, code=code)
    status = _status_of_trouble(error)
    if status is not None:
        host = urlsplit(connection.login_root).netloc
        return TenantUnreachable(f"{host} gives no token at the moment (HTTP {status}): try again later.")
    first = text.splitlines()[0] if text else type(error).__name__
    return TokenRefused(f"No access token: {_scrubbed(first, connection)}", code=code)


def _lost_connection(error: BaseException) -> BaseException | None:
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    lost = (link for link in _chain(error) if isinstance(link, ServiceRequestError | ServiceResponseError))
    return next(lost, None)


def _status_of_trouble(error: BaseException) -> int | None:
    """Return the HTTP status if it says that the endpoint is overloaded or down, not that the credential is wrong."""
    from posture.graph.token_retry import is_trouble

    statuses = (getattr(getattr(link, "response", None), "status_code", None) for link in _chain(error))
    return next((status for status in statuses if status is not None and is_trouble(status)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and the ones behind it: the libraries wrap the telling one in vaguer ones."""
    link: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _scrubbed(text: str, connection: Connection) -> str:
    # A library that cannot make sense of a proxy's address quotes it, the environment's too.
    text = _LOGIN_IN_ADDRESS.sub("//***@", text)
    for secret in connection.secrets:
        text = text.replace(secret, "***") if secret else text
    return printable(text.rstrip(". "), longest=300)


def roles_in(token: str) -> frozenset[str] | None:
    """Return the application permissions named in an access token; None if it cannot be decoded.

    The signature is not checked and nothing may rely on the answer: the token's format belongs to Graph.
    """
    claims = _claims_in(token)
    return None if claims is None else frozenset(claims.roles)


def ids_in(token: str) -> frozenset[str]:
    """Return the object id and the client id of the identity that an access token is for, those that it tells."""
    claims = _claims_in(token) or _Claims()
    return frozenset(id for id in (claims.oid, claims.appid) if isinstance(id, str) and id)


def tenant_in(token: str) -> str | None:
    """Return the id of the tenant that an access token is for, in lower case; None if it does not tell."""
    claims = _claims_in(token)
    return claims.tid.lower() if claims is not None and isinstance(claims.tid, str) and claims.tid else None


class _Claims(msgspec.Struct):
    roles: list[str] = []
    tid: object = None
    oid: object = None
    appid: object = None


def _claims_in(token: str) -> _Claims | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(payload, type=_Claims)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
