"""The API: JSON for everything that the page does, below ``/api/v1``. It only grows.

It is an application of its own that the page's frame mounts, because it fails otherwise (problems instead of pages)
and knows people otherwise (bearer tokens instead of cookies).
"""

from posture.web.api.app import create_api, is_of_api, refuse
from posture.web.api.document import PREFIX, api_document

__all__ = ["PREFIX", "api_document", "create_api", "is_of_api", "refuse"]
