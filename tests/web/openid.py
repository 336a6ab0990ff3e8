"""A real OpenID provider on loopback, and the browser that goes there and back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from tests.web.node_packages import node_modules
from tests.web.office import URL, Client, Office

PROGRAM = Path(__file__).parent / "openid_provider"
SECRET = "a secret of tests only"

# One for all: to make one reads all the authorities that there are. It forgets its cookies before each way.
_BROWSER = httpx.Client(timeout=10)

_SETTINGS = """\
data_dir: ./data
service:
  sign_in:
    issuer: {issuer}
    {credential}
    claim: {claim}
    roles: {{viewer: [posture.viewer], helpdesk: [posture.helpdesk], admin: [posture.admin]}}
    {more}
tenants:
  - name: contoso
    tenant_id: 11111111-1111-4111-8111-111111111111
    reader: {{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${{env:NOBODY_LOOKS_IT_UP}}"}}
"""
_BY_SECRET = f'client_id: posture-page\n    client_secret: "{SECRET}"'


class OpenIdProvider:
    """A running provider. Who signs in next is whom ``account`` says."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def account(self, sub: str = "ann", roles: object = ("posture.admin",), **claims: object) -> Self:
        """Let this person sign in from now on."""
        self._control(account={"sub": sub, "preferred_username": f"{sub}@contoso.com", "roles": roles, **claims})
        return self

    def nobody(self) -> None:
        """Let the person press "cancel"."""
        self._control(account=None)

    def tamper(self, *, algorithm: str | None = None, **claims: object) -> None:
        """Replace claims of the ID tokens that come; None leaves one out."""
        self._control(tamper=claims, algorithm=algorithm)

    def rotate_keys(self) -> None:
        """Sign with a new key; the one of before is no longer published."""
        self._control(rotate=True)

    def know_page(self, url: str) -> None:
        """Let people sign in on a page at this address."""
        self._control(page=url)

    def know_key(self, key: Mapping[str, object]) -> None:
        """Let the second client prove itself with this key (a public JWK)."""
        self._control(key_of_client=key)

    def as_usual(self) -> Self:
        self._control(tamper=None, algorithm=None, page=URL)
        return self.account()

    def _control(self, **changes: object) -> None:
        _BROWSER.post(f"{self.issuer}/control", json=changes).raise_for_status()


@contextmanager
def openid_provider(directory: Path) -> Iterator[OpenIdProvider]:
    """Run a provider; ``directory`` is where its program is put beside its packages."""
    (directory / "node_modules").symlink_to(node_modules(PROGRAM))
    (directory / "package.json").write_bytes((PROGRAM / "package.json").read_bytes())
    program = directory / "provider.mjs"
    program.write_bytes((PROGRAM / "provider.mjs").read_bytes())
    process = subprocess.Popen(
        ["node", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the provider did not start"
        try:
            yield OpenIdProvider(json.loads(line)["issuer"])
        finally:
            process.terminate()


class ProviderOffice(Office):
    """A page on which people sign in with the provider."""

    def __init__(
        self, directory: Path, issuer: str, *, credential: str = _BY_SECRET, claim: str = "roles", more: str = ""
    ) -> None:
        super().__init__(
            directory,
            settings=_SETTINGS.format(issuer=issuer, credential=credential, claim=claim, more=more),
        )

    def sign_in_at(self, client: Client, *, next: str = "/", again: bool = False) -> httpx.Response:
        """Go to the provider with a browser and come back; return what the page answers then."""
        return client.get(self.way_back(client, next=next, again=again))

    def way_back(self, client: Client, *, next: str = "/", again: bool = False) -> str:
        """Go to the provider and return the path on the page that it sends the browser back to."""
        start = client.get("/sign-in/start", params={"next": next, "again": again})
        assert start.status_code == 303, start.text
        return at_provider(start.headers["location"])


def at_provider(address: str) -> str:
    """Follow the provider's redirects until they lead back to the page, and return that path."""
    _BROWSER.cookies.clear()
    for _ in range(10):
        answer = _BROWSER.get(address)
        assert answer.is_redirect, f"{answer.status_code} {answer.text[-500:]}"
        address = str(answer.url.join(answer.headers["location"]))
        if address.startswith(URL):
            parts = urlsplit(address)
            return f"{parts.path}?{parts.query}"
    raise AssertionError("the provider never led back")


def query_of(path: str) -> dict[str, Any]:
    """Return the parameters of a path."""
    return dict(httpx.QueryParams(urlsplit(path).query))
