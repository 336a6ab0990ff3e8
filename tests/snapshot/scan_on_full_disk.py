"""A process that scans while no file may grow beyond a limit: run with a data directory and where the disk is full.

``append``: while pages are kept; ``publish``: while the tables are written; ``none``: never.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
from datetime import timedelta
from pathlib import Path

from posture.errors import SnapshotError
from tests.snapshot.made_up import NOW, USERS, a_page, an_outcome, snapshots_in, wanted

ROWS = 2_000
PER_PAGE = 100
LENGTH = 500


def scan(data_dir: Path, stage: str) -> None:
    """Go on with what an earlier process left, to the end."""
    with snapshots_in(data_dir).open_spool(wanted(USERS), now=NOW + timedelta(hours=1)) as spool:
        _limit_files_to(100_000 if stage == "append" else None)
        resume = spool.resume_points.get("users")
        for start in range(resume.rows if resume else 0, ROWS, PER_PAGE):
            spool.append(a_page(USERS, [_item(number) for number in range(start, start + PER_PAGE)], rows=start))
        spool.finish(an_outcome(USERS))
        _limit_files_to(100_000 if stage == "publish" else None)
        spool.publish()


def _item(number: int) -> dict[str, str]:
    text = random.Random(number).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=LENGTH)  # noqa: S311 - text that does not compress
    return {"id": f"u{number}", "displayName": "".join(text)}


def _limit_files_to(size: int | None) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size or resource.RLIM_INFINITY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    try:
        scan(Path(sys.argv[1]), sys.argv[2])
    except SnapshotError as error:
        sys.stdout.write(str(error))
