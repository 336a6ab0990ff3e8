"""What somebody wants scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from posture.definitions.compiled import CompiledCheck
from posture.domain.exemption import Exemption
from posture.tables.table import WantedTable
from posture.usecases.own_credentials import OwnCredentials


@dataclass(frozen=True, kw_only=True)
class ScanRequest:
    """What to scan: a tenant, the checks compiled for it, and the tables that these read.

    ``switched_off`` are checks that the configuration skips; they are reported and need no table.
    ``exemptions`` come from the file; those in the database are added. People are told of exemptions that end within
    ``exemption_notice``, and of posture's ``own`` credentials; None if it has none in the tenant.
    """

    run_id: str
    tenant_id: str
    tenant_name: str
    checks: Sequence[CompiledCheck]
    switched_off: Sequence[CompiledCheck]
    wanted: Sequence[WantedTable]
    exemptions: Sequence[Exemption]
    exemption_notice: timedelta
    own: OwnCredentials | None
    all_verdicts: bool
