"""Serve the made-up company: ``python -m posture.simulator --directory DIR``.

Prints one line of JSON when ready: url, ca_bundle, tenant_id, client_id and client_secret of the reader,
remediator_client_id and remediator_client_secret, mailer_client_id and mailer_client_secret, mailbox (it may send
from that of anybody), emergency_accounts.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from posture.simulator.demo_tenant import demo_tenant
from posture.simulator.demo_tenant.known_gaps import known_gaps
from posture.simulator.demo_tenant.remediator import add_remediator
from posture.simulator.registrations import demo_registration, mailer_registration
from posture.simulator.server import ServerNotStarted, SimulatorServer
from posture.simulator.tenant import Tenant

_LICENCES = {
    "p2": frozenset({"p1", "p2", "workload"}),
    "p1": frozenset({"p1"}),
    "none": frozenset[str](),
}


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return 0, or 2 if the port cannot be had."""
    options = _parser().parse_args(arguments)
    server = SimulatorServer(
        tenants=[_tenant(options)],
        directory=options.directory,
        port=options.port,
        throttling=options.throttling == "published",
    )
    try:
        server.serve_forever(_announce)
    except ServerNotStarted as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m posture.simulator", description="A Microsoft Graph look-alike.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--users", type=int, default=2000, help="size of the made-up company")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path, required=True, help="where the certificates are written")
    parser.add_argument("--throttling", choices=("published", "off"), default="published")
    parser.add_argument("--licence", choices=tuple(_LICENCES), default="p2")
    parser.add_argument(
        "--withhold", metavar="PERMISSION", action="append", default=[], help="a permission the reader lacks"
    )
    parser.add_argument(
        "--withhold-write", metavar="PERMISSION", action="append", default=[], help="one that the remediator lacks"
    )
    parser.add_argument(
        "--remediator-without-role", action="store_true", help="the remediator holds no directory role"
    )
    return parser


def _tenant(options: argparse.Namespace) -> Tenant:
    tenant = demo_tenant(users=options.users, seed=options.seed, now=datetime.now(UTC))
    tenant.licences = _LICENCES[options.licence]
    tenant.registrations.append(demo_registration(withhold=frozenset(options.withhold)))
    add_remediator(
        tenant,
        datetime.now(UTC),
        withhold=frozenset(options.withhold_write),
        has_role=not options.remediator_without_role,
    )
    tenant.registrations.append(mailer_registration())
    return tenant


def _announce(server: SimulatorServer) -> None:
    tenant = server.tenants[0]
    reader, remediator, mailer = tenant.registrations
    ready = {
        "url": server.url,
        "ca_bundle": str(server.ca_bundle),
        "tenant_id": tenant.tenant_id,
        "client_id": reader.client_id,
        "client_secret": reader.secrets[0],
        "remediator_client_id": remediator.client_id,
        "remediator_client_secret": remediator.secrets[0],
        "mailer_client_id": mailer.client_id,
        "mailer_client_secret": mailer.secrets[0],
        "mailbox": next(user["mail"] for user in tenant.collections["users"] if user.get("mail")),
        "emergency_accounts": _emergency_accounts(tenant),
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


def _emergency_accounts(tenant: Tenant) -> list[str]:
    """Return the ids of the emergency accounts and of the groups that hold nobody else."""
    accounts = known_gaps(tenant, datetime.now(UTC))["emergency_accounts"]
    groups = [
        path.split("/")[1]
        for path, members in tenant.relations.items()
        if path.startswith("groups/") and path.endswith("/members") and members and accounts.issuperset(members)
    ]
    return [*sorted(accounts), *sorted(groups)]


if __name__ == "__main__":
    sys.exit(main())
