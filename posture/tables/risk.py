"""Tables of Identity Protection."""

from __future__ import annotations

from typing import Final

from posture.domain.tenant import Licence
from posture.tables.declare import directory_source, flag, moment, text
from posture.tables.table import Column, Source, SourceTable, ThrottleClass

_LEVELS: Final = ("none", "low", "medium", "high")
_STATES: Final = ("none", "confirmedSafe", "remediated", "dismissed", "atRisk", "confirmedCompromised")
# "hidden": the licence does not cover it. That is not "none".
_UNTOLD: Final = frozenset({"hidden", "unknownFutureValue"})


def _risk_source(path: str, permission: str) -> Source:
    # The default page holds 20 items at one request a second for all apps together.
    return directory_source(
        path,
        permission,
        page_size=500,
        licence=Licence.P2,
        throttle_class=ThrottleClass.IDENTITY_PROTECTION,
    )


def _risk_columns() -> tuple[Column, ...]:
    return (
        text("risk_level", "riskLevel", "NULL if the licence hides it.", values=_LEVELS, unknown=_UNTOLD),
        text("risk_state", "riskState", "What became of the risk.", values=_STATES, unknown=_UNTOLD),
        text("risk_detail", "riskDetail", "Who or what changed the state; NULL if hidden.", unknown=_UNTOLD),
    )


RISKY_USERS: Final = SourceTable(
    name="risky_users",
    doc="Users with a recorded risk, settled ones included. A user who is not here has none, once the table is "
    "complete. Without Entra ID P2 the risk is unknown, not absent.",
    source=_risk_source("identityProtection/riskyUsers", "IdentityRiskyUser.Read.All"),
    key=("user_id",),
    columns=(
        text("user_id", "id", "Object id of the user."),
        text("user_principal_name", "userPrincipalName", "Sign-in name of the user."),
        *_risk_columns(),
        moment("risk_updated_at", "riskLastUpdatedDateTime", "When the risk last changed."),
        flag("is_deleted", "isDeleted", "The user was deleted."),
        flag("is_processing", "isProcessing", "The risk is being computed anew."),
    ),
)

RISK_DETECTIONS: Final = SourceTable(
    name="risk_detections",
    doc="Single events behind a risk, of the last 90 days with Entra ID P2. A user without rows had no event in that "
    "time, once the table is complete.",
    source=_risk_source("identityProtection/riskDetections", "IdentityRiskEvent.Read.All"),
    key=("id",),
    columns=(
        text("id", "id", "Id of the event."),
        text("user_id", "userId", "Object id of the user."),
        text("user_principal_name", "userPrincipalName", "Sign-in name of the user."),
        text(
            "risk_event_type",
            "riskEventType",
            "Kind of event, such as leakedCredentials; NULL if the licence hides it.",
            unknown=frozenset({"generic", "unknownFutureValue"}),
        ),
        *_risk_columns(),
        text("activity", "activity", "signin, user or servicePrincipal.", values=("signin", "user")),
        text(
            "detection_timing_type",
            "detectionTimingType",
            "When it was noticed.",
            values=("notDefined", "realtime", "nearRealtime", "offline"),
            unknown=_UNTOLD,
        ),
        text("ip_address", "ipAddress", "Address of the client; NULL if there was none."),
        text("country", "location.countryOrRegion", "Two-letter country of the client, as far as known."),
        text("source", "source", "Who noticed it."),
        moment("activity_at", "activityDateTime", "When it happened."),
        moment("detected_at", "detectedDateTime", "When it was noticed."),
        moment("updated_at", "lastUpdatedDateTime", "When the event last changed."),
    ),
)
