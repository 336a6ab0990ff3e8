"""What a scan costs, against the simulator: requests, CPU, memory, and the ratio to bare download loops.

    make bench                                   1,000, 10,000 and 100,000 users
    python benchmarks/scan.py --users 100000     one size

Every figure of a size comes from one run on one machine: the same simulator process serves a scan (the real
``Application``) and two loops that download the same pages and throw them away, each in a process of its own:

- sdk: azure-identity and the Graph SDK's request adapter as they come, asked for bytes. Like the scan, it must sign
  in and go through the SDK, so this is what to compare with.
- httpx: nothing but httpx.Client and a token fetched by hand; what no program that uses the SDK can reach.

Two spans are measured apart, on the scan's side and on the sdk loop's:

- start: the process, its imports (the command line's too), settings, checks loaded, database opened; nothing has
  been sent yet.
- download (and publish): from the first thing done for the network until the snapshot is published, or the last page
  has come. Signing in, setting the SDK up, and what these import belong to it on both sides alike.

The sides run in turns, several times, and of each span the least CPU counts: what else the machine does only adds to
it. One round before them is not counted: the simulator builds its pages and Python compiles its modules, as pip does
for whoever installs them.

Ratios are what to compare; seconds depend on the machine. Throttling is off and pacing is fast, because at the
published limits the sign-in activity of 100,000 users takes 20 minutes of waiting, whatever the CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve()
_FAST = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=5, help="runs of each side, of which the cheapest counts")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown")
    parser.add_argument("--child", choices=tuple(_CHILDREN), help=argparse.SUPPRESS)
    parser.add_argument("--config", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(_CHILDREN[options.child](options.config)))
        return
    results = [measure(users, runs=options.runs) for users in options.users]
    print(json.dumps(results, indent=2) if options.format == "json" else as_markdown(results))


def measure(users: int, *, runs: int) -> dict[str, Any]:
    """Return the figures of one size: child → what it cost at best."""
    from posture.cli.demo import write_config

    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        command = [sys.executable, "-m", "posture.simulator", "--users", str(users), "--throttling", "off"]
        with subprocess.Popen([*command, "--directory", place], stdout=subprocess.PIPE, text=True) as simulator:
            try:
                ready = json.loads(simulator.stdout.readline()) if simulator.stdout else {}
                config = write_config(directory, ready)
                write_pages(config)
                rounds = [{child: run_child(child, config) for child in _CHILDREN} for _ in range(runs + 1)][1:]
                return {"users": users} | {child: _least([once[child] for once in rounds]) for child in _CHILDREN}
            finally:
                simulator.terminate()


def _least(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of several runs: of what was measured in seconds the least, the rest as it always was."""
    return runs[-1] | {name: min(run[name] for run in runs) for name in runs[-1] if name.endswith("_seconds")}


def run_child(child: str, config: Path) -> dict[str, Any]:
    """Run one side in a process of its own, so that CPU and peak memory are its own too."""
    command = [sys.executable, str(_HERE), "--child", child, "--config", str(config)]
    compiled = {"PYTHONPYCACHEPREFIX": str(config.with_name("compiled")), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | compiled)
    return dict(json.loads(done.stdout))


def scan(config: Path) -> dict[str, Any]:
    """Scan once, in a process that has loaded what the command loads, and return what it cost."""
    import posture.cli.main  # noqa: F401
    from posture.bootstrap import load_application
    from posture.graph.throttle import PUBLISHED, faster
    from posture.usecases.events import ScanFinished, ScanStarted, SnapshotPublished

    application = load_application(config, pace=faster(PUBLISHED, factor=_FAST))
    tenant = application.tenant_named(None)
    selection = application.selection(tenant, checks=[], tags=[])
    events = application.scan(tenant, selection, all_verdicts=False)
    started, started_cpu = time.perf_counter(), cpu_seconds()  # asking for the first event signs in
    for event in events:
        if isinstance(event, ScanStarted):
            signed_in_cpu = cpu_seconds()
        if isinstance(event, SnapshotPublished):
            published, published_cpu = time.perf_counter(), cpu_seconds()
        if isinstance(event, ScanFinished):
            summary = event.summary
    sources = {wanted.table.name: wanted.table.source for wanted in selection.wanted}
    return {
        "state": summary.run.state.value,
        "wall_seconds": time.perf_counter() - started,
        "judging_wall_seconds": time.perf_counter() - published,
        "start_cpu_seconds": started_cpu,
        "sign_in_cpu_seconds": signed_in_cpu - started_cpu,
        "download_cpu_seconds": published_cpu - started_cpu,
        "judging_cpu_seconds": cpu_seconds() - published_cpu,
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
                "minimum": max(
                    len(sources[table.table].for_each),
                    math.ceil(table.rows / (sources[table.table].page_size or math.inf)),
                    1,
                ),
            }
            for table in summary.tables
        ],
    }


def sdk(config: Path) -> dict[str, Any]:
    """Download the same pages through the Graph SDK's adapter as it comes, tables side by side, and forget them."""
    root, tenant_id, client_id, secret, bundle, urls = pages_of(config)
    started_cpu = cpu_seconds()
    from azure.identity import ClientSecretCredential
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph_core import GraphClientFactory

    credential = ClientSecretCredential(
        tenant_id, client_id, secret, authority=root, disable_instance_discovery=True, connection_verify=bundle
    )
    cost = {"requests": 0, "megabytes": 0.0}

    async def download() -> None:
        import httpx

        client = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(verify=ssl.create_default_context(cafile=bundle), timeout=100)
        )
        provider = AzureIdentityAuthenticationProvider(credential, scopes=[f"{root}/.default"], allowed_hosts=[])
        adapter = GraphRequestAdapter(provider, client=client)

        async def follow(link: str | None) -> None:
            while link:
                request = RequestInformation(method=Method.GET)
                request.url = link
                body = await adapter.send_primitive_async(request, "bytes", {})
                cost["requests"] += 1
                cost["megabytes"] += len(body) / 1e6
                link = next_link(body)

        await asyncio.gather(*(follow(url) for url in urls))

    asyncio.run(download())
    return cost | {"start_cpu_seconds": started_cpu, "download_cpu_seconds": cpu_seconds() - started_cpu}


def bare(config: Path) -> dict[str, Any]:
    """Download the same pages with nothing but httpx, one after the other, and forget them."""
    import httpx

    root, tenant_id, client_id, secret, bundle, urls = pages_of(config)
    started_cpu, requests, size = cpu_seconds(), 0, 0
    with httpx.Client(verify=ssl.create_default_context(cafile=bundle), timeout=100) as client:
        form = {"client_id": client_id, "client_secret": secret, "scope": f"{root}/.default"}
        form["grant_type"] = "client_credentials"
        token = client.post(f"{root}/{tenant_id}/oauth2/v2.0/token", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for url in urls:
            link: str | None = url
            while link:
                response = client.get(link)
                requests, size = requests + 1, size + len(response.content)
                link = next_link(response.content)
    cost = {"requests": requests, "megabytes": size / 1e6}
    return cost | {"start_cpu_seconds": started_cpu, "download_cpu_seconds": cpu_seconds() - started_cpu}


def pages_of(config: Path) -> tuple[str, str, str, str, str, list[str]]:
    """Return root, tenant, client, secret, CA bundle and the first address of every page sequence of a scan.

    The loops get them from a file: to work them out the checks are loaded, which no such loop would do.
    """
    known = json.loads(config.with_name("pages.json").read_text(encoding="utf-8"))
    return known["root"], known["tenant_id"], known["client_id"], known["secret"], known["bundle"], known["urls"]


def write_pages(config: Path) -> None:
    """Work out what ``pages_of`` returns and write it beside the configuration."""
    from posture.bootstrap import load_application
    from posture.config import ClientSecretCredential
    from posture.graph.addresses import table_url
    from posture.tables.table import SourceKind

    application = load_application(config)
    tenant = application.tenant_named(None)
    reader = tenant.reader.resolve()
    if tenant.endpoints is None or not isinstance(reader, ClientSecretCredential):
        raise SystemExit("the benchmark needs the configuration of the demonstration")
    urls = [
        table_url(wanted, graph_root=tenant.endpoints.graph, part=part, page_size=wanted.table.source.page_size)
        for wanted in application.selection(tenant, checks=[], tags=[]).wanted
        if wanted.table.source.kind is not SourceKind.GROUP_MEMBERS
        for part in range(max(1, len(wanted.table.source.for_each)))
    ]
    bundle = str(application.settings.http.ca_bundle)
    # A resource application that this tenant does not have answers 404, which the adapter raises.
    urls = [url for url in urls if "appRoleAssignedTo" not in url or "00000003-0000-0000-c000" in url]
    known: dict[str, Any] = {
        "root": tenant.endpoints.graph,
        "tenant_id": tenant.tenant_id,
        "client_id": reader.client_id,
    }
    known |= {"secret": reader.secret.reveal(), "bundle": bundle, "urls": urls}
    config.with_name("pages.json").write_text(json.dumps(known), encoding="utf-8")


def next_link(body: bytes) -> str | None:
    """Return the next link of a page and build nothing else of it."""
    import msgspec

    links = msgspec.json.decode(body, type=msgspec.defstruct("Links", [("next", str | None, None)], rename=_link))
    return links.next  # type: ignore[attr-defined, no-any-return]


def _link(name: str) -> str:
    return "@odata.nextLink" if name == "next" else name


def cpu_seconds() -> float:
    """Return the CPU seconds of this process since it started, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_megabytes() -> float:
    """Return the peak resident memory of this process."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1024 if os.uname().sysname == "Linux" else 1024 * 1024)


_CHILDREN: dict[str, Callable[[Path], dict[str, Any]]] = {"scan": scan, "sdk": sdk, "httpx": bare}


def as_markdown(results: list[dict[str, Any]]) -> str:
    """Return the figures of all sizes as the tables of docs/benchmarks.md."""
    heads = [f"{result['users']:,} users" for result in results]
    lines = [f"| | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    lines += [f"| {label} | {' | '.join(show(result) for result in results)} |" for label, show in _FIGURES]
    lines += ["", "Requests for each table (rows: requests of the minimum):", ""]
    lines += [f"| table | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    for position, table in enumerate(results[0]["scan"]["tables"]):
        cells = [_requests(result["scan"]["tables"][position]) for result in results]
        lines.append(f"| {table['name']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _requests(table: dict[str, Any]) -> str:
    return f"{table['rows']:,}: {table['requests']} of {table['minimum']}"


def _total(result: dict[str, Any], name: str) -> int:
    return sum(table[name] for table in result["scan"]["tables"])


def _ratio(result: dict[str, Any], child: str, *spans: str) -> str:
    """What the scan took for some spans, in units of what a loop took for them."""
    ours, theirs = (sum(result[side][f"{span}_cpu_seconds"] for span in spans) for side in ("scan", child))
    return f"{ours / theirs:.2f}"


_FIGURES: list[tuple[str, Callable[[dict[str, Any]], str]]] = [
    ("requests, of the minimum", lambda r: f"{_total(r, 'requests')} of {_total(r, 'minimum')}"),
    ("downloaded", lambda r: f"{r['httpx']['megabytes']:.1f} MB"),
    ("CPU of the scan: start", lambda r: f"{r['scan']['start_cpu_seconds']:.2f} s"),
    ("CPU of the scan: download and publish", lambda r: f"{r['scan']['download_cpu_seconds']:.2f} s"),
    ("– of which signing in", lambda r: f"{r['scan']['sign_in_cpu_seconds']:.2f} s"),
    ("CPU of the scan: judging and recording findings", lambda r: f"{r['scan']['judging_cpu_seconds']:.2f} s"),
    ("CPU of the sdk loop: start", lambda r: f"{r['sdk']['start_cpu_seconds']:.2f} s"),
    ("CPU of the sdk loop: download", lambda r: f"{r['sdk']['download_cpu_seconds']:.2f} s"),
    ("CPU of the httpx loop: download", lambda r: f"{r['httpx']['download_cpu_seconds']:.2f} s"),
    ("**download and publish, to the sdk loop**", lambda r: f"**{_ratio(r, 'sdk', 'download')}**"),
    ("start, download and publish, to the sdk loop", lambda r: _ratio(r, "sdk", "start", "download")),
    ("download and publish, to the httpx loop", lambda r: _ratio(r, "httpx", "download")),
    ("peak memory of the scan", lambda r: f"{r['scan']['peak_megabytes']:.0f} MB"),
    ("things judged, by 24 checks", lambda r: f"{r['scan']['judgements']:,}"),
    ("wall time of judging", lambda r: f"{r['scan']['judging_wall_seconds']:.1f} s"),
    ("wall time of the scan, unthrottled", lambda r: f"{r['scan']['wall_seconds']:.1f} s"),
]


if __name__ == "__main__":
    main()
