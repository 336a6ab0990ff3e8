"""The pages of somebody who looks after many tenants: folded, so that what needs somebody is found."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.web.office import Office
from tests.web.service_pages.reception import read, text_of

_READER = '{client_id: 33333333-3333-4333-8333-333333333333, client_secret: "${env:NOBODY_LOOKS_IT_UP}"}'
_TENANTS = "".join(
    f"  - {{name: tenant-{number}, tenant_id: 00000000-0000-4000-8000-{number:012}, reader: {_READER}}}\n"
    for number in range(40)
)


def test_forty_tenants_are_folded_and_each_tells_how_it_is(empty_database: Path, tmp_path: Path) -> None:
    shutil.copytree(empty_database, tmp_path / "data")
    office = Office(tmp_path, settings=f"data_dir: ./data\ntenants:\n{_TENANTS}")
    client = office.signed_in()

    doctor, schedules = client.get("/doctor"), client.get("/schedules")

    folded = [tag for tag, given in read(schedules).elements if tag == "details" and given.get("class") == "fold"]
    assert text_of(doctor).count("not examined") == 40
    assert len(folded) == 2  # scans and examinations; the others are about no single tenant
    assert "40 tenants" in text_of(schedules)
    office.close()
