"""What a fleet does: small tenants a minute by 1, 2 and 4 workers on PostgreSQL, and what a tenant takes.

    python benchmarks/fleet.py                            200 tenants; 1, 2 and 4 workers; some minutes
    python benchmarks/fleet.py --tenants 20 --workers 1   a look at it

Tenants are made-up companies of 30 users behind one simulator, which answers every request 50 ms late. Workers are
``posture worker`` as it is installed, each in a process of its own with its usual threads; the database is a
PostgreSQL server of its own, made for the benchmark and thrown away. For each number of workers there is a new
database, in which a scan of every tenant waits before the first worker starts. Measured is from the first scan that
began to the last that ended, so that the starts of processes do not count. Once, for the first number of workers,
the tenants are scanned a second time, to tell what a scan adds from what a tenant adds.

- tenants a minute, and efficiency: that rate divided by what so many single workers would come to
- CPU of the workers for each scan: once it is all that the cores have, more workers do not help on this machine
- connections: the most that the server had at once, without the benchmark's own
- database for each tenant after its first scan, and what the second one added; snapshots on disk likewise

The simulator and the database run on the same machine and take their share of its cores.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve()
sys.path.insert(0, str(_HERE.parents[1]))  # the server of the tests is not installed

import psutil  # noqa: E402
import psycopg  # noqa: E402

from tests.store.postgresql import Cluster, running_cluster, server_programs  # noqa: E402

USERS = 30
LATENCY_SECONDS = 0.05
_LOOK_SECONDS = 0.25
_LONGEST_SECONDS = 3600.0
_CONNECTIONS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
_OPEN = "select count(*) from jobs where kind = 'scan' and state in ('waiting', 'running')"
_SPAN = """
    select count(*) filter (where state = 'done'), extract(epoch from max(ended_at) - min(started_at))::float
    from jobs where kind = 'scan' and number > %s"""
_FINDINGS = "select count(*) from findings"
_TABLES = """
    select relname, pg_total_relation_size(oid) from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by 2 desc limit 8"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--threads", type=int, default=4, help="jobs at once in each worker")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    parser.add_argument("--simulate", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.simulate:
        simulate(options.simulate, tenants=options.tenants)
        return
    programs = server_programs()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    with (
        tempfile.TemporaryDirectory() as place,
        running_cluster(programs) as cluster,
        simulating(Path(place), tenants=options.tenants) as simulator,
    ):
        results = [
            measure(
                Path(place) / f"with {workers}",
                cluster,
                simulator,
                workers=workers,
                threads=options.threads,
                scans_again=place_in_order == 0,
            )
            for place_in_order, workers in enumerate(options.workers)
        ]
    print(json.dumps(results, indent=2) if options.format == "json" else as_markdown(results))


def simulate(directory: Path, *, tenants: int) -> None:
    """Serve so many small companies until told to stop; print where, once they are served."""
    from posture.simulator.demo_tenant import demo_tenant
    from posture.simulator.faults import Fault, FaultKind
    from posture.simulator.registrations import demo_registration
    from posture.simulator.server import SimulatorServer

    companies = []
    for number in range(tenants):
        company = demo_tenant(users=USERS, seed=number, now=datetime.now(UTC), tenant_id=tenant_id(number))
        company.registrations.append(demo_registration())
        companies.append(company)

    def announce(server: SimulatorServer) -> None:
        server.faults.add(Fault(kind=FaultKind.SLOW, path="", times=None, seconds=LATENCY_SECONDS))
        print(json.dumps({"url": server.url, "ca_bundle": str(server.ca_bundle)}), flush=True)

    SimulatorServer(tenants=companies, directory=directory, throttling=False).serve_forever(announce)


def tenant_id(number: int) -> str:
    return f"11111111-2222-4333-8444-{number:012d}"


@dataclass(frozen=True, kw_only=True)
class Simulator:
    process: psutil.Process
    url: str
    ca_bundle: str
    tenants: int


@contextmanager
def simulating(place: Path, *, tenants: int) -> Iterator[Simulator]:
    command = [sys.executable, str(_HERE), "--simulate", str(place / "simulator"), "--tenants", str(tenants)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline()) if process.stdout else {}
            yield Simulator(process=psutil.Process(process.pid), tenants=tenants, **ready)
        finally:
            process.terminate()


def measure(
    directory: Path, cluster: Cluster, simulator: Simulator, *, workers: int, threads: int, scans_again: bool
) -> dict[str, Any]:
    """Return the figures of one number of workers."""
    from posture.store.database import prepare_store

    url = cluster.url(cluster.new_database())
    config = write_config(directory, url, simulator)
    prepare_store(url).close()
    with psycopg.connect(url, autocommit=True) as watching:
        empty = size(watching)
        simulated = cpu_seconds(simulator.process)
        first = scan_all(config, watching, workers=workers, threads=threads)
        simulated = cpu_seconds(simulator.process) - simulated
        after_first, disk = size(watching), directory_size(directory / "data")
        if scans_again:
            scan_all(config, watching, workers=workers, threads=threads)
        return first | {
            "workers": workers,
            "threads": threads,
            "tenants": simulator.tenants,
            "cores": os.cpu_count(),
            "simulator_cpu_seconds": simulated,
            "findings": one(watching, _FINDINGS),
            "first_scan_database_bytes": after_first - empty,
            "first_scan_disk_bytes": disk,
            "second_scan_database_bytes": size(watching) - after_first if scans_again else None,
            "tables": dict(watching.execute(_TABLES.encode()).fetchall()),
        }


def write_config(directory: Path, url: str, simulator: Simulator) -> Path:
    from posture.simulator.registrations import DEMO_CLIENT_ID, DEMO_SECRET

    directory.mkdir(parents=True)
    endpoints = {"graph": simulator.url, "login": simulator.url}
    reader = {"client_id": DEMO_CLIENT_ID, "client_secret": DEMO_SECRET}
    settings = {
        "data_dir": "./data",
        "store": {"url": url},
        "http": {"ca_bundle": simulator.ca_bundle, "proxy": None},
        # What posture does of itself every minute or hour is not what is measured.
        "schedules": [
            {"name": name, "job": name, "cron": "0 0 1 1 *"} for name in ("scan", "notify", "examine", "retention")
        ],
        "tenants": [
            {
                "name": f"tenant-{number}",
                "tenant_id": tenant_id(number),
                "cloud": "custom",
                "endpoints": endpoints,
                "reader": reader,
            }
            for number in range(simulator.tenants)
        ],
    }
    path = directory / "posture.yaml"
    path.write_text(json.dumps(settings, indent=1), encoding="utf-8")  # JSON is YAML
    return path


def ask_for_scans(config: Path) -> None:
    """Let a scan of every tenant wait."""
    from posture.bootstrap import load_application
    from posture.domain.job_kind import JobKind

    application = load_application(config)
    for tenant in application.settings.tenants:
        application.working.enqueue(JobKind.SCAN, tenant=tenant, arguments={}, asked_by="benchmark")
    application.store.close()


def scan_all(config: Path, watching: psycopg.Connection[Any], *, workers: int, threads: int) -> dict[str, Any]:
    """Ask for a scan of every tenant, start the workers, wait until all have ended, and return what it took."""
    latest = one(watching, "select coalesce(max(number), 0) from jobs")
    ask_for_scans(config)
    command = [sys.executable, "-m", "posture", "worker", "--threads", str(threads), "--config", str(config)]
    with config.with_name("workers.log").open("a") as log:
        running = [subprocess.Popen(command, stderr=log) for _ in range(workers)]
        try:
            cost = watch(watching, [psutil.Process(process.pid) for process in running])
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait()
    scans, seconds = watching.execute(_SPAN.encode(), [latest]).fetchone() or (0, 0.0)
    return cost | {"scans": scans, "seconds": seconds}


def watch(watching: psycopg.Connection[Any], processes: Sequence[psutil.Process]) -> dict[str, Any]:
    """Wait until no scan is open; return the most connections and memory at once, and the CPU of the workers."""
    most_connections, most_memory = 0, 0
    ends = time.monotonic() + _LONGEST_SECONDS
    while one(watching, _OPEN):
        most_connections = max(most_connections, one(watching, _CONNECTIONS))
        most_memory = max(most_memory, *(process.memory_info().rss for process in processes))
        if time.monotonic() > ends:
            raise SystemExit("the scans do not come to an end: see the log of the workers")
        time.sleep(_LOOK_SECONDS)
    return {
        "connections": most_connections,
        "worker_memory_bytes": most_memory,
        "worker_cpu_seconds": sum(map(cpu_seconds, processes)),
    }


def one(watching: psycopg.Connection[Any], question: str) -> Any:
    row = watching.execute(question.encode()).fetchone()
    return row[0] if row else None


def size(watching: psycopg.Connection[Any]) -> int:
    """Return the bytes of the database after what was deleted is tidied up."""
    watching.execute("vacuum")
    return int(one(watching, "select pg_database_size(current_database())"))


def directory_size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def as_markdown(results: Sequence[dict[str, Any]]) -> str:
    """Return the figures as the table of docs/benchmarks.md, and the largest tables of the first database."""
    single = min(results, key=lambda result: result["workers"])
    basis = rate(single) / single["workers"]
    heads = [f"{result['workers']} {'worker' if result['workers'] == 1 else 'workers'}" for result in results]
    lines = [f"| | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    lines += [f"| {label} | {' | '.join(show(result, basis) for result in results)} |" for label, show in _FIGURES]
    first = results[0]
    lines += ["", "Largest tables after two scans, bytes for each tenant:", ""]
    lines += [f"- {name}: {bytes_ / first['tenants']:,.0f}" for name, bytes_ in first["tables"].items()]
    return "\n".join(lines)


def rate(result: dict[str, Any]) -> float:
    """Return scans a minute."""
    return float(result["scans"] / result["seconds"] * 60)


def _kilobytes_each(result: dict[str, Any], name: str) -> str:
    return "–" if result[name] is None else f"{result[name] / result['tenants'] / 1024:.1f} KB"


_FIGURES: list[tuple[str, Callable[[dict[str, Any], float], str]]] = [
    ("scans that were done", lambda r, _: f"{r['scans']} of {r['tenants']}"),
    ("**tenants a minute**", lambda r, _: f"**{rate(r):.0f}**"),
    ("efficiency", lambda r, basis: f"{rate(r) / basis / r['workers']:.0%}"),
    ("CPU of the workers, each scan", lambda r, _: f"{r['worker_cpu_seconds'] / r['scans']:.2f} s"),
    ("cores that the workers had", lambda r, _: f"{r['worker_cpu_seconds'] / r['seconds']:.2f} of {r['cores']}"),
    ("cores that the simulator had", lambda r, _: f"{r['simulator_cpu_seconds'] / r['seconds']:.2f}"),
    ("connections at most", lambda r, _: f"{r['connections']}"),
    ("memory of a worker at most", lambda r, _: f"{r['worker_memory_bytes'] / 1e6:.0f} MB"),
    ("findings, each tenant", lambda r, _: f"{r['findings'] / r['tenants']:.0f}"),
    ("database, each tenant, first scan", lambda r, _: _kilobytes_each(r, "first_scan_database_bytes")),
    ("database, each tenant, second scan", lambda r, _: _kilobytes_each(r, "second_scan_database_bytes")),
    ("snapshots on disk, each tenant", lambda r, _: _kilobytes_each(r, "first_scan_disk_bytes")),
]


if __name__ == "__main__":
    main()
