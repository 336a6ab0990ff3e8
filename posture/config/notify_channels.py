"""The channels of a settings file: exactly one kind each, and what can be said of them before they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from posture.config.credential_part import read_credential, refuse_the_reader
from posture.config.file_model import ChannelModel, SmtpModel
from posture.config.notify_settings import (
    ChannelKind,
    ChannelSettings,
    GraphMailSettings,
    MailIdentity,
    Security,
    SmtpSettings,
    TeamsSettings,
    WebhookSettings,
)
from posture.config.notify_texts import (
    resolved_address,
    resolved_hook,
    resolved_host,
    resolved_line,
    resolved_signing_secret,
)
from posture.config.references import SettingText
from posture.config.settings import TenantSettings
from posture.config.settings_file import SettingsFile
from posture.definitions.yaml_source import Step

KINDS: Final = ("smtp", "graph_mail", "teams", "webhook")

_PORTS: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_Steps = tuple[Step, ...]


class ChannelsPart:
    """The part of a file below ``notify.channels``."""

    def __init__(
        self, file: SettingsFile, models: Sequence[ChannelModel], tenants: Mapping[str, TenantSettings]
    ) -> None:
        self._file = file
        self._models = models
        self._tenants = tenants

    def all(self) -> Iterator[ChannelSettings]:
        """Yield the channels in the order of the file. Raises SettingsError as ``load_settings`` does."""
        names: dict[str, int] = {}
        for position, model in enumerate(self._models):
            steps: _Steps = ("notify", "channels", position)
            self._file.refuse_unfit_name((*steps, "name"), model.name, example="admins")
            self._file.refuse_twice(
                names, model.name.lower(), (*steps, "name"), "Give every channel a name of its own"
            )
            kind = self._kind(model, steps)
            yield ChannelSettings(name=model.name, kind=kind, how=self._how(model, (*steps, kind)))

    def secrets(self) -> Iterator[SettingText]:
        """Yield the texts that nobody should write into the file itself."""
        for position, model in enumerate(self._models):
            for kind in KINDS:
                for steps in _SECRETS[kind]:
                    text = self._file.text(("notify", "channels", position, kind, *steps))
                    if text is not None and getattr(model, kind) is not None:
                        yield text

    def _kind(self, model: ChannelModel, steps: _Steps) -> str:
        given = [kind for kind in KINDS if getattr(model, kind) is not None]
        if len(given) == 1:
            return given[0]
        if not given:
            raise self._file.refuse(steps, "it has no kind", f"Add one of: {', '.join(KINDS)}")
        problem = f"more than one kind is given: {', '.join(given)}"
        raise self._file.refuse((*steps, given[1]), problem, "Make a channel of each")

    def _how(self, model: ChannelModel, steps: _Steps) -> ChannelKind:
        if model.smtp is not None:
            return self._smtp(model.smtp, steps)
        if model.graph_mail is not None:
            return GraphMailSettings(
                identity=self._identity(model.graph_mail.tenant, (*steps, "tenant"), (*steps, "credential")),
                mailbox=self._text((*steps, "mailbox"), resolved_address),
                to=self._recipients(steps),
            )
        if model.teams is not None:
            return TeamsSettings(url=self._text((*steps, "url"), resolved_hook), bare_card=model.teams.bare_card)
        return WebhookSettings(
            url=self._text((*steps, "url"), resolved_hook),
            secret=self._text((*steps, "secret"), resolved_signing_secret),
        )

    def _smtp(self, model: SmtpModel, steps: _Steps) -> SmtpSettings:
        self._refuse_half_a_sign_in(model, steps)
        security = Security(model.security)
        identity = None
        if model.xoauth2 is not None:
            part = (*steps, "xoauth2")
            identity = self._identity(model.xoauth2.tenant, (*part, "tenant"), part)
        return SmtpSettings(
            host=self._text(
                (*steps, "host"), lambda text: resolved_host(text, only_loopback=security is Security.NONE)
            ),
            port=_PORTS[security] if model.port is None else model.port,
            security=security,
            username=self._text((*steps, "username"), resolved_line) if model.username is not None else None,
            password=self._file.text((*steps, "password")),
            identity=identity,
            sender=self._text((*steps, "from"), resolved_address),
            to=self._recipients(steps),
        )

    def _refuse_half_a_sign_in(self, model: SmtpModel, steps: _Steps) -> None:
        if model.password is not None and model.xoauth2 is not None:
            raise self._file.refuse((*steps, "xoauth2"), "password and xoauth2 are both given", "Keep one of them")
        signs_in = model.password is not None or model.xoauth2 is not None
        if signs_in and model.username is None:
            raise self._file.refuse(steps, 'the key "username" is missing', "Add the name that is signed in with")
        if model.username is not None and not signs_in:
            problem = "a user name is given, but nothing to sign in with"
            raise self._file.refuse((*steps, "username"), problem, "Add password or xoauth2, or remove it")

    def _identity(self, tenant: str, tenant_steps: _Steps, steps: _Steps) -> MailIdentity:
        known = self._tenants.get(tenant)
        if known is None:
            raise self._file.unknown(tenant_steps, "tenant", tenant, self._tenants)
        credential = read_credential(self._file, steps)
        refuse_the_reader(
            self._file,
            steps,
            credential,
            reader=known.reader,
            problem="this is the identity of the reader, which is for reading only",
            advice="Register an application of its own for sending mail",
        )
        return MailIdentity(tenant=tenant, credential=credential)

    def _recipients(self, steps: _Steps) -> tuple[SettingText, ...]:
        given = self._file.document.at((*steps, "to"))
        positions = range(len(given)) if isinstance(given, list) else ()
        recipients: dict[str, int] = {}
        texts = []
        for position in positions:
            place = (*steps, "to", position)
            text = self._text(place, resolved_address)
            self._file.refuse_twice(recipients, text.text.lower(), place, "Keep one of them")
            texts.append(text)
        return tuple(texts)

    def _text(self, steps: _Steps, checked: Callable[[SettingText], object]) -> SettingText:
        """Return a text that the model says is there. What it refers to is looked up and checked on use."""
        text = self._file.text(steps)
        if text is None:
            raise self._file.refuse(steps, "it is missing", "Add it")
        if not text.has_reference:
            checked(text)
        return text


_IDENTITY_SECRETS: Final[tuple[_Steps, ...]] = (("client_secret",), ("certificate", "password"))
_SECRETS: Final[Mapping[str, tuple[_Steps, ...]]] = {
    "smtp": (("password",), *(("xoauth2", *steps) for steps in _IDENTITY_SECRETS)),
    "graph_mail": tuple(("credential", *steps) for steps in _IDENTITY_SECRETS),
    "teams": (("url",),),
    "webhook": (("secret",),),
}
