"""The part of a settings file below ``notify``: who is told what, and how."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from posture.config.file_model import DefaultRouteModel, MatchModel, NotifyModel
from posture.config.notify_channels import ChannelsPart
from posture.config.notify_settings import ChannelSettings, NotifySettings
from posture.config.notify_texts import resolved_page, resolved_reference_host
from posture.config.references import SettingText
from posture.config.settings import TenantSettings
from posture.config.settings_file import SettingsFile
from posture.definitions.vocabulary import TAGS
from posture.definitions.yaml_source import Step
from posture.domain.check import CheckId
from posture.domain.routing import Digest, Match, Route
from posture.tables import RESOURCE_TYPES

_HERE: Final[tuple[Step, ...]] = ("notify",)
_ALL: Final = MatchModel()
_RESOURCE_TYPES: Final = tuple(kind.name for kind in RESOURCE_TYPES)


class NotifyPart:
    """Reads ``notify`` after the tenants, whose names it may use."""

    def __init__(self, file: SettingsFile, model: NotifyModel, tenants: Sequence[TenantSettings]) -> None:
        self._file = file
        self._model = model
        self._tenants: Mapping[str, TenantSettings] = {tenant.name: tenant for tenant in tenants}
        self._channels = ChannelsPart(file, model.channels, self._tenants)

    def read(self) -> NotifySettings:
        """Return the settings. Raises SettingsError as ``load_settings`` does."""
        model = self._model
        channels = tuple(self._channels.all())
        names = [channel.name for channel in channels]
        return NotifySettings(
            page=self._page(),
            reference_hosts=tuple(self._reference_hosts()),
            templates=self._templates(),
            credential_notice=timedelta(days=model.credential_days),
            exemption_notice=timedelta(days=model.exemption_days),
            channels=channels,
            routes=tuple(
                self._route(route, route.match, (*_HERE, "routes", position), names)
                for position, route in enumerate(model.routes)
            ),
            default=None if model.default is None else self._route(model.default, _ALL, (*_HERE, "default"), names),
        )

    def literal_secrets(self) -> Iterator[SettingText]:
        """Yield the texts that are secrets and stand in the file itself."""
        yield from (text for text in self._channels.secrets() if not text.has_reference)

    def never_told(self, settings: NotifySettings) -> Iterator[ChannelSettings]:
        """Yield the channels that no route names."""
        routes = (*settings.routes, *([settings.default] if settings.default else []))
        named = {name for route in routes for name in route.channels}
        yield from (channel for channel in settings.channels if channel.name not in named)

    def _page(self) -> str | None:
        text = self._file.text((*_HERE, "page"))
        return None if text is None else resolved_page(text)

    def _reference_hosts(self) -> Iterator[str]:
        for position in range(len(self._model.reference_hosts)):
            text = self._file.text((*_HERE, "reference_hosts", position))
            if text is not None:
                yield resolved_reference_host(text)

    def _templates(self) -> Path | None:
        if self._model.templates is None:
            return None
        steps = (*_HERE, "templates")
        directory = self._file.path(steps, default="")
        if not directory.is_dir():
            raise self._file.refuse(steps, f"there is no directory {directory}", "Create it, or remove the setting")
        return directory

    def _route(
        self, model: DefaultRouteModel, match: MatchModel, steps: tuple[Step, ...], channels: Collection[str]
    ) -> Route:
        self._refuse_unknown((*steps, "channels"), model.channels, channels, "channel")
        there = (*steps, "match")
        self._refuse_unknown((*there, "tags"), match.tags, TAGS, "tag")
        self._refuse_unknown((*there, "tenants"), match.tenants, self._tenants, "tenant")
        self._refuse_unknown((*there, "resource_types"), match.resource_types, _RESOURCE_TYPES, "resource type")
        return Route(
            match=Match(
                events=frozenset(match.events),
                at_least=match.severity,
                checks=frozenset(map(CheckId, match.checks)),
                tags=frozenset(match.tags),
                tenants=frozenset(match.tenants),
                resource_types=frozenset(match.resource_types),
            ),
            channels=tuple(dict.fromkeys(model.channels)),
            digest=self._digest(model, (*steps, "when", "digest")),
        )

    def _digest(self, model: DefaultRouteModel, steps: tuple[Step, ...]) -> Digest | None:
        if model.when is None:
            return None
        # Here and not above: settings without digests need no calendar.
        from posture.schedule.cron import check_digest

        cron, zone = model.when.digest.cron, model.when.digest.zone
        problem = check_digest(cron, zone)
        if problem is not None:
            advice = 'Write five fields and a time zone, e.g. {cron: "0 8 * * 1-5", zone: Europe/Berlin}'
            raise self._file.refuse(steps, problem.rstrip("."), advice)
        return Digest(cron=cron, zone=zone)

    def _refuse_unknown(
        self, steps: tuple[Step, ...], names: Sequence[str], known: Collection[str], what: str
    ) -> None:
        for position, name in enumerate(names):
            if name not in known:
                raise self._file.unknown((*steps, position), what, name, known)
