"""The only place that knows which adapter serves which port."""

from posture.bootstrap.application import (
    Application,
    catalog_of,
    dictionary,
    live_dictionary,
    load_application,
    try_actions,
    verify,
)
from posture.bootstrap.selection import Selection

__all__ = [
    "Application",
    "Selection",
    "catalog_of",
    "dictionary",
    "live_dictionary",
    "load_application",
    "try_actions",
    "verify",
]
