"""Hosts, addresses and secrets of channels: what they must look like, looked up and checked."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from posture.config.references import Secret, SettingText

LEAST_SECRET: Final = 16
"""So many characters at least has what signs webhooks."""

_HOST: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_LOCAL_PART: Final = re.compile(r"(?=.{1,64}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# "https://contoso.webhook.office.com/webhookb2/…", before 2021 "https://outlook.office.com/webhook/…".
_CONNECTOR: Final = re.compile(r"(.*\.)?webhook\.office\.com/.*|outlook\.office(365)?\.com/webhook.*", re.IGNORECASE)


def resolved_host(text: SettingText, *, only_loopback: bool) -> str:
    """Return a host name or address; raise SettingsError if it is none, or is not on this machine though it must."""
    host = text.resolve()
    if not (_HOST.fullmatch(host) or _is_address(host)):
        raise text.error("it is no name of a host", "Write it without scheme, port and path: smtp.example.com")
    if only_loopback and not is_loopback(host):
        raise text.error(
            "security: none sends mail and passwords in the clear, so it is only for a server on this machine",
            "Set security to starttls or tls, or the host to localhost",
        )
    return host


def resolved_address(text: SettingText) -> str:
    """Return a mail address; raise SettingsError if it is none, as with quotes or letters beyond ASCII."""
    address = text.resolve()
    local, separator, domain = address.rpartition("@")
    if not separator or not _LOCAL_PART.fullmatch(local) or not _HOST.fullmatch(domain):
        raise text.error("it is no mail address", "Write it bare, in ASCII, without a name: admins@example.com")
    return address


def resolved_line(text: SettingText) -> str:
    """Return a text of one line; raise SettingsError if it has control characters."""
    line = text.resolve()
    if not line.isprintable():
        raise text.error("it has line breaks or control characters", "Remove them")
    return line


def resolved_hook(text: SettingText) -> Secret:
    """Return an https address that messages are posted to; raise SettingsError if it is none. It is not repeated."""
    url = text.resolve()
    parts = _split(url)
    if parts is None or parts.scheme != "https" or not parts.hostname or not url.isprintable() or " " in url:
        raise text.error("it is no https address", "Copy the whole address, from https:// to its end")
    if "@" in parts.netloc or parts.fragment:
        raise text.error("it has a user name, a password or a fragment", "Remove that part")
    if _CONNECTOR.fullmatch(f"{parts.hostname}/{parts.path.lstrip('/')}"):
        raise text.error(
            "it is the address of an Office 365 connector; Microsoft has retired these, and they post nothing",
            'Make one of Workflows instead: in the channel choose "…", Workflows, "Post to a channel when a webhook '
            'request is received", and copy the address that it shows',
        )
    return Secret(url)


def resolved_signing_secret(text: SettingText) -> Secret:
    """Return what webhooks are signed with; raise SettingsError if it is too short to be one."""
    secret = text.resolve()
    if len(secret) < LEAST_SECRET:
        raise text.error(
            f"it is shorter than {LEAST_SECRET} characters", "Make a random one, e.g. with: openssl rand -hex 32"
        )
    return Secret(secret)


def resolved_page(text: SettingText) -> str:
    """Return the address of our own web page, without a slash at its end; raise SettingsError if it is none."""
    url = text.resolve()
    parts = _split(url)
    hostname = parts.hostname if parts else None
    if parts is None or not hostname or not url.isprintable() or " " in url:
        raise text.error("it is no address of a page", "Write https://posture.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(hostname)):
        raise text.error("it is not https", "Write https://…; http is only for a page on this machine")
    if parts.query or parts.fragment or "?" in url or "#" in url or "@" in parts.netloc:
        raise text.error("it has more than host, port and path", "Write https://posture.example.com")
    return url.rstrip("/")


def resolved_reference_host(text: SettingText) -> str:
    """Return a host that messages may link to, in lower case; raise SettingsError if it is no name of one."""
    return resolved_host(text, only_loopback=False).lower()


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine, by its name or address alone."""
    if host.lower() == "localhost":
        return True
    return _is_address(host) and ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it is looked at only now, and may be none
    except ValueError:
        return None
    return parts
