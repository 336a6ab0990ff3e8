"""Where Microsoft's clouds answer.

Source: learn.microsoft.com/graph/deployments (Graph roots) and
learn.microsoft.com/entra/identity-platform/authentication-national-cloud (token hosts).
"""

from __future__ import annotations

from dataclasses import dataclass

from posture.domain.tenant import Cloud


@dataclass(frozen=True, kw_only=True)
class CloudRoots:
    """The two hosts of a cloud, as https URLs without a path."""

    graph: str
    login: str


CLOUD_ROOTS = {
    Cloud.PUBLIC: CloudRoots(graph="https://graph.microsoft.com", login="https://login.microsoftonline.com"),
    Cloud.USGOV: CloudRoots(graph="https://graph.microsoft.us", login="https://login.microsoftonline.us"),
    Cloud.USGOV_DOD: CloudRoots(graph="https://dod-graph.microsoft.us", login="https://login.microsoftonline.us"),
    Cloud.CHINA: CloudRoots(graph="https://microsoftgraph.chinacloudapi.cn", login="https://login.chinacloudapi.cn"),
}
"""A custom cloud has no entry: its hosts come from the settings."""

SOVEREIGN = frozenset({Cloud.USGOV, Cloud.USGOV_DOD, Cloud.CHINA})
"""Clouds in which Graph is known to lack parts; there, "not found" can mean "not offered here"."""
