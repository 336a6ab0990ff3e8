"""What a scan costs, against the simulator: requests, CPU, memory, and the ratio to a bare download loop.

    make bench                                   1,000 and 10,000 users
    python benchmarks/scan.py --users 100000     one size

Every figure of a size comes from one run on one machine: the same simulator process serves a scan (the real
``Application``, in a process of its own) and then a loop that downloads the same pages and throws them away. The
ratio is what to compare; the seconds depend on the machine. Throttling is off and pacing is fast, because at the
published limits the sign-in activity of 100,000 users takes 20 minutes of waiting, whatever the CPU.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve()
_FAST = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    parser.add_argument("--child", choices=("scan", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--config", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "scan":
        print(json.dumps(scan_child(options.config)))
        return
    if options.child == "bare":
        print(json.dumps(bare_child(options.config)))
        return
    results = [measure(users) for users in options.users]
    print(json.dumps(results, indent=2) if options.format == "json" else "\n".join(map(as_markdown, results)))


def measure(users: int) -> dict[str, Any]:
    """Return the figures of one size."""
    from posture.cli.demo import write_config

    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        command = [sys.executable, "-m", "posture.simulator", "--users", str(users), "--throttling", "off"]
        command += ["--directory", place]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
            try:
                ready = json.loads(simulator.stdout.readline()) if simulator.stdout else {}
                config = write_config(directory, ready)
                run_child("bare", config)  # the simulator builds its pages at first use; neither side pays for that
                return {"users": users, "scan": run_child("scan", config), "bare": run_child("bare", config)}
            finally:
                simulator.terminate()


def run_child(child: str, config: Path) -> dict[str, Any]:
    """Run one side in a process of its own, so that CPU and peak memory are its own too."""
    command = [sys.executable, str(_HERE), "--child", child, "--config", str(config)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def scan_child(config: Path) -> dict[str, Any]:
    """Scan once and return what it cost."""
    from posture.bootstrap import load_application
    from posture.graph.throttle import PUBLISHED, faster
    from posture.usecases.events import ScanFinished, SnapshotPublished

    started, imported = time.perf_counter(), cpu_seconds()
    application = load_application(config, pace=faster(PUBLISHED, factor=_FAST))
    tenant = application.tenant_named(None)
    selection = application.selection(tenant, checks=[], tags=[])
    for event in application.scan(tenant, selection, all_verdicts=False):
        if isinstance(event, SnapshotPublished):
            collected, collected_cpu = time.perf_counter(), cpu_seconds()
        if isinstance(event, ScanFinished):
            summary = event.summary
    page_sizes = {wanted.table.name: wanted.table.source.page_size for wanted in selection.wanted}
    parts = {wanted.table.name: len(wanted.table.source.for_each) for wanted in selection.wanted}
    return {
        "state": summary.run.state.value,
        "wall_seconds": time.perf_counter() - started,
        "cpu_seconds": cpu_seconds(),
        "import_cpu_seconds": imported,
        "collection_cpu_seconds": collected_cpu,
        "judging_wall_seconds": time.perf_counter() - collected,
        "judging_cpu_seconds": cpu_seconds() - collected_cpu,
        "judgements": sum(
            check.counts.passed + check.counts.failed + check.counts.unknown + check.counts.not_applicable
            for check in summary.checks
            if check.counts
        ),
        "checks": len(summary.checks),
        "peak_megabytes": peak_megabytes(),
        "tables": [
            {
                "name": table.table,
                "rows": table.rows,
                "requests": table.requests,
                "minimum": max(parts[table.table], 1, math.ceil(table.rows / (page_sizes[table.table] or math.inf))),
            }
            for table in summary.tables
        ],
    }


def bare_child(config: Path) -> dict[str, Any]:
    """Download the same pages with nothing but httpx, one after the other, and forget them."""
    import httpx
    import msgspec

    from posture.bootstrap import load_application
    from posture.graph.addresses import table_url
    from posture.tables.table import SourceKind

    class Links(msgspec.Struct):
        next: str | None = msgspec.field(name="@odata.nextLink", default=None)

    application = load_application(config)
    tenant = application.tenant_named(None)
    root = tenant.endpoints.graph if tenant.endpoints else ""
    urls = [
        table_url(wanted, graph_root=root, part=part, page_size=wanted.table.source.page_size)
        for wanted in application.selection(tenant, checks=[], tags=[]).wanted
        if wanted.table.source.kind is not SourceKind.GROUP_MEMBERS
        for part in range(max(1, len(wanted.table.source.for_each)))
    ]
    before, requests, size = cpu_seconds(), 0, 0
    import ssl

    trust = ssl.create_default_context(cafile=str(application.settings.http.ca_bundle))
    with httpx.Client(verify=trust, timeout=100) as client:
        reader = tenant.reader.resolve()
        form = {
            "client_id": reader.client_id or "",
            "client_secret": getattr(reader, "secret").reveal(),  # noqa: B009 - the demonstration's kind
            "scope": f"{root}/.default",
            "grant_type": "client_credentials",
        }
        token = client.post(f"{root}/{tenant.tenant_id}/oauth2/v2.0/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for url in urls:
            link: str | None = url
            while link:
                response = client.get(link)
                requests, size = requests + 1, size + len(response.content)
                link = msgspec.json.decode(response.content, type=Links).next if response.status_code == 200 else None
    return {"cpu_seconds": cpu_seconds() - before, "requests": requests, "megabytes": size / 1e6}


def cpu_seconds() -> float:
    """Return the CPU seconds of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_megabytes() -> float:
    """Return the peak resident memory of this process."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1024 if os.uname().sysname == "Linux" else 1024 * 1024)


def as_markdown(result: dict[str, Any]) -> str:
    """Return one size as text for docs/reference/benchmarks.md."""
    scan, bare = result["scan"], result["bare"]
    lines = [
        f"### {result['users']:,} users",
        "",
        "| figure | value |",
        "| --- | --- |",
        f"| state of the run | {scan['state']} |",
        f"| CPU of the scan, start-up and judging included | {scan['cpu_seconds']:.2f} s |",
        f"| of that: imports | {scan['import_cpu_seconds']:.2f} s |",
        f"| of that: collecting and publishing | {scan['collection_cpu_seconds'] - scan['import_cpu_seconds']:.2f} s |",
        f"| of that: judging {scan['judgements']:,} things with {scan['checks']} checks, findings recorded "
        f"| {scan['judging_cpu_seconds']:.2f} s |",
        f"| CPU of the bare loop ({bare['requests']} pages, {bare['megabytes']:.1f} MB) | {bare['cpu_seconds']:.2f} s |",
        f"| ratio, collecting and publishing to the bare loop "
        f"| {(scan['collection_cpu_seconds'] - scan['import_cpu_seconds']) / bare['cpu_seconds']:.2f} |",
        f"| ratio, whole scan to the bare loop | {scan['cpu_seconds'] / bare['cpu_seconds']:.2f} |",
        f"| wall time of the scan | {scan['wall_seconds']:.2f} s |",
        f"| wall time of judging | {scan['judging_wall_seconds']:.2f} s |",
        f"| peak memory of the scan | {scan['peak_megabytes']:.0f} MB |",
        "",
        "| table | rows | requests | minimum |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {table['name']} | {table['rows']:,} | {table['requests']} | {table['minimum']} |"
        for table in scan["tables"]
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
