"""The page over a database of its own, for every test of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web.made_up_pages import MadeUpPages
from tests.web.office import Client, Office
from tests.web.openid import OpenIdProvider, ProviderOffice, openid_provider


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a database that is of the right version and empty: made once, copied for each test."""
    directory = tmp_path_factory.mktemp("empty")
    office = Office(directory)
    office.application.store.close()
    return directory / "data"


@pytest.fixture
def office(empty_database: Path, tmp_path: Path) -> Iterator[Office]:
    shutil.copytree(empty_database, tmp_path / "data")
    opened = Office(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def pages(office: Office) -> MadeUpPages:
    """Pages that do what the test asks for."""
    return MadeUpPages(office.app)


@pytest.fixture
def web_client(office: Office) -> Client:
    """Return a browser in which nobody is signed in."""
    return office.client()


@pytest.fixture
def signed_in(office: Office) -> Callable[..., Client]:
    """Return what signs a new operator in: ``signed_in(role, tenants)`` is a browser of theirs."""
    return office.signed_in


@pytest.fixture
def live_server(office: Office) -> Iterator[str]:
    """Serve the page on this machine and give its address, for a real browser."""
    with office.served() as url:
        yield url


@pytest.fixture(scope="session")
def running_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    with openid_provider(tmp_path_factory.mktemp("openid-provider")) as provider:
        yield provider


@pytest.fixture
def provider(running_provider: OpenIdProvider) -> OpenIdProvider:
    """A real OpenID provider that does nothing unusual, with one administrator."""
    return running_provider.as_usual()


@pytest.fixture
def provider_office(empty_database: Path, tmp_path: Path, provider: OpenIdProvider) -> Iterator[ProviderOffice]:
    """A page on which people sign in with the provider."""
    shutil.copytree(empty_database, tmp_path / "data")
    opened = ProviderOffice(tmp_path, provider.issuer)
    yield opened
    opened.close()
