"""The wheel: everything is in it, and it works where the source tree is not."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    program = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, str(directory)], cwd=REPOSITORY, check=True, timeout=120)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bin directory of an environment that has the wheel, and the dependencies of this one."""
    environment = tmp_path_factory.mktemp("installed")
    venv.create(environment, with_pip=True, symlinks=True)
    binaries = environment / "bin"
    subprocess.run(
        [binaries / "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, timeout=120
    )
    (packages,) = (environment / "lib").glob("python*/site-packages")
    # A path file is read after the environment's own packages and its lines do not run path files of that
    # directory, so an editable posture in there is not seen.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return binaries


def run(binaries: Path, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "POSTURE"))}
    return subprocess.run(
        [binaries / arguments[0], *arguments[1:]],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_wheel_holds_checks_actions_templates_example_and_sql(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (REPOSITORY / "checks").rglob("*.yaml"):
        assert f"posture/_content/{path.relative_to(REPOSITORY)}" in names
    for path in (REPOSITORY / "posture").rglob("*.sql"):
        assert str(path.relative_to(REPOSITORY)) in names
    assert {
        "posture/_content/config.example.yaml",
        "posture/_content/actions/README.md",
        "posture/_content/templates/README.md",
        "posture/_content/templates/email/notice.html.j2",
        "posture/_content/templates/teams/_macros.card.j2",
        "posture/py.typed",
    } <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


def test_the_installed_command_finds_its_checks_far_from_the_source(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "python", "-c", "import posture; print(posture.__file__)", directory=tmp_path)
    assert str(REPOSITORY) not in done.stdout
    done = run(installed, "posture", "checks", "list", directory=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "secret-expiring-soon" in done.stdout


def test_the_installed_command_writes_settings_that_it_can_use(installed: Path, tmp_path: Path) -> None:
    answers = ("--name", "contoso", "--tenant-id", "11111111-1111-1111-1111-111111111111", "--no-input")
    done = run(installed, "posture", "init", *answers, directory=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run(installed, "posture", "permissions", "--format", "manifest", directory=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "requiredResourceAccess" in done.stdout
