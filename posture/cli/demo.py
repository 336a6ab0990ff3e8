"""``posture demo``: a made-up tenant, scanned through exactly the code that scans a real one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from posture.cli.console import err, out
from posture.errors import UsageError

_STOP_SECONDS = 10
PAGE_PORT = 8080

_CONFIG = """\
# A made-up tenant, served by "posture demo --serve" on this machine.
data_dir: ./data
http: {{ca_bundle: {ca_bundle}, proxy: null}}
checks:
  params:                    # the two emergency accounts and their group may be left out of policies
    ca-break-glass-excluded: {{break_glass: {emergency_accounts}}}
    ca-block-device-code: {{allowed_exclusions: {emergency_accounts}}}
    ca-block-legacy-auth: {{allowed_exclusions: {emergency_accounts}}}
    ca-mfa-admins: {{allowed_exclusions: {emergency_accounts}}}
    ca-mfa-all-users: {{allowed_exclusions: {emergency_accounts}}}
notify:                      # mail from a mailbox of the made-up company to itself; it never leaves this machine
  channels:
    - name: admins
      graph_mail:
        tenant: contoso
        mailbox: {mailbox}
        to: [{mailbox}]
        credential: {{client_id: {mailer_client_id}, client_secret: "${{file:./mailer-secret}}"}}
  default: {{channels: [admins]}}
service:                     # the page, for posture serve
  listen: "127.0.0.1:{page_port}"
schedules:
  - {{name: every-quarter, job: scan, cron: "*/15 * * * *"}}
tenants:
  - name: contoso
    tenant_id: {tenant_id}
    cloud: custom
    endpoints: {{graph: "{url}", login: "{url}"}}
    reader:
      client_id: {client_id}
      client_secret: ${{file:./client-secret}}
    remediator:              # a second identity: it carries out approved plans, and scans never use it
      client_id: {remediator_client_id}
      client_secret: ${{file:./remediator-secret}}
    protected: {{users: {emergency_accounts}, groups: {emergency_accounts}}}
"""


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    users: Annotated[int, typer.Option(min=1, help="How many users the made-up company has.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 1,
    directory: Annotated[
        Path, typer.Option(help="Where the configuration and the data of the demonstration go.")
    ] = Path("posture-demo"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    serve: Annotated[
        bool, typer.Option("--serve", help="Leave the simulator running and print a configuration for it.")
    ] = False,
    page: Annotated[
        bool, typer.Option("--page", help="Begin anew, scan, then run the worker and the page until Ctrl-C.")
    ] = False,
    page_port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the page on 127.0.0.1.")] = PAGE_PORT,
) -> None:
    """Scan a made-up company: no tenant and no account needed."""
    from posture.cli.demo_page import begin_anew, show_page
    from posture.cli.scan import scan

    try:
        directory.mkdir(parents=True, exist_ok=True)
        if page:
            begin_anew(directory, port=page_port)
        with _simulator(directory, users=users, seed=seed, port=port) as ready:
            config = write_config(directory, ready, page_port=page_port)
            if page:
                show_page(config)
            elif serve:
                _wait(config)
            else:
                scan(config=config)
    except OSError as error:
        raise UsageError(f"cannot write to {directory}: {error.strerror}") from error


@contextmanager
def _simulator(directory: Path, *, users: int, seed: int, port: int) -> Iterator[Mapping[str, Any]]:
    """Run the simulator in a process of its own, as far away as Graph would be; give what it says when ready."""
    arguments = ["--users", str(users), "--seed", str(seed), "--port", str(port), "--directory", str(directory)]
    command = [sys.executable, "-m", "posture.simulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            with err().status(f"making up a company with {users:,} users"):
                line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise UsageError(f"the simulator could not start on port {port}; choose another --port")
            yield json.loads(line)
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def write_config(directory: Path, ready: Mapping[str, Any], *, page_port: int = PAGE_PORT) -> Path:
    """Write a configuration that points at the simulator, its secrets in files beside it."""
    _write_secret(directory / "client-secret", ready["client_secret"])
    _write_secret(directory / "remediator-secret", ready["remediator_client_secret"])
    _write_secret(directory / "mailer-secret", ready["mailer_client_secret"])
    config = directory / "posture.yaml"
    values = {
        **ready,
        "page_port": page_port,
        "ca_bundle": json.dumps(str(Path(ready["ca_bundle"]).resolve())),
        "emergency_accounts": json.dumps(ready["emergency_accounts"]),
    }
    config.write_text(_CONFIG.format_map(values), encoding="utf-8")
    return config


def _write_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret, encoding="utf-8")


def _wait(config: Path) -> None:
    """Leave the simulator to the user until they interrupt it."""
    # A supervisor ends us with SIGTERM; it must take the simulator with it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = out()
    console.print(f"The simulator is running. Its configuration is {config}:\n", soft_wrap=True)
    console.print(config.read_text(encoding="utf-8"), soft_wrap=True)
    console.print(f"In another terminal: posture scan --config {config}\nCtrl-C ends it.", soft_wrap=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("Stopped.")
