"""Logs: lines that machines read and people can trust."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from posture.telemetry.logs import start_logging

HOSTILE = "Ada\x1b[31m\r\n\u202eevil"


@pytest.fixture(autouse=True)
def _loggers_as_they_were() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("posture")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_what_was_given_beside_the_message() -> None:
    stream = io.StringIO()
    start_logging(as_json=True, stream=stream)

    logging.getLogger("posture.worker").info("a scan of contoso ended", extra={"action": "job_ended", "job": "j1"})

    (line,) = lines(stream)
    assert line.pop("at").endswith("Z")
    assert line == {
        "message": "a scan of contoso ended",
        "level": "info",
        "logger": "posture.worker",
        "action": "job_ended",
        "job": "j1",
    }


def test_a_hostile_name_makes_no_second_line_and_moves_no_cursor() -> None:
    for as_json in (True, False):
        stream = io.StringIO()
        start_logging(as_json=as_json, stream=stream)

        logging.getLogger("posture").warning("a user is called %s", HOSTILE, extra={"name_seen": HOSTILE})

        written = stream.getvalue()
        assert written.count("\n") == 1
        assert not {"\x1b", "\r", "\u202e"} & set(written)


def test_an_error_brings_its_traceback_within_its_line() -> None:
    stream = io.StringIO()
    start_logging(as_json=True, stream=stream)

    try:
        raise ValueError("unforeseen")
    except ValueError:
        logging.getLogger("posture.web").exception("a request broke")

    (line,) = lines(stream)
    assert line["level"] == "error"
    assert "ValueError: unforeseen" in line["exception"]


def test_libraries_are_heard_from_warnings_on() -> None:
    stream = io.StringIO()
    start_logging(as_json=True, stream=stream)

    logging.getLogger("azure.identity").info("token acquired")
    logging.getLogger("azure.identity").warning("slow")
    logging.getLogger("posture").debug("a detail")

    assert [line["message"] for line in lines(stream)] == ["slow"]


def test_starting_twice_writes_each_line_once() -> None:
    stream = io.StringIO()
    start_logging(as_json=True, stream=stream)
    start_logging(as_json=True, stream=stream)

    logging.getLogger("posture").info("once")

    assert len(lines(stream)) == 1
