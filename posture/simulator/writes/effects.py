"""Which function carries out which write, by the id of its route."""

from __future__ import annotations

from collections.abc import Mapping

from posture.simulator.authentication_methods import METHOD_TYPES
from posture.simulator.writes import (
    applications,
    authentication_methods,
    deletion,
    grants,
    groups,
    mail,
    policies,
    risk,
    role_requests,
    roles,
    users,
)
from posture.simulator.writes.write import Effect

_USERS: dict[str, Effect] = {
    "user-revokesigninsessions": users.revoke_sessions,
    "user-patch-usertype": users.change_user,
    "user-patch-disable": users.change_user,
    "user-patch-password": users.change_user,
    "user-create": users.create_user,
    "user-delete": users.delete_user,
    "deleteditems-restore": deletion.restore,
}
_METHODS: dict[str, Effect] = {
    f"delete-{segment.lower()}": authentication_methods.removal_of(type_name)
    for segment, type_name in METHOD_TYPES.items()
    if segment != "passwordMethods"
} | {
    "delete-passwordmethods": authentication_methods.refuse_password_removal,
    "temporaryaccesspass-create": authentication_methods.create_pass,
}

_RISK: dict[str, Effect] = {
    "riskyusers-dismiss": risk.dismissing("User"),
    "riskyusers-confirmcompromised": risk.confirming("User"),
    "riskyserviceprincipals-dismiss": risk.dismissing("ServicePrincipal"),
    "riskyserviceprincipals-confirmcompromised": risk.confirming("ServicePrincipal"),
}
_APPLICATIONS: dict[str, Effect] = {
    "application-addpassword": applications.adding_password("applications"),
    "application-removepassword": applications.removing_password("applications"),
    "application-patch": applications.changing("applications"),
    "application-fic-delete": applications.remove_federated_credential,
    "serviceprincipal-addpassword": applications.adding_password("servicePrincipals"),
    "serviceprincipal-removepassword": applications.removing_password("servicePrincipals"),
    "serviceprincipal-patch-disable": applications.changing("servicePrincipals"),
    "oauth2permissiongrant-create": grants.create_grant,
    "oauth2permissiongrant-patch": grants.change_grant,
    "oauth2permissiongrant-delete": grants.delete_grant,
    "approleassignment-create": grants.create_assignment,
    "approleassignment-delete": grants.deleting_assignment("principalId"),
    "approleassignedto-delete": grants.deleting_assignment("resourceId"),
}
_GROUPS: dict[str, Effect] = {
    "group-member-add": groups.add_member,
    "group-member-remove": groups.remove_member,
    "group-member-delete": groups.delete_member_itself,
    "group-owner-add": groups.add_owner,
    "group-create": groups.create_group,
    "group-patch": groups.change_group,
    "group-delete": groups.delete_group,
}
_ROLES: dict[str, Effect] = {
    "roleassignment-create": roles.create_assignment,
    "roleassignment-delete": roles.delete_assignment,
    "roleeligibilityschedulerequest-create": role_requests.request_eligibility,
    "roleassignmentschedulerequest-create": role_requests.request_assignment,
}
_POLICIES: dict[str, Effect] = {
    "ca-policy-create": policies.create_policy,
    "ca-policy-patch": policies.change_policy,
    "ca-policy-delete": policies.delete_policy,
    "securitydefaults-patch": policies.change_security_defaults,
    "authorizationpolicy-patch": policies.change_authorization_policy,
}
_MAIL: dict[str, Effect] = {"user-sendmail": mail.send_mail}

EFFECTS: Mapping[str, Effect] = _MAIL | _USERS | _METHODS | _RISK | _APPLICATIONS | _GROUPS | _ROLES | _POLICIES
