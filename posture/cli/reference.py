"""``python -m posture.cli.reference DIRECTORY``: write the generated reference. Called by ``make docs``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperArgument, TyperGroup

from posture.report.reference import (
    CommandPage,
    OptionPage,
    actions_markdown,
    checks_markdown,
    commands_markdown,
    tables_markdown,
)

if TYPE_CHECKING:
    from posture.definitions.catalog import Catalog


def command_pages() -> tuple[CommandPage, ...]:
    """Return what every command says about itself, in the order of ``posture --help``."""
    from posture.cli.main import app

    return tuple(_commands(typer.main.get_command(app), name="posture"))


def reference_files() -> dict[str, str]:
    """Return the content of every generated page, by file name."""
    from posture.bootstrap import live_dictionary
    from posture.definitions.catalog import load_catalog
    from posture.definitions.dictionary import Dictionary
    from posture.definitions.json_schema import action_schema, check_schema
    from posture.report.notice_schema import notice_schema
    from posture.report.plan_schema import plan_schema
    from posture.report.scan_schema import scan_schema
    from posture.report.telling_schema import deliveries_schema, sending_schema
    from posture.tables import RESOURCE_TYPES, TABLES
    from posture.web.api import api_document

    dictionary = Dictionary(TABLES, RESOURCE_TYPES)
    catalog = load_catalog([], dictionary)
    return {
        "tables.md": tables_markdown(TABLES),
        "checks.md": checks_markdown(loaded.check for loaded in catalog.checks),
        "actions.md": actions_markdown(catalog.actions),
        "permissions.md": _permissions_page(catalog),
        "cli.md": commands_markdown(command_pages()),
        "check.schema.json": _json(check_schema(dictionary, actions=catalog.action_ids)),
        "action.schema.json": _json(action_schema(live_dictionary())),
        "plan.schema.json": _json(plan_schema()),
        "scan.schema.json": _json(scan_schema()),
        "deliveries.schema.json": _json(deliveries_schema()),
        "sending.schema.json": _json(sending_schema()),
        "notice.schema.json": _json(notice_schema()),
        "openapi.json": _json(api_document()),
    }


def _permissions_page(catalog: Catalog) -> str:
    """Return the page of permissions, for every shipped check with its own parameters and every shipped action."""
    from posture.definitions.check_sql import compile_check
    from posture.report.permission_page import ActionNeed, PermissionUse, permissions_markdown
    from posture.tables import TABLES
    from posture.usecases.action_permissions import permissions_of, write_permissions
    from posture.usecases.permissions import needed_permissions
    from posture.usecases.wanted import wanted_tables

    checks = [compile_check(loaded, {}) for loaded in catalog.checks]
    return permissions_markdown(
        reader=[
            PermissionUse(permission=need.permission, needed_by=need.checks)
            for need in needed_permissions(wanted_tables(checks, TABLES), checks)
        ],
        remediator=[
            PermissionUse(permission=need.permission, needed_by=need.actions)
            for need in write_permissions(catalog.actions)
        ],
        actions=[
            ActionNeed(
                action=loaded.action.id,
                permissions=permissions_of(loaded),
                directory_role=loaded.action.directory_role,
            )
            for loaded in catalog.actions
        ],
    )


def _commands(command: Any, *, name: str) -> Iterator[CommandPage]:
    """Yield the commands at and below a command of Typer, whose classes for them have no public names."""
    if isinstance(command, TyperGroup):
        for below, inner in command.commands.items():
            yield from _commands(inner, name=f"{name} {below}")
        return
    options = tuple(_options(command))
    yield CommandPage(name=name, help=(command.help or "").strip(), options=options)


def _options(command: Any) -> Iterator[OptionPage]:
    for parameter in command.params:
        if parameter.hidden or parameter.name == "help":
            continue
        is_argument = isinstance(parameter, TyperArgument)
        names = (str(parameter.name).upper(),) if is_argument else (*parameter.opts, *parameter.secondary_opts)
        yield OptionPage(names=names, help=parameter.help or "", default=_shown(parameter.default))


def _shown(default: object) -> str | None:
    if default is None or default is False or default == () or callable(default):
        return None
    return str(getattr(default, "value", default))


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every page into the directory given as the only argument."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in reference_files().items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
