"""``posture init``: a first settings file, and what to do next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posture.cli.console import out
from posture.domain.tenant import Cloud
from posture.errors import UsageError

if TYPE_CHECKING:
    from posture.cli.permissions import Registration
    from posture.config import Draft, Endpoints, TenantSettings

_CREDENTIALS = ("certificate", "secret", "managed-identity", "workload-identity")


def register(app: typer.Typer) -> None:
    app.command()(init)


def init(
    file: Annotated[Path, typer.Option("--output", "-o", help="Where to write the settings.")] = Path("posture.yaml"),
    name: Annotated[str | None, typer.Option(help="How to call the tenant.")] = None,
    tenant_id: Annotated[str | None, typer.Option(help="Its directory (tenant) id, a GUID.")] = None,
    cloud: Annotated[Cloud | None, typer.Option(help="The cloud it lives in.")] = None,
    graph: Annotated[str | None, typer.Option(help="Custom cloud: https root of Graph.")] = None,
    login: Annotated[str | None, typer.Option(help="Custom cloud: https root of the authority.")] = None,
    credential: Annotated[str | None, typer.Option(help=f"One of: {', '.join(_CREDENTIALS)}.")] = None,
    client_id: Annotated[
        str | None, typer.Option(help="Application (client) id, if it is registered already.")
    ] = None,
    actions: Annotated[
        bool | None,
        typer.Option("--actions/--no-actions", help="Whether posture may change the tenant, after approval."),
    ] = None,
    remediator_client_id: Annotated[
        str | None, typer.Option(help="Application (client) id of the remediator, if it is registered already.")
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing; take defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented settings file for one tenant and show how to register the app it signs in with."""
    if file.exists() and not force:
        raise UsageError(f"{file} is there already. Name another with --output, or replace it with --force")
    ask = _Questions(silent=no_input)
    name = ask.text("--name", name, "Name for the tenant, as you like to call it")
    tenant_id = ask.text("--tenant-id", tenant_id, "Directory (tenant) id")
    chosen = Cloud(ask.choice("--cloud", cloud, "Cloud", tuple(Cloud), default=Cloud.PUBLIC))
    draft = _draft(
        name=name,
        tenant_id=tenant_id,
        cloud=chosen,
        endpoints=_endpoints(ask, chosen, graph, login),
        credential=ask.choice("--credential", credential, "Credential", _CREDENTIALS, default=_CREDENTIALS[0]),
        client_id=client_id or ask.optional("Application (client) id, empty if it is not registered yet"),
        with_remediator=_wants_actions(ask, actions, remediator_client_id),
        remediator_client_id=remediator_client_id,
    )
    _write(draft, file, force=force)
    _show_next_steps(draft, file)


class _Questions:
    """Asks for what the options left open, unless silent."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent

    def text(self, option: str, given: str | None, question: str) -> str:
        if given is None and self._silent:
            raise UsageError(f"{option} is missing, and --no-input forbids to ask for it")
        return str(typer.prompt(question)).strip() if given is None else given

    def optional(self, question: str) -> str | None:
        answer = "" if self._silent else str(typer.prompt(question, default="", show_default=False))
        return answer.strip() or None

    def yes(self, given: bool | None, question: str) -> bool:
        """Ask for a yes; silence is a no."""
        if given is None and not self._silent:
            return typer.confirm(question, default=False)
        return bool(given)

    def choice(self, option: str, given: str | None, question: str, known: tuple[str, ...], *, default: str) -> str:
        if given is None and not self._silent:
            given = str(typer.prompt(f"{question} ({', '.join(known)})", default=str(default)))
        answer = default if given is None else given.strip()
        if answer not in known:
            from posture.definitions.dictionary import did_you_mean

            advice = did_you_mean(answer, known, otherwise=f"Choose one of: {', '.join(known)}.")
            raise UsageError(f'{option} does not know "{answer}". {advice}')
        return answer


def _wants_actions(ask: _Questions, actions: bool | None, client_id: str | None) -> bool:
    if client_id is not None:
        if actions is False:
            raise UsageError("--remediator-client-id belongs to --actions")
        return True
    return ask.yes(actions, "Shall posture be able to change the tenant, each time after approval?")


def _endpoints(ask: _Questions, cloud: Cloud, graph: str | None, login: str | None) -> Endpoints | None:
    if cloud is not Cloud.CUSTOM:
        if graph or login:
            raise UsageError("--graph and --login belong to --cloud custom")
        return None
    from posture.config import Endpoints

    return Endpoints(
        graph=ask.text("--graph", graph, "Root of Graph, https://host:port"),
        login=ask.text("--login", login, "Root of the authority, https://host:port"),
    )


def _draft(
    *,
    name: str,
    tenant_id: str,
    cloud: Cloud,
    endpoints: Endpoints | None,
    credential: str,
    client_id: str | None,
    with_remediator: bool,
    remediator_client_id: str | None,
) -> Draft:
    from posture.config import Credential, Draft

    return Draft(
        name=name,
        tenant_id=tenant_id,
        cloud=cloud,
        endpoints=endpoints,
        credential=Credential(credential),
        client_id=client_id,
        with_remediator=with_remediator,
        remediator_client_id=remediator_client_id,
    )


def _write(draft: Draft, file: Path, *, force: bool) -> None:
    """Write the settings, after reading them as a scan would: an answer that cannot work is refused here."""
    from posture.config import draft_text, parse_settings

    text = draft_text(draft)
    parse_settings(text, path=file, environment=os.environ)
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error


def _show_next_steps(draft: Draft, file: Path) -> None:
    from posture.bootstrap import load_application
    from posture.cli.permissions import registration_of_reader, registration_of_remediator

    application = load_application(file)
    (tenant,) = application.tenants_named([])
    option = "" if file == Path("posture.yaml") else f" --config {file}"
    out().print(f"Written: {file}\n\nSo that posture may read the tenant:")
    _show_registration(draft, tenant, registration_of_reader(application, tenant), f"permissions{option}")
    if draft.with_remediator:
        out().print(
            "\nSo that it may carry out approved plans, as an identity of its own, never mixed with the first:"
        )
        needed = registration_of_remediator(application)
        _show_registration(draft, tenant, needed, f"permissions --actions{option}")
    _show_secrets(draft)
    if draft.with_remediator:
        out().print(f"\nThe first operator, who adds the others: posture operators add NAME --role admin{option}")
    out().print(f"\nNext: posture doctor{option}", style="bold")


def _show_registration(draft: Draft, tenant: TenantSettings, needed: Registration, command: str) -> None:
    from posture.cli.permissions import steps_of
    from posture.config import Credential

    is_managed = draft.credential is Credential.MANAGED_IDENTITY
    todo = steps_of(needed, tenant, display_name=needed.identity.display_name, is_managed=is_managed)
    for number, sentence in enumerate(todo, start=1):
        out().print(f"  {number}. {sentence}")
    if not is_managed:
        out().print(f"Or let the Azure CLI do it: posture {command} --format script > {needed.identity}.sh")
        out().print(f"Or paste the manifest into the registration: posture {command} --format manifest")


def _show_secrets(draft: Draft) -> None:
    from posture.config import Credential

    if draft.credential is not Credential.SECRET:
        return
    names = ["SECRET", *(["REMEDIATOR_SECRET"] if draft.with_remediator else [])]
    for name in names:
        out().print(f'Then hand over the secret: export {draft.variable(name)}="…"')
