"""The API: JSON for everything that the page does, below ``/api/v1``. It only grows.

It is an application of its own that the page's frame mounts, because it fails otherwise (problems instead of pages)
and knows people otherwise (bearer tokens instead of cookies).
"""

from posture.web.api.app import PREFIX, create_api

__all__ = ["PREFIX", "create_api"]
