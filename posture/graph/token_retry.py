"""How the token endpoint's trouble is retried. Imported only when a token is asked for: it loads azure-core."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy

LONGEST_WAIT_SECONDS = 60


class BoundedRetry(RetryPolicy[Any, Any]):
    """azure-core's retries, which alone would sleep for as long as ``Retry-After`` asks, a day too.

    Trouble that lasts is raised with its response, because what is raised further up does not tell the status.
    ClientAuthenticationError is the one error of azure-core's that nobody up there retries or replaces.
    """

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send a request, again if need be.

        Raises:
            ClientAuthenticationError: the endpoint is overloaded or down.
        """
        response = super().send(request)
        if is_trouble(response.http_response.status_code):
            raise _lasting(response)
        return response

    def sleep(
        self, settings: dict[str, Any], transport: Any, response: PipelineResponse[Any, Any] | None = None
    ) -> None:
        """Wait before the next try.

        Raises:
            ClientAuthenticationError: the wait would be too long.
        """
        if response is not None and (self.get_retry_after(response) or 0) > LONGEST_WAIT_SECONDS:
            raise _lasting(response)
        super().sleep(settings, transport, response)


def is_trouble(status: int) -> bool:
    """Say whether an HTTP status tells of the endpoint and not of what it was asked."""
    return status == 429 or status >= 500


def _lasting(response: PipelineResponse[Any, Any]) -> ClientAuthenticationError:
    return ClientAuthenticationError(message="the endpoint is in trouble", response=response.http_response)
