"""Structured logs: one line of JSON for each happening, or text for people at a terminal.

The product logs through the standard library; what belongs to a line for machines is in ``extra``. Libraries are
heard from warnings on only: some of them write whole requests, tokens included, below that.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import Processor

from posture.domain.printable import printable

_OURS: Final = "posture"


def start_logging(*, as_json: bool, stream: TextIO | None = None) -> None:
    """Write what is logged to a stream from now on, standard error if none is given.

    ``as_json`` writes objects with ``at`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, what was given as
    ``extra``, and ``exception`` with its traceback.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_as_json() if as_json else _as_text()),
            ],
        )
    )
    root = logging.getLogger()
    for before in list(root.handlers):
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(logging.INFO)


def _shared() -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]


def _as_json() -> list[Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        # Names from directories may hold line ends and terminal escapes: ASCII escapes them all.
        structlog.processors.JSONRenderer(ensure_ascii=True, default=str),
    ]


def _as_text() -> list[Processor]:
    return [
        _harmless,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), timestamp_key="at", exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _harmless(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make texts printable: a name in a directory must not move the cursor of who reads the log."""
    return {key: printable(value) if isinstance(value, str) else value for key, value in line.items()}
