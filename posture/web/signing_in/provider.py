"""Signing in with an OpenID provider: there with a state, a nonce and a verifier, and back with a proof."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from authlib.common.errors import AuthlibBaseError
from joserfc.errors import JoseError
from requests import RequestException

from posture.config import HttpSettings, ProviderSettings, ServiceSettings
from posture.web.signing_in.claims import Proof, proof_of
from posture.web.signing_in.provider_client import ProviderClient, client_of
from posture.web.signing_in.refused import SignInRefused
from posture.web.signing_in.sealed import Sealer

CALLBACK: Final = "/sign-in/callback"
LEEWAY: Final = timedelta(seconds=60)
"""So far the clocks of provider and page may be apart."""
WAY_LASTS: Final = timedelta(minutes=10)
"""So long somebody may take at the provider."""
FRESH: Final = timedelta(minutes=2)
"""So long ago at most somebody was asked who they are, who had to be asked anew. They come back at once."""

_LOG: Final = logging.getLogger(__name__)
_TROUBLE: Final = (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError)


@dataclass(frozen=True, kw_only=True)
class Return:
    """Somebody who came back from the provider. ``next`` is where they wanted to go, as they said it.

    ``id_token`` is what the provider wants to see at the sign-out.
    """

    proof: Proof
    next: str
    id_token: str


class Provider:
    """One OpenID provider."""

    def __init__(self, client: ProviderClient, settings: ProviderSettings, *, url: str, secret: bytes) -> None:
        self._client = client
        self._settings = settings
        self._url = url
        self._ways = Sealer(secret, purpose="posture: way to the provider")
        self._hints = Sealer(secret, purpose="posture: hint for signing out")

    @property
    def name(self) -> str:
        """The provider's host."""
        return self._settings.issuer.partition("://")[2].partition("/")[0]

    def way(self, *, next: str, again: bool) -> tuple[str, str]:
        """Return the address at the provider and what the browser keeps meanwhile, sealed.

        ``again`` asks the provider to let nobody through who does not prove anew who they are.

        Raises:
            SignInRefused: the provider does not answer, or says something else than the settings.
        """
        # Asked for always: when somebody proved who they are decides what they may approve.
        asked: dict[str, str] = {"claims": '{"id_token":{"auth_time":{"essential":true}}}'}
        if again:
            asked |= {"prompt": "login", "max_age": "0"}
        try:
            made = self._client.create_authorization_url(self._url + CALLBACK, **asked)
        except _TROUBLE as error:
            raise _unreachable(error) from error
        kept = {"state": made["state"], "nonce": made["nonce"], "verifier": made["code_verifier"]}
        return made["url"], self._ways.seal({**kept, "next": next, "again": again})

    def back(self, query: Mapping[str, str], *, kept: str) -> Return:
        """Return who came back with this query; ``kept`` is what the browser kept.

        Raises:
            SignInRefused: the browser did not go there from here, the provider said no, or its proof is none.
        """
        way = self._ways.open(kept, lasts=WAY_LASTS)
        if way is None or query.get("state") != way["state"]:
            raise SignInRefused("this sign-in was begun elsewhere, or too long ago; sign in once more")
        if "error" in query or "code" not in query:
            _LOG.warning("the provider refused: %s", query.get("error", "no code")[:100].encode("ascii", "replace"))
            raise SignInRefused("the provider did not let you in; sign in once more, or ask whoever runs it")
        token = self._exchanged(query["code"], way)
        claims = self._claims(token, way)
        proof = proof_of(claims, self._settings)
        if way["again"]:
            _refuse_stale(proof)
        return Return(proof=proof, next=way["next"], id_token=token["id_token"])

    def sealed_hint(self, id_token: str) -> str:
        """Return what to keep of an ID token for the sign-out: nobody but us can read it."""
        return self._hints.seal({"id_token": id_token})

    def farewell(self, hint: str | None) -> str | None:
        """Return where to sign out at the provider too; None if it has no such place or cannot be asked now."""
        opened = None if hint is None else self._hints.open(hint, lasts=None)
        try:
            if "end_session_endpoint" not in self._client.load_server_metadata():
                return None
            made = self._client.create_logout_url(
                post_logout_redirect_uri=f"{self._url}/",
                id_token_hint=None if opened is None else opened["id_token"],
                client_id=self._settings.client_id,
            )
        except (*_TROUBLE, SignInRefused):
            _LOG.warning("the provider cannot be asked where to sign out", exc_info=True)
            return None
        return str(made["url"])

    def _exchanged(self, code: str, way: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            token: Mapping[str, Any] = self._client.fetch_access_token(
                redirect_uri=self._url + CALLBACK, code=code, code_verifier=way["verifier"]
            )
        except _TROUBLE as error:
            raise _unreachable(error) from error
        if not isinstance(token.get("id_token"), str):
            raise SignInRefused("the provider sent no ID token; an administrator can add openid to the scopes")
        return token

    def _claims(self, token: Mapping[str, Any], way: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the claims of the ID token: signed by a key of the provider, for us, for this way, of now."""
        expected = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
        }
        try:
            claims: Mapping[str, Any] = self._client.parse_id_token(
                token, nonce=way["nonce"], claims_options=expected, leeway=int(LEEWAY.total_seconds())
            )
        except _TROUBLE as error:
            _LOG.warning("an ID token was refused: %s", error, extra={"action": "id_token_refused"})
            raise SignInRefused(
                "what the provider sent does not prove who you are; sign in once more. If it happens again, the log "
                "of the service says why"
            ) from error
        return claims


def provider_of(settings: ServiceSettings, sign_in: ProviderSettings, *, http: HttpSettings) -> Provider:
    """Return the provider of the settings; nothing is asked of it yet.

    Raises:
        SettingsError: what proves that we are we is missing or unfit.
    """
    client = client_of(sign_in, http=http)
    secret = client.client_secret if isinstance(client.client_secret, bytes) else client.client_secret.encode()
    return Provider(client, sign_in, url=settings.url, secret=secret)


def _refuse_stale(proof: Proof) -> None:
    """Raise unless the provider asked anew: it says when, and a time that is missing is no proof."""
    if proof.at is None:
        raise SignInRefused(
            "the provider does not say when you proved who you are, so posture cannot tell that it was just now; an "
            'administrator can add the claim "auth_time" to its ID tokens'
        )
    if datetime.now(UTC) - proof.at > FRESH + LEEWAY:
        raise SignInRefused("the provider let you through without asking anew who you are; sign in once more")


def _unreachable(error: Exception) -> SignInRefused:
    _LOG.warning("the provider of sign-ins: %s", error, extra={"action": "provider_failed"})
    return SignInRefused(
        "the provider of sign-ins does not answer as it should; try again in a while. The log of the service says why"
    )
