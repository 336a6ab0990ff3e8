"""The page under load: 50 people browse 100,000 findings while a scan writes them, on SQLite and PostgreSQL.

    python benchmarks/load.py                                        both databases; ten minutes
    python benchmarks/load.py --users 2000 --seconds 10 --database sqlite      a look at it

A made-up company in which nearly everybody is inactive and has no second factor lies behind the simulator; it is
scanned, and people with plans and exemptions are added. Then ``posture web`` serves it on loopback, as it is
installed, and three phases follow, each with everybody signed in and connections kept alive:

- quiet: nobody scans; a pause of 1 to 3 seconds between two pages, as somebody takes who looks at them
- scanning: the same, from when a scan begins to write findings, while the company is scanned again and again. These
  are real scans, through all of a scan's code, but at a thousand times the pace that Microsoft allows: otherwise most
  of one is waiting. A scan writes each finding anew, in one transaction for each check. Only part of a scan writes:
  the share of the time in which one did is told with the figures, which mean nothing without it.
- no pause: the same, and people who ask for the next page as soon as one has come. A page then takes as long as
  everybody else's pages take: fifty people divided by the pages a second that the machine has.

The people are ``benchmarks/browsing.py``, in a process of their own. People, page, scan, simulator and
database share the machine; how much of its cores each had is told.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).resolve()
sys.path.insert(0, str(_HERE.parents[1]))  # the server of the tests is not installed

import httpx  # noqa: E402
import psutil  # noqa: E402

from benchmarks.large_company import SCANS, furnish  # noqa: E402
from tests.store.postgresql import free_port, running_cluster, server_programs  # noqa: E402

COMPANY: Final = (sys.executable, str(_HERE.with_name("large_company.py")))
_WARM_UP_SECONDS: Final = 8.0
_WAIT_SECONDS: Final = 60.0
_LONGEST_DOWNLOAD_SECONDS: Final = 600.0


@dataclass(frozen=True, kw_only=True)
class Phase:
    name: str
    is_scanning: bool
    think: tuple[float, float]


PHASES: Final = (
    Phase(name="quiet", is_scanning=False, think=(1.0, 3.0)),
    Phase(name="scanning", is_scanning=True, think=(1.0, 3.0)),
    Phase(name="no pause", is_scanning=True, think=(0.0, 0.0)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=58_000, help="people in the company: 1.7 findings each")
    parser.add_argument("--people", type=int, default=50, help="people who browse")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a phase")
    parser.add_argument("--phase", nargs="+", choices=[phase.name for phase in PHASES])
    parser.add_argument("--database", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    options = parser.parse_args()
    # Who ends this ends what it started, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    phases = [phase for phase in PHASES if not options.phase or phase.name in options.phase]
    results = measure_all(options, phases)
    print(json.dumps(results, indent=2) if options.format == "json" else as_markdown(results))


def measure_all(options: argparse.Namespace, phases: Sequence[Phase]) -> list[dict[str, Any]]:
    programs = server_programs()
    if programs is None and "postgresql" in options.database:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    results = []
    with (
        tempfile.TemporaryDirectory() as place,
        running(Path(place), "simulator", [*COMPANY, "serve", place, str(options.users)]) as server,
    ):
        ready = json.loads(server.stdout.readline()) if server.stdout else {}
        for database in options.database:
            directory = Path(place) / database
            directory.mkdir()
            if database == "sqlite":
                results += measure(directory, f"sqlite:///{directory}/posture.db", ready, server, options, phases)
            elif programs is not None:
                with running_cluster(programs) as cluster:
                    url = cluster.url(cluster.new_database())
                    results += measure(directory, url, ready, server, options, phases)
    return results


def measure(
    directory: Path,
    url: str,
    ready: Mapping[str, Any],
    simulator: subprocess.Popen[str],
    options: argparse.Namespace,
    phases: Sequence[Phase],
) -> list[dict[str, Any]]:
    """Return what each phase came to on one database."""
    page = f"http://127.0.0.1:{free_port()}"
    config = write_config(directory, url, ready, page=page)
    findings, tokens = furnish(config, people=options.people)
    results = []
    with running(directory, "page", [sys.executable, "-m", "posture", "web", "--config", str(config)]) as web:
        wait_for(page, web)
        for phase in phases:
            plan = {
                "url": page,
                "tokens": tokens,
                "seconds": options.seconds,
                "warm_up": _WARM_UP_SECONDS,
                "think": phase.think,
                "seed": 1,
            }
            found = {"database": url.partition(":")[0], "phase": phase.name, "findings": findings}
            processes = {"page": web, "simulator": simulator}
            if phase.is_scanning:
                with running(directory, "scans", [*COMPANY, "scan", str(config)]) as scans:
                    wait_for_writing(directory / SCANS, scans)
                    found |= browse(plan, processes | {"scans": scans})
                found["writing_seconds"] = writing_seconds(directory / SCANS, found["begins_at"], found["seconds"])
                (directory / SCANS).unlink()
            else:
                found |= browse(plan, processes)
            results.append(found)
            print(one_line(found), file=sys.stderr, flush=True)
    return results


def browse(plan: Mapping[str, Any], processes: Mapping[str, subprocess.Popen[str]]) -> dict[str, Any]:
    """Let people browse, and return what they met with the cores that each process had meanwhile."""
    watched = {name: psutil.Process(process.pid) for name, process in processes.items()}
    before, begun, machine = {name: cpu_seconds(each) for name, each in watched.items()}, time.time(), busy_seconds()
    command = [sys.executable, str(_HERE.with_name("browsing.py"))]
    people = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    out, _ = people.communicate(json.dumps(plan))
    took = time.time() - begun
    cores = {name: (cpu_seconds(each) - before[name]) / took for name, each in watched.items()}
    return {**json.loads(out), "cores": {**cores, "whole machine": (busy_seconds() - machine) / took}}


def write_config(directory: Path, url: str, ready: Mapping[str, Any], *, page: str) -> Path:
    from posture.simulator.registrations import (
        DEMO_CLIENT_ID,
        DEMO_SECRET,
        REMEDIATOR_CLIENT_ID,
        REMEDIATOR_SECRET,
    )

    tenant = {
        "name": "contoso",
        "tenant_id": ready["tenant_id"],
        "cloud": "custom",
        "endpoints": {"graph": ready["url"], "login": ready["url"]},
        "reader": {"client_id": DEMO_CLIENT_ID, "client_secret": DEMO_SECRET},
        "remediator": {"client_id": REMEDIATOR_CLIENT_ID, "client_secret": REMEDIATOR_SECRET},
    }
    settings = {
        "data_dir": "./data",
        "store": {"url": url},
        "http": {"ca_bundle": ready["ca_bundle"], "proxy": None},
        "service": {"listen": page.removeprefix("http://")},
        "tenants": [tenant],
    }
    path = directory / "posture.yaml"
    path.write_text(json.dumps(settings, indent=1), encoding="utf-8")  # JSON is YAML
    return path


@contextmanager
def running(directory: Path, name: str, command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """Run one side in a process of its own; what it complains about is in a file of its name."""
    with (
        (directory / f"{name}.log").open("a") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_WAIT_SECONDS)


def wait_for(page: str, process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            if httpx.get(f"{page}/readyz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the page does not come")


def wait_for_writing(path: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a scan writes findings: before that it downloads, which is not what is measured."""
    ends = time.monotonic() + _LONGEST_DOWNLOAD_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if path.exists() and path.read_text(encoding="utf-8"):
            return
        time.sleep(0.2)
    raise SystemExit("no scan comes to write findings")


def writing_seconds(path: Path, begins_at: float, seconds: float) -> float:
    """Return for how long scans wrote findings in the span that was measured."""
    notes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    ends_at = begins_at + seconds
    spans = zip(notes, [*notes[1:], {"at": ends_at}], strict=True)
    return sum(
        max(0.0, min(after["at"], ends_at) - max(note["at"], begins_at))
        for note, after in spans
        if note["is_writing"]
    )


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def percentile(values: Sequence[float], share: float) -> float:
    """Return what so large a share of the values does not exceed, in milliseconds."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)] * 1000


def every(result: Mapping[str, Any]) -> list[float]:
    return [took for pages in result["pages"].values() for took in pages]


def one_line(result: Mapping[str, Any]) -> str:
    took = every(result)
    return (
        f"{result['database']}, {result['phase']}: {result['findings']:,} findings, "
        f"{len(took) / result['seconds']:.1f} pages a second, "
        f"p50 / p95 / p99 {_three(took)} ms, {len(result['errors'])} errors {result['errors'][:3]}, "
        + ", ".join(f"{name} {cores:.2f}" for name, cores in result["cores"].items())
        + (f", written in {result['writing_seconds']:.0f} s" if "writing_seconds" in result else "")
    )


def as_markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """Return the figures as the tables of docs/benchmarks.md."""
    heads = [f"{result['database']}, {result['phase']}" for result in results]
    lines = [f"| | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    lines += [f"| {label} | {' | '.join(show(result) for result in results)} |" for label, show in _FIGURES]
    kinds = dict.fromkeys(kind for result in results for kind in result["pages"])
    lines += ["", "p50 / p95 / p99 of each kind of page, in milliseconds:", ""]
    lines += [f"| | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    for kind in sorted(kinds):
        lines.append(f"| {kind} | {' | '.join(_three(result['pages'].get(kind, [])) for result in results)} |")
    return "\n".join(lines)


def _three(values: Sequence[float]) -> str:
    return " / ".join(f"{percentile(values, share):.0f}" for share in (0.5, 0.95, 0.99)) if values else "–"


_FIGURES: list[tuple[str, Callable[[Mapping[str, Any]], str]]] = [
    ("findings", lambda r: f"{r['findings']:,}"),
    ("pages that were looked at", lambda r: f"{len(every(r)):,}"),
    ("pages a second", lambda r: f"{len(every(r)) / r['seconds']:.1f}"),
    ("errors", lambda r: f"{len(r['errors'])}"),
    ("p50 of a page", lambda r: f"{percentile(every(r), 0.5):.0f} ms"),
    ("**p95 of a page**", lambda r: f"**{percentile(every(r), 0.95):.0f} ms**"),
    ("p99 of a page", lambda r: f"{percentile(every(r), 0.99):.0f} ms"),
    ("the longest", lambda r: f"{percentile(every(r), 1):.0f} ms"),
    ("share of the time in which a scan wrote", lambda r: f"{r.get('writing_seconds', 0) / r['seconds']:.0%}"),
    ("CPU of the page for each", lambda r: f"{r['cores']['page'] * r['seconds'] / len(every(r)) * 1000:.0f} ms"),
    ("cores that the page had", lambda r: f"{r['cores']['page']:.2f}"),
    ("cores that scans had", lambda r: f"{r['cores'].get('scans', 0):.2f}"),
    ("cores that everything had", lambda r: f"{r['cores']['whole machine']:.2f} of {os.cpu_count()}"),
]


if __name__ == "__main__":
    main()
