"""The part of a settings file below ``service``: where the page is served, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from posture.config.file_model import ServiceModel, SignInModel
from posture.config.notify_texts import is_loopback, resolved_page
from posture.config.references import SettingText
from posture.config.service_settings import ALL_TENANTS, ProviderSettings, ServiceSettings, TlsSettings
from posture.config.settings_file import SettingsFile
from posture.definitions.yaml_source import Step
from posture.domain.operator import Role

_HERE: Final[tuple[Step, ...]] = ("service",)
_SIGN_IN: Final = (*_HERE, "sign_in")
_REACHED: Final = "Write how people reach the page, e.g. https://posture.example.com"


class ServicePart:
    """Reads ``service``. ``tenants`` are the names of the tenants."""

    def __init__(self, file: SettingsFile, model: ServiceModel, tenants: Sequence[str]) -> None:
        self._file = file
        self._model = model
        self._tenants = tenants

    def read(self) -> ServiceSettings:
        """Return the settings. Raises SettingsError as ``load_settings`` does."""
        host, port = self._listen()
        tls, proxies = self._tls(), tuple(self._proxies())
        self._refuse_open_house(host, is_guarded=tls is not None or bool(proxies))
        lifetimes = self._model.lifetimes
        if lifetimes.idle > lifetimes.longest:
            raise self._file.refuse(
                (*_HERE, "lifetimes"), "idle is longer than longest", "A sign-in cannot wait longer than it lasts"
            )
        return ServiceSettings(
            host=host,
            port=port,
            url=self._url(host, port, tls=tls is not None, proxies=bool(proxies)),
            tls=tls,
            trusted_proxies=proxies,
            sign_in=None if self._model.sign_in is None else self._sign_in(self._model.sign_in),
            idle=lifetimes.idle,
            longest=lifetimes.longest,
        )

    def literal_secrets(self) -> Iterator[SettingText]:
        """Yield the texts that are secrets and stand in the file itself."""
        for steps in (
            (*_SIGN_IN, "client_secret"),
            (*_SIGN_IN, "certificate", "password"),
            (*_HERE, "tls", "password"),
        ):
            text = self._file.text(steps)
            if text is not None and not text.has_reference:
                yield text

    def _listen(self) -> tuple[str, int]:
        steps = (*_HERE, "listen")
        text = self._file.text(steps)
        host, _, port = (self._model.listen if text is None else text.resolve()).rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        if not _is_address(bare) or not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65_535:
            raise self._file.refuse(
                steps, "it is no address and port", "Write 127.0.0.1:8080, 0.0.0.0:8443 or [::1]:8080"
            )
        return "127.0.0.1" if bare == "localhost" else bare, int(port)

    def _refuse_open_house(self, host: str, *, is_guarded: bool) -> None:
        if is_loopback(host) or is_guarded:
            return
        raise self._file.refuse(
            (*_HERE, "listen"),
            f"{host} can be reached from other machines, and nothing would keep what people sign in with from being "
            "overheard",
            "Set tls with certificate and key, or trusted_proxies to the addresses of the proxy that ends TLS, or "
            "listen on 127.0.0.1",
        )

    def _url(self, host: str, port: int, *, tls: bool, proxies: bool) -> str:
        steps = (*_HERE, "url")
        text = self._file.text(steps)
        if text is not None:
            return self._given_url(text, tls=tls)
        if proxies or not is_loopback(host):
            why = "behind a proxy" if proxies else f"listening on {host}"
            raise self._file.refuse(
                _HERE, f'the key "url" is missing: {why}, the page cannot know its name', _REACHED
            )
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if tls else 'http'}://{shown}:{port}"

    def _given_url(self, text: SettingText, *, tls: bool) -> str:
        url = resolved_page(text)
        scheme, _, rest = url.partition("://")
        if "/" in rest:
            raise text.error("it has a path; the page is served at the root of its host only", _REACHED)
        if tls and scheme != "https":
            raise text.error("it is not https, although tls is set", _REACHED)
        return f"{scheme}://{rest.lower()}"

    def _tls(self) -> TlsSettings | None:
        if self._model.tls is None:
            return None
        steps = (*_HERE, "tls")
        return TlsSettings(
            certificate_text=self._there((*steps, "certificate")),
            key_text=self._there((*steps, "key")),
            password_text=self._file.text((*steps, "password")),
        )

    def _proxies(self) -> Iterator[str]:
        for position in range(len(self._model.trusted_proxies)):
            text = self._file.text((*_HERE, "trusted_proxies", position))
            if text is None:
                continue
            try:
                network = ip_network(text.resolve())
            except ValueError:
                raise text.error("it is no address or network", "Write 10.0.0.5 or 10.0.0.0/24") from None
            if network.prefixlen == 0:
                raise text.error("it trusts everybody", "Name the addresses of the proxy")
            yield str(network)

    def _sign_in(self, model: SignInModel) -> ProviderSettings:
        secret = self._file.text((*_SIGN_IN, "client_secret"))
        certificate = self._file.text((*_SIGN_IN, "certificate", "path"))
        if (secret is None) == (certificate is None):
            raise self._file.refuse(_SIGN_IN, "it needs exactly one credential", "Keep client_secret or certificate")
        return ProviderSettings(
            issuer=self._issuer(),
            client_id=self._there((*_SIGN_IN, "client_id")).resolve(),
            client_secret_text=secret,
            certificate_text=certificate,
            certificate_password_text=self._file.text((*_SIGN_IN, "certificate", "password")),
            scopes=tuple(dict.fromkeys(("openid", *model.scopes))),
            claim=model.claim,
            roles=self._roles(model),
            tenants=None if model.tenants is None else self._tenants_by_value(model.tenants),
        )

    def _issuer(self) -> str:
        text = self._there((*_SIGN_IN, "issuer"))
        resolved_page(text)
        # As it is written: a slash at its end is part of the name.
        return text.resolve()

    def _roles(self, model: SignInModel) -> Mapping[str, Role]:
        by_role = {
            Role.VIEWER: model.roles.viewer,
            Role.HELPDESK: model.roles.helpdesk,
            Role.ADMIN: model.roles.admin,
        }
        roles: dict[str, Role] = {}
        for role, values in by_role.items():
            for value in values:
                if value in roles:
                    raise self._file.refuse(
                        (*_SIGN_IN, "roles", str(role)), f'"{value}" is {roles[value]} already', "Name it once"
                    )
                roles[value] = role
        if not roles:
            raise self._file.refuse((*_SIGN_IN, "roles"), "nobody could sign in", "Name a value for admin at least")
        return roles

    def _tenants_by_value(self, given: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        for value, names in given.items():
            for position, name in enumerate(names):
                if name != ALL_TENANTS and name not in self._tenants:
                    steps = (*_SIGN_IN, "tenants", value, position)
                    raise self._file.unknown(steps, "tenant", name, self._tenants)
        return {value: tuple(names) for value, names in given.items()}

    def _there(self, steps: tuple[Step, ...]) -> SettingText:
        text = self._file.text(steps)
        if text is None:
            raise self._file.refuse(steps, "it is missing", "Give it a value")
        return text


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True
