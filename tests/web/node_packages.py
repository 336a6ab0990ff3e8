"""Packages of Node.js that tests use, installed once for each lock file and kept for the next run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from tests.notify.conftest import missing


def node_modules(directory: Path) -> Path:
    """Return the ``node_modules`` of a directory with ``package.json`` and ``package-lock.json``.

    Skips the test where Node.js, npm or its registry cannot be reached.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        missing("Node.js and npm are not installed: apt-get install nodejs npm")
    lock = (directory / "package-lock.json").read_bytes()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "posture-tests"
    place = caches / hashlib.sha256(lock).hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / ".lock"):
        if not (place / ".ready").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(directory / name, place / name)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
            if done.returncode:
                missing(
                    f"npm could not install {directory.name}, for which it needs its registry: {done.stderr[-500:]}"
                )
            (place / ".ready").touch()
    return place / "node_modules"
