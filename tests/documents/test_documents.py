"""Documents: what they refer to exists, and what they show works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from posture.cli.reference import command_pages
from posture.config import parse_settings

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_COMMAND = re.compile(
    r"\bposture ((?:checks|tables|findings|exempt|actions|plans|operators|audit|notify) [a-z-]+|[a-z]+)(?= |`|$)",
    re.MULTILINE,
)
_SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_INLINE = re.compile(r"`(?:\.venv/bin/)?(posture [a-z][^`]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    targets = _LINK.findall(document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.fixture(scope="module")
def commands() -> set[str]:
    return {page.name.removeprefix("posture ") for page in command_pages()}


@pytest.mark.parametrize(
    "document",
    [path for path in DOCUMENTS if "reference" not in path.parts],
    ids=lambda path: str(path.relative_to(REPOSITORY)),
)
def test_every_command_that_is_shown_exists(document: Path, commands: set[str]) -> None:
    text = document.read_text(encoding="utf-8")
    shown = "\n".join([*_SHELL.findall(text), *_INLINE.findall(text)])
    groups = {command.split()[0] for command in commands}
    assert [name for name in _COMMAND.findall(shown) if name not in commands and name not in groups] == []


@pytest.mark.parametrize("command", ["lint", "test"])
@pytest.mark.parametrize(("kind", "id"), [("check", "guest-enabled"), ("action", "block-user")])
def test_the_file_that_a_how_to_shows_is_a_good_one(tmp_path: Path, kind: str, id: str, command: str) -> None:
    how_to = {"check": "write-a-check.md", "action": "write-an-action.md"}[kind]
    text = (REPOSITORY / "docs" / "how-to" / how_to).read_text(encoding="utf-8")
    found = re.search(rf"```yaml\n(kind: {kind}\n.*?)```", text, re.DOTALL)
    assert found is not None
    file = tmp_path / f"{id}.yaml"
    file.write_text(found[1], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "posture", f"{kind}s", command, str(file)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_has_every_kind_of_setting_in_its_comments() -> None:
    text = (REPOSITORY / "config.example.yaml").read_text(encoding="utf-8")
    for alternative in ("certificate:", "managed_identity:", "workload_identity:", "endpoints:", "ca_bundle:"):
        assert f"# {alternative}" in text


def test_the_example_works_with_another_credential_uncommented() -> None:
    text = (REPOSITORY / "config.example.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^      client_secret: .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^      # (certificate:|  path:|  password:)", r"      \1", text, flags=re.MULTILINE)
    settings = parse_settings(text, path=REPOSITORY / "config.example.yaml", environment={})
    assert settings.tenants[0].reader.certificate_path is not None
