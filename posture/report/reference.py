"""The reference pages: what tables, checks and commands say about themselves, as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import Action
from posture.domain.check import Check, Parameter
from posture.tables.table import Column, SourceTable, Table, WithoutLicence

MADE: Final = "<!-- Made by make docs; changes here are lost. -->"


@dataclass(frozen=True, kw_only=True)
class OptionPage:
    """One option or argument of a command. ``names`` as typed; ``default`` None if there is none to show."""

    names: tuple[str, ...]
    help: str
    default: str | None


@dataclass(frozen=True, kw_only=True)
class CommandPage:
    """One command, its full name first: ``posture checks list``."""

    name: str
    help: str
    options: tuple[OptionPage, ...]


def tables_markdown(tables: Sequence[Table]) -> str:
    """Return the page of all tables and columns, in the order of the dictionary."""
    lines = [MADE, "# Tables", "", *_TABLES_HEAD.splitlines(), ""]
    lines += [f"- [{table.name}](#{table.name}): {_first_sentence(table.doc)}" for table in tables]
    for table in tables:
        lines += ["", f"## {table.name}", "", table.doc, "", *_source_lines(table), ""]
        lines += ["| column | type | property of Graph | meaning |", "| --- | --- | --- | --- |"]
        lines += [table_row(_column_cells(column)) for column in table.columns]
    return "\n".join(lines) + "\n"


def checks_markdown(checks: Iterable[Check]) -> str:
    """Return the page of all checks, sorted by id."""
    ordered = sorted(checks, key=lambda check: check.id)
    lines = [MADE, "# Checks", "", f"{len(ordered)} checks. The ids never change.", ""]
    lines += ["| check | severity | resource | what is wrong |", "| --- | --- | --- | --- |"]
    lines += [
        table_row([f"[{check.id}](#{check.id})", check.severity.default.value, check.resource, check.title])
        for check in ordered
    ]
    for check in ordered:
        lines += ["", *_check_lines(check)]
    return "\n".join(lines) + "\n"


def actions_markdown(actions: Iterable[LoadedAction]) -> str:
    """Return the page of all actions, sorted by id."""
    ordered = sorted(actions, key=lambda loaded: loaded.action.id)
    lines = [MADE, "# Actions", "", f"{len(ordered)} actions. How to use them: [act](../how-to/actions.md).", ""]
    lines += ["| action | changes | risk | undo | what it does |", "| --- | --- | --- | --- | --- |"]
    for loaded in ordered:
        action = loaded.action
        undo = "yes" if action.undo else "no"
        lines.append(
            table_row([f"[{action.id}](#{action.id})", action.resource, action.risk.value, undo, action.title])
        )
    for loaded in ordered:
        lines += ["", *_action_lines(loaded.action, loaded)]
    return "\n".join(lines) + "\n"


def commands_markdown(commands: Iterable[CommandPage]) -> str:
    """Return the page of all commands."""
    lines = [MADE, "# Commands", "", *_COMMANDS_HEAD.splitlines()]
    for command in commands:
        lines += ["", f"## {command.name}", "", command.help]
        if command.options:
            lines += ["", "| option | meaning | default |", "| --- | --- | --- |"]
            lines += [table_row(_option_cells(option)) for option in command.options]
    return "\n".join(lines) + "\n"


def _source_lines(table: Table) -> Iterator[str]:
    if not isinstance(table, SourceTable):
        yield "Derived from other tables; it needs what they need."
        return
    source = table.source
    yield f"- Request: `GET /{source.path}`"
    yield f"- Permission: {', '.join(f'`{permission}`' for permission in source.permissions)}"
    if source.licence is not None:
        empty = source.without_licence is WithoutLicence.EMPTY
        effect = (
            "the table is known to be empty" if empty else "nothing is known, and checks that read it are skipped"
        )
        yield f"- Licence: {source.licence.value}; without it {effect}"


def _column_cells(column: Column) -> list[str]:
    values = f" One of: {', '.join(column.values)}." if column.values else ""
    return [f"`{column.name}`", f"`{column.type}`", f"`{column.field}`" if column.field else "", column.doc + values]


def _check_lines(check: Check) -> Iterator[str]:
    yield f"## {check.id}"
    yield ""
    yield f"**{check.title}.** Severity {check.severity.default}, about one {check.resource}; {check.maturity}."
    if check.deprecated_because:
        yield f"\nDeprecated: {_flat(check.deprecated_because)}"
    yield f"\n{check.why.strip()}"
    yield f"\n**What to do.** {check.fix.strip()}"
    if check.false_positives:
        yield "\n**When it may be wrong.**\n"
        yield from (f"- {_flat(text)}" for text in check.false_positives)
    if check.parameters:
        yield "\n| parameter | meaning | default |\n| --- | --- | --- |"
        yield from (table_row(_parameter_cells(parameter)) for parameter in check.parameters)
    yield f"\nTags: {', '.join(check.tags)}."
    if check.frameworks:
        named = (f"{name} {', '.join(ids)}" for name, ids in sorted(check.frameworks.items()))
        yield f"\nElsewhere: {'; '.join(named)}."
    yield "\nSources: " + ", ".join(f"<{reference}>" for reference in check.references)


def _action_lines(action: Action, loaded: LoadedAction) -> Iterator[str]:
    people = max(action.approval.people, action.risk.people)
    yield f"## {action.id}"
    yield ""
    yield f"**{action.title}.** {_flat(action.effect)}"
    yield ""
    yield f"- Risk: {action.risk}; {people} must approve, at least {action.approval.role}."
    yield f"- At once: {action.limits.per_run}; a day: {action.limits.per_day}; of all: {action.limits.share:.1%}."
    permissions = ", ".join(f"`{permission}`" for permission in action.permissions)
    yield f"- Permissions of its requests ([all](permissions.md)): {permissions}"
    if action.directory_role:
        yield f"- Directory role: {_flat(action.directory_role)}"
    yield from (f"- Guard `{guard.id}` refuses: {_flat(guard.refuse)}." for guard in action.guards)
    yield from (f"- Sends `{step.method} /{step.path.lstrip('/')}`" for step in action.steps)
    if action.undo is None:
        yield f"- No undo: {_flat(action.undo_impossible_because or '')}"
    else:
        yield from (f"- Undo sends `{step.method} /{step.path.lstrip('/')}`" for step in action.undo.steps)
    if action.parameters:
        yield "\n| parameter | meaning | default |\n| --- | --- | --- |"
        for parameter in action.parameters:
            filled = loaded.sources.get(parameter.name)
            cells = _parameter_cells(parameter)
            yield table_row(cells if filled is None else [*cells[:2], f"`{filled}` of the finding"])


def _parameter_cells(parameter: Parameter) -> list[str]:
    unit = f" ({parameter.unit})" if parameter.unit else ""
    default = parameter.default
    if default is None:
        return [f"`{parameter.name}`", parameter.help + unit, "has to be given"]
    shown = ", ".join(default) if isinstance(default, tuple) else str(default)
    return [f"`{parameter.name}`", parameter.help + unit, f"`{shown}`" if shown else "none"]


def _option_cells(option: OptionPage) -> list[str]:
    names = ", ".join(f"`{name}`" for name in option.names)
    return [names, option.help, f"`{option.default}`" if option.default else ""]


def table_row(cells: Sequence[str]) -> str:
    """Return one row of a table; line breaks and bars in a cell do not break it."""
    return "| " + " | ".join(_flat(cell).replace("|", "\\|") for cell in cells) + " |"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".") + "."


_TABLES_HEAD: Final = """\
What checks and `posture query` read. NULL means that Graph did not say, never "no". Times are UTC.
`previous.<table>` is the same table in the snapshot before.
"""
_COMMANDS_HEAD: Final = """\
| exit code | a scan | plans, actions, operators, audit |
| --- | --- | --- |
| 0 | done | done; every target is as wished |
| 1 | something at or above `--fail-on` fails | refused or failed, for every target; the audit does not hold |
| 2 | wrong usage or configuration | the same, and no operator's token |
| 3 | done, but a table failed or is partial, or a check broke | some targets refused or failed, or unverified |
| 4 | aborted: no access token, or the tenant cannot be reached | the same, database unusable, another worker at it |

An operator's token is read from `POSTURE_TOKEN`, or asked for on a terminal; it is never an argument.
"""
