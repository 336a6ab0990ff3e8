"""The page about the API: what it shows works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from posture.domain.operator import Role, Scope
from posture.web.api import api_document
from posture.web.api.problem import ProblemKind
from tests.web.api.recorded import NAMES, RecordedOffice

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "use-the-api.md").read_text(encoding="utf-8")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[RecordedOffice]:
    opened = RecordedOffice(tmp_path)
    yield opened
    opened.close()


def test_the_script_that_is_shown_finds_every_open_finding(office: RecordedOffice, tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    # The made-up findings are medium.
    script = tmp_path / "shown.py"
    script.write_text(found[1].replace('"high"', '"medium"'), encoding="utf-8")
    token = office.script(Role.VIEWER, tenants=("contoso",), scopes=(Scope.READ,))

    with office.served() as url:
        done = subprocess.run(
            [sys.executable, str(script)],
            env={**os.environ, "POSTURE_URL": url, "POSTURE_TOKEN": token},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.stderr == ""
    names = {json.loads(line.split(" ", 2)[2]) for line in done.stdout.splitlines()}
    assert names == set(NAMES)


def test_every_address_that_is_shown_exists() -> None:
    shown = {re.sub(r"\$\w+", "{}", path) for path in re.findall(r'\$at(/[^"?]+)', PAGE)}
    shown |= {path.replace("contoso", "{}") for path in re.findall(r"/api/v1(/(?!openapi)[a-z/]+)", PAGE)}
    shown |= {re.sub(r"\{\w+\}", "{}", path) for path in re.findall(r"`(/[a-z/{}]+)`", PAGE) if "api" not in path}

    known = {re.sub(r"\{\w+\}", "{}", path) for path in api_document()["paths"]}

    assert shown - known == set()
    assert len(shown) > 3


def test_every_type_of_problem_is_explained() -> None:
    assert [kind.uri for kind in ProblemKind if f"`{kind.uri.rpartition(':')[2]}`" not in PAGE] == []
