"""``posture web`` as a process of its own."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from posture.config import load_settings
from posture.errors import SettingsError
from posture.simulator.certificates import write_certificates
from posture.web.serving import bound_socket
from tests.cli.terminal_session import TerminalSession
from tests.web.office import free_port

_SETTINGS = """\
data_dir: ./data
service:
  listen: 127.0.0.1:{port}
  {more}
tenants:
  - name: contoso
    tenant_id: 11111111-1111-4111-8111-111111111111
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
"""


def settings_in(directory: Path, *, more: str = "") -> tuple[Path, int]:
    """Write settings and return their path, and the port."""
    port = free_port()
    path = directory / "posture.yaml"
    path.write_text(_SETTINGS.format(port=port, more=more), encoding="utf-8")
    return path, port


def test_the_first_start_on_a_terminal_shows_one_admins_token_once(tmp_path: Path) -> None:
    settings, port = settings_in(tmp_path)
    url = f"http://127.0.0.1:{port}"

    with TerminalSession("web", "--config", settings) as first:
        first.answer("posture_", "")
        [token] = re.findall(r"posture_[\w-]{43}", first.said)
        answer = httpx.post(f"{url}/sign-in", data={"token": token}, headers={"origin": url})
        me = httpx.get(f"{url}/api/v1/me", headers={"authorization": f"Bearer {token}"}).json()
        first.answer("", "\x03")
        code = first.end()

    assert answer.status_code == 303
    assert (me["name"], me["role"]) == ("admin", "admin")
    assert code == 0
    assert f"The page is at {url}" in first.said

    with TerminalSession("web", "--config", settings) as second:
        second.answer("The page is at", "\x03")
        second.end()

    assert "posture_" not in second.said


def test_a_service_without_a_terminal_writes_no_token_into_its_log(tmp_path: Path) -> None:
    certificates = write_certificates(tmp_path / "tls")
    settings, port = settings_in(
        tmp_path, more=f"tls: {{certificate: {certificates.certificate}, key: {certificates.key}}}"
    )
    trusting = ssl.create_default_context(cafile=str(certificates.ca_bundle))

    with subprocess.Popen(
        [sys.executable, "-m", "posture", "web", "--config", settings], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline() + process.stderr.readline()
        answer = httpx.get(f"https://127.0.0.1:{port}/sign-in", verify=trusting)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]
    assert b"posture operators add NAME --role admin" in said
    assert b"posture_" not in said + out + err
    assert process.returncode == 0
    assert all(json.loads(line) for line in err.splitlines())


def test_an_address_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    path, port = settings_in(tmp_path)
    service = load_settings(path, environment={}).service

    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(SettingsError, match=rf"port {port} \(.*\): end what listens there, or change service"):
            bound_socket(service)


def test_an_address_of_another_machine_is_told_in_a_sentence(tmp_path: Path) -> None:
    path, _ = settings_in(tmp_path)
    service = replace(load_settings(path, environment={}).service, host="192.0.2.1")

    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1"):
        bound_socket(service)
