"""What asks a worker to stop: the first signal lets it end in peace, the second one ends it at once."""

from __future__ import annotations

import logging
import os
import signal
import threading
from types import FrameType
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def stop_on_signals() -> threading.Event:
    """Return what is set when this process is asked to stop; only the main thread may call it."""
    asked = threading.Event()
    has_begun = False

    def answer(number: int, _frame: FrameType | None) -> None:
        nonlocal has_begun
        if has_begun:
            # What was begun is taken over by the next worker, as after a crash.
            os._exit(128 + number)
        has_begun = True
        # In a thread of its own: the one that was interrupted may hold the lock of the event at this moment.
        threading.Thread(target=_ask, args=(asked, number), daemon=True).start()

    for number in _SIGNALS:
        signal.signal(number, answer)
    return asked


def _ask(asked: threading.Event, number: int) -> None:
    _LOG.info(
        "Stopping: what runs is ended or parked; a second signal ends it at once",
        extra={"action": "stopping", "signal": signal.Signals(number).name},
    )
    asked.set()
