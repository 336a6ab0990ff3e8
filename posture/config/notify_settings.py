"""What settings say about telling people: channels with what they refer to not yet looked up, and routes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from posture.config.credentials import CredentialSettings
from posture.config.notify_texts import (
    resolved_address,
    resolved_hook,
    resolved_host,
    resolved_line,
    resolved_signing_secret,
)
from posture.config.references import Secret, SettingText
from posture.definitions.dictionary import did_you_mean
from posture.domain.routing import Route
from posture.errors import UsageError


class Security(StrEnum):
    """How a connection to a mail server is protected. ``NONE``: not at all, on this machine only."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class MailIdentity:
    """An identity that gets tokens to send mail. ``tenant`` is the name of the tenant that it is in."""

    tenant: str
    credential: CredentialSettings


@dataclass(frozen=True, kw_only=True)
class ResolvedSmtp:
    """``password`` and ``identity`` are never both there; with neither of them nobody signs in."""

    host: str
    port: int
    security: Security
    username: str | None
    password: Secret | None
    identity: MailIdentity | None
    sender: str
    to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    host: SettingText
    port: int
    security: Security
    username: SettingText | None
    password: SettingText | None
    identity: MailIdentity | None
    sender: SettingText
    to: tuple[SettingText, ...]

    def resolve(self) -> ResolvedSmtp:
        """Return the settings with what they refer to, but for the identity's credential.

        Raises:
            SettingsError: a variable or file is missing, or what it holds does not fit.
        """
        return ResolvedSmtp(
            host=resolved_host(self.host, only_loopback=self.security is Security.NONE),
            port=self.port,
            security=self.security,
            username=None if self.username is None else resolved_line(self.username),
            password=None if self.password is None else self.password.secret(),
            identity=self.identity,
            sender=resolved_address(self.sender),
            to=tuple(map(resolved_address, self.to)),
        )


@dataclass(frozen=True, kw_only=True)
class ResolvedGraphMail:
    identity: MailIdentity
    mailbox: str
    to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GraphMailSettings:
    identity: MailIdentity
    mailbox: SettingText
    to: tuple[SettingText, ...]

    def resolve(self) -> ResolvedGraphMail:
        """Return the settings with what they refer to; as ``SmtpSettings.resolve``."""
        return ResolvedGraphMail(
            identity=self.identity,
            mailbox=resolved_address(self.mailbox),
            to=tuple(map(resolved_address, self.to)),
        )


@dataclass(frozen=True, kw_only=True)
class ResolvedTeams:
    """``url`` lets everybody post who knows it."""

    url: Secret
    bare_card: bool


@dataclass(frozen=True, kw_only=True)
class TeamsSettings:
    url: SettingText
    bare_card: bool

    def resolve(self) -> ResolvedTeams:
        """Return the settings with what they refer to; as ``SmtpSettings.resolve``."""
        return ResolvedTeams(url=resolved_hook(self.url), bare_card=self.bare_card)


@dataclass(frozen=True, kw_only=True)
class ResolvedWebhook:
    """``secret`` signs what is sent; it is never sent itself."""

    url: Secret
    secret: Secret


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    url: SettingText
    secret: SettingText

    def resolve(self) -> ResolvedWebhook:
        """Return the settings with what they refer to; as ``SmtpSettings.resolve``."""
        return ResolvedWebhook(url=resolved_hook(self.url), secret=resolved_signing_secret(self.secret))


ChannelKind = SmtpSettings | GraphMailSettings | TeamsSettings | WebhookSettings


@dataclass(frozen=True, kw_only=True)
class ChannelSettings:
    """One way to one set of people. ``kind`` is what it is called in the file."""

    name: str
    kind: str
    how: ChannelKind

    @property
    def identity(self) -> MailIdentity | None:
        """Who signs in to a tenant to send; None if nobody does."""
        return self.how.identity if isinstance(self.how, SmtpSettings | GraphMailSettings) else None


@dataclass(frozen=True, kw_only=True)
class NotifySettings:
    """``page`` is our own web page without a slash at its end; None if there is none.

    ``credential_notice`` and ``exemption_notice`` say how long before their end posture's own credentials, and
    exemptions, are told of. ``default`` takes what no route takes; None leaves it untold.
    """

    page: str | None
    reference_hosts: tuple[str, ...]
    templates: Path | None
    credential_notice: timedelta
    exemption_notice: timedelta
    channels: tuple[ChannelSettings, ...]
    routes: tuple[Route, ...]
    default: Route | None

    def channel(self, name: str) -> ChannelSettings:
        """Return the channel of that name.

        Raises:
            UsageError: there is none.
        """
        for channel in self.channels:
            if channel.name == name:
                return channel
        known = [channel.name for channel in self.chosen(None)]
        advice = did_you_mean(name, known, otherwise=f"Known: {', '.join(known)}.")
        raise UsageError(f'there is no channel "{name}". {advice}')

    def chosen(self, name: str | None) -> tuple[ChannelSettings, ...]:
        """Return the channel of that name, or all of them with None.

        Raises:
            UsageError: there is none.
        """
        if name is not None:
            return (self.channel(name),)
        if not self.channels:
            raise UsageError("the settings have no channels: add one to notify.channels")
        return self.channels
