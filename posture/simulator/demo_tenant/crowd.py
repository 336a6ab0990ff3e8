"""The ordinary people of the made-up company, drawn by chance in the shares of a mid-sized tenant."""

from __future__ import annotations

from collections.abc import Iterator

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.names import (
    COUNTRIES,
    DEPARTMENTS,
    FIRST_NAMES,
    JOB_TITLES,
    LAST_NAMES,
    PARTNER_DOMAIN,
)
from posture.simulator.demo_tenant.person import E3_SKU, E5_SKU, Person, SignIns

GUEST_SHARE = 0.12
SYNCED_SHARE = 0.68
DISABLED_SHARE = 0.06
WITHOUT_MFA_SHARE = 0.06
INACTIVE_SHARE = 0.05
NEVER_SIGNED_IN_SHARE = 0.03
PENDING_SHARE = 0.15
METHODS = (
    ("microsoftAuthenticatorPush", "softwareOneTimePasscode"),
    ("microsoftAuthenticatorPush", "mobilePhone"),
    ("mobilePhone", "email"),
    ("windowsHelloForBusiness", "microsoftAuthenticatorPush"),
    ("fido2SecurityKey", "passKeyDeviceBoundAuthenticator"),
)


def crowd(count: int, chance: Chance) -> Iterator[Person]:
    """Yield ``count`` people; account names stay unique by a running number."""
    for number in range(count):
        if chance.odds(GUEST_SHARE):
            yield _guest(number, chance)
        else:
            yield _member(number, chance)


def _member(number: int, chance: Chance) -> Person:
    rng = chance.rng
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    created = chance.spread(1, 3000)
    enabled = not chance.odds(DISABLED_SHARE)
    return Person(
        id=chance.guid(),
        first=first,
        last=last,
        account=f"{_plain(first)}.{_plain(last)}{number}",
        display_name=f"{first} {last}",
        enabled=enabled,
        synced=True if chance.odds(SYNCED_SHARE) else None,
        created=created,
        password_age=min(created, chance.spread(0, 900)),
        password_never_expires=chance.odds(0.04),
        licence=rng.choice((E3_SKU, E3_SKU, E5_SKU)) if enabled else None,
        department=rng.choice(DEPARTMENTS),
        job_title=rng.choice(JOB_TITLES),
        country=rng.choice(COUNTRIES),
        hired=created if chance.odds(0.5) else None,
        sign_ins=_sign_ins(created, chance),
        methods=_methods(created, enabled, chance),
    )


def _guest(number: int, chance: Chance) -> Person:
    first, last = chance.rng.choice(FIRST_NAMES), chance.rng.choice(LAST_NAMES)
    created = chance.spread(1, 1500)
    pending = chance.odds(PENDING_SHARE)
    return Person(
        id=chance.guid(),
        first=first,
        last=last,
        account=f"{_plain(first)}.{_plain(last)}{number}",
        display_name=f"{first} {last} (Fabrikam)",
        user_type="Guest",
        enabled=not chance.odds(DISABLED_SHARE),
        created=created,
        password_age=None,
        licence=None,
        country=None,
        home_domain=PARTNER_DOMAIN,
        invitation="PendingAcceptance" if pending else "Accepted",
        invited=created if pending else max(created - chance.spread(0, 10), 0.0),
        sign_ins=None if pending else _sign_ins(created, chance, inactive_share=0.25),
        methods=() if pending else _methods(created, True, chance),
    )


def _sign_ins(created: float, chance: Chance, *, inactive_share: float = INACTIVE_SHARE) -> SignIns | None:
    """Return sign-ins that lie after ``created``, None for an account that never signed in."""
    if created < 2 or chance.odds(NEVER_SIGNED_IN_SHARE):
        return None
    days = chance.spread(95, 800) if chance.odds(inactive_share) else chance.spread(0.1, 40)
    interactive, background = min(days * 1.1, created), min(days, created)
    successful = background if chance.odds(0.95) else None
    return SignIns(interactive=interactive, background=background, successful=successful)


def _methods(created: float, enabled: bool, chance: Chance) -> tuple[str, ...] | None:
    """Return registered methods; None where the report has no line yet or no longer."""
    if created < 2 or (not enabled and chance.odds(0.5)):
        return None
    if chance.odds(WITHOUT_MFA_SHARE):
        return ()
    return chance.rng.choice(METHODS)


def _plain(name: str) -> str:
    """Return a name reduced to what an account name may hold."""
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha()) or "x"
