"""The people every made-up company has, whatever its size: one for each situation that a check must judge."""

from __future__ import annotations

from typing import Any, Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.names import HOSTILE_NAMES, PARTNER_DOMAIN
from posture.simulator.demo_tenant.person import E5_SKU, Person, SignIns

RECENT: Final = SignIns(interactive=2.0, background=0.5, successful=0.5)
LONG_AGO: Final = SignIns(interactive=200.0, background=210.0, successful=210.0)
FIDO2: Final = ("fido2SecurityKey",)
EVERY_KIND: Final = (
    "mobilePhone", "alternateMobilePhone", "microsoftAuthenticatorPush", "softwareOneTimePasscode", "email",
    "windowsHelloForBusiness", "fido2SecurityKey", "passKeyDeviceBoundAuthenticator",
)  # fmt: skip
ADMIN: Final = {"licence": E5_SKU, "sign_ins": RECENT, "department": "IT", "methods": FIDO2}
GUEST: Final = {
    "user_type": "Guest", "home_domain": PARTNER_DOMAIN, "licence": None, "invitation": "Accepted",
    "invited": 300.0, "created": 310.0, "password_age": None, "country": None,
}  # fmt: skip
PENDING: Final = GUEST | {"invitation": "PendingAcceptance", "methods": ()}

CAST: Final[dict[str, dict[str, Any]]] = {
    # Emergency accounts: no licence, a password that never expires, used only in exercises.
    "break_glass_1": {"licence": None, "methods": FIDO2, "password_never_expires": True, "sign_ins": LONG_AGO},
    "break_glass_2": {"licence": None, "methods": FIDO2, "password_never_expires": True, "sign_ins": LONG_AGO},
    "ga_first": ADMIN,
    "ga_second": ADMIN,
    "ga_third": ADMIN | {"methods": ("microsoftAuthenticatorPush", "mobilePhone", "officePhone")},
    "ga_synced": ADMIN | {"synced": True},
    "ga_without_mfa": ADMIN | {"methods": ()},
    "ga_risky": ADMIN,
    "ga_eligible": ADMIN,
    "ga_eligible_by_group": ADMIN,
    "ga_disabled": ADMIN | {"enabled": False, "sign_ins": LONG_AGO},
    "admin_disallowed_method": ADMIN | {"methods": ("mobilePhone",), "methods_allowed": False},
    "admin_unreported": ADMIN | {"methods": None},
    "admin_eligible_without_mfa": ADMIN | {"methods": ("email",)},
    "admin_by_group": ADMIN,
    "admin_by_nested_group": ADMIN | {"methods": ()},
    "admin_scoped": ADMIN,
    "admin_custom_role": ADMIN,
    "admin_temporary": ADMIN,
    "admin_reports": ADMIN | {"methods": ()},
    "guest_admin": GUEST | {"sign_ins": RECENT},
    "guest_admin_eligible": GUEST | {"sign_ins": RECENT},
    "guest_admin_nested": GUEST | {"sign_ins": RECENT, "methods": ()},
    "sync_account": {
        "licence": None,
        "methods": None,
        "synced": None,
        "sign_ins": RECENT,
        "password_never_expires": True,
    },
    # Members whose records are missing, old, new or of an unusual kind.
    "member_type_null": {"user_type": None, "created": 4500.0, "methods": (), "sign_ins": LONG_AGO},
    "member_unreported": {"methods": None, "sign_ins": RECENT},
    "member_new": {"created": 3.0, "methods": None, "password_age": 3.0, "sign_ins": None},
    "member_new_without_mfa": {"created": 5.0, "methods": (), "password_age": 5.0, "sign_ins": RECENT},
    "member_future_hire": {"created": 40.0, "methods": (), "hired": -20.0, "sign_ins": None},
    "member_disabled_unreported": {"enabled": False, "methods": None, "sign_ins": LONG_AGO},
    "member_disabled_without_mfa": {"enabled": False, "methods": (), "sign_ins": LONG_AGO},
    "member_email_only": {"methods": ("email",), "sign_ins": RECENT},
    "member_disallowed_method": {"methods": ("mobilePhone",), "methods_allowed": False, "sign_ins": RECENT},
    "member_inactive": {"sign_ins": LONG_AGO},
    "member_inactive_before_2023": {"created": 2000.0, "sign_ins": SignIns(interactive=1100.0, background=1090.0)},
    "member_attacked_while_inactive": {"sign_ins": SignIns(interactive=1.0, background=200.0, successful=200.0)},
    "member_inactive_year_one": {"sign_ins": SignIns(interactive=150.0, as_year_one=True)},
    "member_never_year_one": {"sign_ins": SignIns(as_year_one=True)},
    "member_background_only": {"sign_ins": SignIns(background=1.0, successful=1.0)},
    "member_never_signed_in": {"created": 500.0, "sign_ins": None},
    "member_sync_stopped": {"synced": False, "sign_ins": RECENT},
    "member_old_password": {"password_age": 2500.0, "password_never_expires": True, "sign_ins": RECENT},
    "member_external": {"home_domain": PARTNER_DOMAIN, "licence": None, "invitation": "Accepted", "sign_ins": RECENT},
    "room": {"resource_account": True, "licence": None, "methods": (), "sign_ins": LONG_AGO},
    # Members whom identity protection has something to say about.
    "risky_confirmed": {"sign_ins": RECENT},
    "risky_high": {"sign_ins": RECENT, "methods": EVERY_KIND},
    "risky_medium": {"sign_ins": RECENT},
    "risky_low": {"sign_ins": RECENT},
    "risky_hidden": {"sign_ins": RECENT},
    "risky_disabled": {"enabled": False, "sign_ins": LONG_AGO},
    "risky_remediated": {"sign_ins": RECENT},
    "risky_dismissed": {"sign_ins": RECENT},
    # Guests.
    "guest_pending_long": PENDING | {"created": 401.0, "invited": 400.0, "sign_ins": None},
    "guest_pending_no_change_date": PENDING | {"created": 60.0, "invited": None, "sign_ins": None},
    "guest_pending_lately": PENDING | {"created": 5.0, "invited": 5.0, "sign_ins": None},
    "guest_pending_but_signed_in": PENDING | {"created": 90.0, "invited": 90.0, "sign_ins": RECENT},
    "guest_pending_disabled": PENDING | {"created": 90.0, "invited": 90.0, "enabled": False, "sign_ins": None},
    "guest_idle": GUEST | {"sign_ins": SignIns(interactive=400.0, background=390.0, successful=390.0)},
    "guest_never_signed_in": GUEST | {"created": 200.0, "invited": 199.0, "sign_ins": None},
    "guest_idle_disabled": GUEST | {"enabled": False, "sign_ins": LONG_AGO},
    "guest_active": GUEST | {"sign_ins": RECENT},
}
"""Name in the story → what differs from an ordinary member (fields of ``Person``)."""

DISPLAY_NAMES: Final = {"sync_account": "On-Premises Directory Synchronization Service Account"}


def special_people(chance: Chance) -> dict[str, Person]:
    """Return the cast by story name, followed by one member and one guest for every hostile display name."""
    people = {name: _member_of_cast(name, traits, chance) for name, traits in CAST.items()}
    for number, display_name in enumerate(HOSTILE_NAMES):
        for kind, traits in (("hostile_member", {"sign_ins": RECENT}), ("hostile_guest", PENDING)):
            story_name = f"{kind}_{number}"
            people[story_name] = _member_of_cast(story_name, traits | {"display_name": display_name}, chance)
    return people


def _member_of_cast(name: str, traits: dict[str, Any], chance: Chance) -> Person:
    words = name.replace("_", " ").title()
    known: dict[str, Any] = {
        "id": chance.guid(),
        "first": words.split(" ")[0],
        "last": words.split(" ")[-1],
        "account": name.replace("_", "."),
        "display_name": DISPLAY_NAMES.get(name, words),
    }
    return Person(**(known | traits))
