"""How the token endpoint's trouble is retried. Imported only when a token is asked for: it loads azure-core."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import RetryPolicy

LONGEST_WAIT_SECONDS = 60


class BoundedRetry(RetryPolicy[Any, Any]):
    """azure-core's retries, which alone would sleep for as long as ``Retry-After`` asks, a day too."""

    def sleep(
        self, settings: dict[str, Any], transport: Any, response: PipelineResponse[Any, Any] | None = None
    ) -> None:
        """Wait before the next try.

        Raises:
            ClientAuthenticationError: the wait would be too long; of azure-core's errors the only one that is not
                retried.
        """
        asked = self.get_retry_after(response) if response is not None else None
        if response is not None and asked is not None and asked > LONGEST_WAIT_SECONDS:
            raise ClientAuthenticationError(
                message=f"it asks to wait {asked:g} seconds", response=response.http_response
            )
        super().sleep(settings, transport, response)
