"""Closed vocabularies of check files: a word that is not here is a typing error."""

from __future__ import annotations

from typing import Final

_TAGS: Final = """
access-review admin administrative-unit agent application app-management audit authentication authorization
break-glass b2b certificate conditional-access consent credentials cross-tenant device device-registration
directory-settings domain entitlement-management global-secure-access governance group guest hybrid hygiene
identity-protection legacy-authentication licence lifecycle mfa monitoring named-location passkey password
permissions pim policy privileged-access registration risk role security-defaults self-service
service-principal session sign-in stale synchronisation tenant tier0 token user workload-identity
"""
_FRAMEWORKS: Final = """
cipp cis_m365 cisco_identity_intelligence eidsca entrafalcon entra_recommendations iso_27001 maester mitre
monkey365 nist_800_53 nist_csf prowler purple_knight scuba secure_score sigma steampipe tenable zta
"""

TAGS: Final = frozenset(_TAGS.split())
"""What a check may be tagged with."""

FRAMEWORKS: Final = frozenset(_FRAMEWORKS.split())
"""Catalogues of controls in which the same check may have an id."""

ITEM_KINDS: Final = frozenset({"object_id", "app_id", "text", "domain", "role_template_id"})
"""Open kinds of items of a list parameter: any text counts, the word tells people what to write."""
