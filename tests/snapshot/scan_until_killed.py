"""A process that scans again and again until it is killed: run as a script with a data directory and a generation.

Each scan reads ``PAGES`` pages of users and publishes. A page's items carry the generation that their scan began
with, which is the hour of its ``taken_at``. It prints one line when it is about to begin.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from tests.snapshot.made_up import NOW, USERS, a_page, an_outcome, snapshots_in, wanted

PAGES = 20
PER_PAGE = 50


def scan(data_dir: Path, *, generation: int) -> None:
    """Go on with what an earlier process left, to the end."""
    snapshots = snapshots_in(data_dir)
    with snapshots.open_spool(wanted(USERS), now=NOW + timedelta(minutes=generation)) as spool:
        began = int((spool.taken_at - NOW) / timedelta(minutes=1))
        resume = spool.resume_points.get("users")
        if "users" not in spool.finished:
            for page in range(resume.rows // PER_PAGE if resume else 0, PAGES):
                ids = range(page * PER_PAGE, (page + 1) * PER_PAGE)
                items = [{"id": f"u{number}", "displayName": str(began)} for number in ids]
                spool.append(a_page(USERS, items, rows=page * PER_PAGE))
            spool.finish(an_outcome(USERS))
        spool.publish().close()


if __name__ == "__main__":
    first = int(sys.argv[2])
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    for number in range(first, first + 100):
        scan(Path(sys.argv[1]), generation=number)
