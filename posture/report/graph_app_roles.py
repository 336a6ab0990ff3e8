"""Microsoft Graph's application permissions, and the id under which an app registration asks for each.

Source: appRoles of Graph's own service principal, https://learn.microsoft.com/graph/permissions-reference
"""

from __future__ import annotations

from typing import Final

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"

READ_PERMISSION_IDS: Final = {
    "AccessReview.Read.All": "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa",
    "AdministrativeUnit.Read.All": "134fd756-38ce-4afd-ba33-e9623dbe66c2",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "AuthenticationContext.Read.All": "381f742f-e1f8-4309-b4ab-e3d91ae4c5c1",
    "Device.Read.All": "7438b122-aefc-4978-80ed-43db9fcc7715",
    "DeviceManagementConfiguration.Read.All": "dc377aa6-52d8-4e23-b271-2a7ae04cedf3",
    "DeviceManagementManagedDevices.Read.All": "2f51be20-0bb4-4fed-bf7b-db946066c75e",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "DirectoryRecommendations.Read.All": "ae73097b-cb2a-4447-b064-5d80f6093921",
    "Domain-InternalFederation.Read.All": "c0e5a7b0-e8b7-40a7-b8e0-8249e6ea81d5",
    "Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664",
    "Group-XTenantIdentitySync.Read.All": "35b96aac-d839-4362-abd4-7381f2b27ccd",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "GroupSettings.Read.All": "f3c4f514-c65a-43f5-bfce-1735872258dd",
    "IdentityRiskEvent.Read.All": "6e472fd1-ad78-48da-a0f0-97ab2c6b769e",
    "IdentityRiskyServicePrincipal.Read.All": "607c7344-0eed-41e5-823a-9695ebe1b7b0",
    "IdentityRiskyUser.Read.All": "dc5007c0-2d7d-4c42-879c-2dab87571379",
    "LicenseAssignment.Read.All": "e2f98668-2877-4f38-a2f4-8202e0717aa1",
    "OnPremDirectorySynchronization.Read.All": "bb70e231-92dc-4729-aff5-697b3f04be95",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Policy.Read.AuthenticationMethod": "8e3bc81b-d2f3-4b7b-838c-32c88218d2f0",
    "Policy.Read.ConditionalAccess": "37730810-e9ba-4e46-b07e-8ca78d182097",
    "Policy.Read.DeviceConfiguration": "bdba4817-6ba1-4a7c-8a01-be9bc7c242dd",
    "Policy.Read.PermissionGrant": "9e640839-a198-48fb-8b9a-013fd6f6cbcd",
    "RoleAssignmentSchedule.Read.Directory": "d5fe8ce8-684c-4c83-a52c-46e882ce4be1",
    "RoleEligibilitySchedule.Read.Directory": "ff278e11-4a33-4d0c-83d2-d01dc58929a5",
    "RoleManagement.Read.All": "c7fbd983-d9aa-4fa7-84b8-17382c103bc4",
    "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    "SecurityEvents.Read.All": "bf394140-e372-4bf9-a898-299cfc7564e5",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "UserAuthMethod-Email.Read.All": "a1e58be0-1095-422b-b067-73434bd7d40f",
    "UserAuthMethod-External.Read.All": "d2c4289f-9f95-40da-ad43-eeb1506f0db7",
    "UserAuthMethod-HardwareOATH.Read.All": "7b544555-7811-49ff-8223-a56be870e33a",
    "UserAuthMethod-MicrosoftAuthApp.Read.All": "a9c5f16e-e5ca-4e33-89ad-903fcfc01c23",
    "UserAuthMethod-Passkey.Read.All": "72e00c1d-3e3d-43bb-a0b9-c435611bb1d2",
    "UserAuthMethod-Password.Read.All": "8d2c17ff-b93d-40d5-9def-d843680509cb",
    "UserAuthMethod-Phone.Read.All": "f529a223-ea70-43ec-b268-5012de2fbaa2",
    "UserAuthMethod-PlatformCred.Read.All": "07c0b1e4-15bd-442f-834b-30f8291388d1",
    "UserAuthMethod-QR.Read.All": "9a45bc50-cddd-4ebe-bd9c-4f2eacf646ae",
    "UserAuthMethod-SoftwareOATH.Read.All": "a6b423df-a0c8-411d-a809-a4a5985d2939",
    "UserAuthMethod-TAP.Read.All": "bf82209c-b22b-4747-ac88-a68be99032cf",
    "UserAuthMethod-WindowsHello.Read.All": "9b8dd4c7-8cca-4ef5-a34a-9c2c75fcc934",
    "UserAuthenticationMethod.Read.All": "38d9df27-64da-44fd-b7c5-a6fbac20248f",
}
"""Those that only read: all that the reader ever gets."""

WRITE_PERMISSION_IDS: Final = {
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Group.Create": "bf7b1a76-6e77-406b-b258-bf5c7720e98f",
    "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
    "GroupMember.ReadWrite.All": "dbaae8cf-10b5-4b86-a4a1-f871c94c6695",
    "IdentityRiskyServicePrincipal.ReadWrite.All": "cb8d6980-6bcb-4507-afec-ed6de3a2d798",
    "IdentityRiskyUser.ReadWrite.All": "656f6061-f9fe-4807-9708-6a2e0934df76",
    "Policy.ReadWrite.Authorization": "fb221be6-99f2-473f-bd32-01c6a0e9ca3b",
    "Policy.ReadWrite.ConditionalAccess": "01c0a623-fc9b-48e9-b794-0756f8e8f067",
    "Policy.ReadWrite.SecurityDefaults": "1c6e93a6-28e2-4cbb-9f64-1a46a821124d",
    "RoleAssignmentSchedule.ReadWrite.Directory": "dd199f4a-f148-40a4-a2ec-f0069cc799ec",
    "RoleEligibilitySchedule.ReadWrite.Directory": "fee28b28-e1f3-4841-818e-2704dc62245f",
    "RoleManagement.ReadWrite.Directory": "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
    "User-PasswordProfile.ReadWrite.All": "cc117bb9-00cf-4eb8-b580-ea2a878fe8f7",
    "User.DeleteRestore.All": "eccc023d-eccf-4e7b-9683-8813ab36cecc",
    "User.EnableDisableAccount.All": "3011c876-62b7-4ada-afa2-506cbbecc68c",
    "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
    "User.RevokeSessions.All": "77f3a031-c388-4f99-b373-dc68676a979e",
    "UserAuthMethod-Email.ReadWrite.All": "e8ecb853-1435-4a49-95ba-ec5b31b11672",
    "UserAuthMethod-External.ReadWrite.All": "c7a22c2e-5b01-4129-8159-6c8be2c78f16",
    "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All": "c833c349-a1ab-4b6d-94a2-fa9a8674420c",
    "UserAuthMethod-Passkey.ReadWrite.All": "0400e371-7db1-4338-a269-96069eb65227",
    "UserAuthMethod-Phone.ReadWrite.All": "6e85d483-7092-4375-babe-0a94a8213a58",
    "UserAuthMethod-PlatformCred.ReadWrite.All": "1a87acf4-a9ca-4576-a974-452ea265d5f6",
    "UserAuthMethod-SoftwareOATH.ReadWrite.All": "787442d4-3c6e-4e99-aa95-8ccca20a48ff",
    "UserAuthMethod-TAP.ReadWrite.All": "627169a8-8c15-451c-861a-5b80e383de5c",
    "UserAuthMethod-WindowsHello.ReadWrite.All": "f14eee8a-713e-45aa-8223-2ab74632db1a",
    "UserAuthenticationMethod.ReadWrite.All": "50483e42-d915-4231-9639-7fdb7fd190e5",
}
"""Those that change something: for the remediator alone."""
