"""Settings of channels → channels. A new kind of channel is one case in ``channel_of``."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Final

from posture.bootstrap.connection import mail_connection_of, smtp_connection_of
from posture.config import (
    ChannelSettings,
    CredentialSettings,
    HttpSettings,
    MailIdentity,
    ResolvedGraphMail,
    ResolvedSmtp,
    ResolvedTeams,
    ResolvedWebhook,
    Secret,
    Settings,
    WorkloadIdentityCredential,
)
from posture.graph.credentials import Connection
from posture.graph.mailer import TenantMailer
from posture.graph.proxy import proxy_in_force
from posture.graph.tokens import TokenSource
from posture.graph.trust import bundles_in_force, tls_context
from posture.notify.graph_mail import GraphMailChannel
from posture.notify.links import Links
from posture.notify.posting import Reach
from posture.notify.smtp import SmtpChannel
from posture.notify.smtp_server import SmtpServer
from posture.notify.teams import TeamsChannel
from posture.notify.webhook import WebhookChannel
from posture.notify.wording import Wording
from posture.usecases.ports import Channel, Clock

_DIGEST_COST: Final = 2**14
_DIGEST_BYTES: Final = 16


def channel_of(
    channel: ChannelSettings, settings: Settings, *, wording: Wording, links: Links, clock: Clock
) -> Channel:
    """Return a channel; this is when what its settings refer to is looked up.

    Raises:
        SettingsError: a variable or file that it refers to is missing, or holds what does not fit.
    """
    how = channel.how.resolve()
    name, digest = channel.name, settings_digest(channel.name, how)
    match how:
        case ResolvedSmtp():
            return SmtpChannel(name=name, settings=digest, server=_smtp_server(how, settings), wording=wording)
        case ResolvedGraphMail():
            connection = _mail_connection(how, settings)
            return GraphMailChannel(
                name=name,
                settings=digest,
                mailbox=how.mailbox,
                recipients=how.to,
                wording=wording,
                open_mailer=lambda: TenantMailer(connection),
            )
        case ResolvedTeams():
            return TeamsChannel(
                name=name,
                settings=digest,
                url=how.url.reveal(),
                bare_card=how.bare_card,
                wording=wording,
                reach=_reach(settings.http),
                now=clock.now,
            )
        case ResolvedWebhook():
            return WebhookChannel(
                name=name,
                settings=digest,
                url=how.url.reveal(),
                secret=how.secret.reveal(),
                links=links,
                reach=_reach(settings.http),
                now=clock.now,
            )


def _mail_connection(how: ResolvedGraphMail, settings: Settings) -> Connection:
    return mail_connection_of(settings.tenant(how.identity.tenant), how.identity, http=settings.http)


def _smtp_server(how: ResolvedSmtp, settings: Settings) -> SmtpServer:
    token = None
    if how.identity is not None:
        tenant = settings.tenant(how.identity.tenant)
        token = _tokens_of(smtp_connection_of(tenant, how.identity, http=settings.http))
    return SmtpServer(
        host=how.host,
        port=how.port,
        security=how.security.value,
        username=how.username,
        password=how.password.reveal() if how.password else None,
        token=token,
        sender=how.sender,
        recipients=how.to,
        trust=lambda: tls_context(bundles_in_force(settings.http.ca_bundle)),
    )


def _tokens_of(connection: Connection) -> Callable[[], str]:
    source = TokenSource(connection)
    return lambda: asyncio.run(source.get_token()).token


def _reach(http: HttpSettings) -> Reach:
    proxy = http.proxy.reveal() if http.proxy else None
    return Reach(
        trust=lambda: tls_context(bundles_in_force(http.ca_bundle)),
        proxy=lambda host: proxy_in_force(proxy, host=host),
    )


def settings_digest(name: str, how: ResolvedSmtp | ResolvedGraphMail | ResolvedTeams | ResolvedWebhook) -> str:
    """Return 32 hexadecimal digits that change with the settings of a channel, its secrets included.

    They are kept in the database, so they are made slowly: nobody shall guess a password by them.
    """
    text = json.dumps([type(how).__name__, _plain(how)], sort_keys=True)
    salt = f"posture channel {name}".encode()
    return hashlib.scrypt(text.encode(), salt=salt, n=_DIGEST_COST, r=8, p=1, dklen=_DIGEST_BYTES).hex()


def _digest_of_file(path: Path) -> str | None:
    """Return the SHA-256 of a file; None if it cannot be read: whoever signs in with it says so."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _plain(value: object) -> object:
    """Return settings as JSON can hold them; of a file, its content counts besides its path."""
    match value:
        case Secret():
            return value.reveal()
        case MailIdentity():
            return [value.tenant, _plain(value.credential)]
        case CredentialSettings():
            return _plain(value.resolve())
        case WorkloadIdentityCredential():
            # The platform writes another token into the file every hour: that mends nothing.
            return [value.client_id, str(value.token_file)]
        case Path():
            return [str(value), _digest_of_file(value)]
        case tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value
