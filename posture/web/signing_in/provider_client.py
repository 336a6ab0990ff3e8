"""Authlib's client of an OpenID provider, made strict: the issuer is the one of the settings, keys are asymmetric."""

from __future__ import annotations

import base64
import time
from typing import Any, Final

from authlib.integrations.base_client import BaseApp
from authlib.integrations.base_client.sync_app import OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate

from posture.config import HttpSettings, ProviderSettings
from posture.config.service_settings import ClientCertificate, ClientSecret
from posture.errors import SettingsError
from posture.web.signing_in.refused import SignInRefused

_TIMEOUT_SECONDS: Final = 10
_METADATA_SECONDS: Final = 3600
# What is signed with a shared secret, or not at all, proves nothing about who signed.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderClient(OAuth2Mixin, OpenIDMixin, BaseApp):  # type: ignore[misc]  # Authlib has no types
    """Knows what the provider says of itself for an hour, and its keys until a token names another one."""

    client_cls = OAuth2Session

    def load_server_metadata(self) -> dict[str, Any]:
        """Return what the provider says of itself.

        Raises:
            SignInRefused: it is another issuer than that of the settings, or lacks what signing in needs.
        """
        if time.time() - self.server_metadata.get("_loaded_at", 0) > _METADATA_SECONDS:
            self.server_metadata.pop("_loaded_at", None)
            self.server_metadata.pop("jwks", None)
        loaded: dict[str, Any] = super().load_server_metadata()
        if loaded.get("issuer") != self.issuer or not all(isinstance(loaded.get(key), str) for key in _NEEDED):
            self.server_metadata.pop("_loaded_at", None)
            raise SignInRefused(
                "the provider of sign-ins says that it is somebody else than the settings say; "
                "an administrator can correct service.sign_in.issuer"
            )
        offered = loaded.get("id_token_signing_alg_values_supported") or ["RS256"]
        loaded["id_token_signing_alg_values_supported"] = [each for each in _ALGORITHMS if each in offered]
        return loaded


def client_of(settings: ProviderSettings, *, http: HttpSettings) -> ProviderClient:
    """Return the client of the provider; nothing is asked yet.

    Raises:
        SettingsError: what proves that we are we is missing, or is no key and certificate.
    """
    credential = settings.resolve()
    signing = None if isinstance(credential, ClientSecret) else _signing(credential)
    client = ProviderClient(
        framework=None,
        name="provider",
        client_id=settings.client_id,
        client_secret=credential.secret.reveal()
        if isinstance(credential, ClientSecret)
        else _private_key(credential),
        server_metadata_url=settings.issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": " ".join(settings.scopes),
            "code_challenge_method": "S256",
            "default_timeout": _TIMEOUT_SECONDS,
            **({} if signing is None else {"token_endpoint_auth_method": signing.name}),
            **_way_out(http),
        },
        client_auth_methods=[] if signing is None else [signing],
        user_agent="posture",
    )
    client.issuer = settings.issuer
    return client


def _way_out(http: HttpSettings) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if http.ca_bundle is not None:
        given["verify"] = str(http.ca_bundle)
    if http.proxy is not None:
        given["proxies"] = {"http": http.proxy.reveal(), "https": http.proxy.reveal()}
    # What the settings say counts before what the environment says.
    return {**given, "trust_env": False} if given else {}


def _signing(credential: ClientCertificate) -> PrivateKeyJWT:
    """Return what signs our proof with the certificate's key; Entra finds the certificate by its thumbprint."""
    try:
        certificate = load_pem_x509_certificate(credential.path.read_bytes())
    except (OSError, ValueError) as error:
        raise _unfit(credential) from error
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(SHA256())).decode().rstrip("=")
    return PrivateKeyJWT(headers={"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}, alg="PS256")


def _private_key(credential: ClientCertificate) -> bytes:
    password = None if credential.password is None else credential.password.reveal().encode()
    try:
        key = load_pem_private_key(credential.path.read_bytes(), password)
    except (OSError, ValueError, TypeError):
        # Without "from": the original may quote the key.
        raise _unfit(credential) from None
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _unfit(credential: ClientCertificate) -> SettingsError:
    return SettingsError(
        f"service.sign_in.certificate: {credential.path} is no PEM file with a certificate and its RSA key, or the "
        "password does not open it. Correct the path or the password"
    )
