-- A condition that a policy does not set comes as null or is left out; as long as "conditions" itself is there,
-- that is knowledge and becomes an empty list. The lists in "users" and "applications" always come with them, so
-- a missing one is a gap and stays NULL. Where a list holds unknownFutureValue, or a condition or control is set
-- that is not among those read here, nobody knows what the policy does.
with opened as (
  select
    id,
    display_name,
    state,
    created_at,
    modified_at,
    conditions,
    conditions['users'] as users,
    conditions['applications'] as applications,
    grant_controls as granting,
    grant_controls['authenticationStrength'] as strength,
    session_controls,
    other_conditions,
    other_controls as strange_controls
  from conditional_access_documents
),
flat as (
  select
    id,
    display_name,
    state,
    conditions,
    applications,
    granting,
    strength,
    other_conditions,
    case when len(strange_controls) = 0 then true end as knows_controls,
    case when conditions is not null and users is null then [] else users['includeUsers'] end as include_users,
    case when conditions is not null and users is null then [] else users['includeGroups'] end as include_groups,
    case when conditions is not null and users is null then [] else users['includeRoles'] end as include_roles,
    case when conditions is null then null
         when users['includeGuestsOrExternalUsers'] is null then []
         else string_split(users['includeGuestsOrExternalUsers']['guestOrExternalUserTypes'], ',')
    end as include_guest_types,
    case when conditions is not null and users is null then [] else users['excludeUsers'] end as exclude_users,
    case when conditions is not null and users is null then [] else users['excludeGroups'] end as exclude_groups,
    case when conditions is not null and users is null then [] else users['excludeRoles'] end as exclude_roles,
    case when conditions is null then null
         when users['excludeGuestsOrExternalUsers'] is null then []
         else string_split(users['excludeGuestsOrExternalUsers']['guestOrExternalUserTypes'], ',')
    end as exclude_guest_types,
    case when conditions is null then null
         else coalesce(conditions['clientApplications']['includeServicePrincipals'], [])
    end as include_service_principals,
    case when conditions is not null and applications is null then [] else applications['includeApplications'] end
      as include_applications,
    case when conditions is not null and applications is null then [] else applications['excludeApplications'] end
      as exclude_applications,
    case when conditions is null then null else coalesce(applications['includeUserActions'], []) end
      as include_user_actions,
    case when conditions is null then null
         else coalesce(applications['includeAuthenticationContextClassReferences'], [])
    end as include_authentication_contexts,
    conditions['clientAppTypes'] as client_app_types,
    case when conditions is null then null else coalesce(conditions['platforms']['includePlatforms'], []) end
      as include_platforms,
    case when conditions is null then null else coalesce(conditions['platforms']['excludePlatforms'], []) end
      as exclude_platforms,
    case when conditions is null then null else coalesce(conditions['locations']['includeLocations'], []) end
      as include_locations,
    case when conditions is null then null else coalesce(conditions['locations']['excludeLocations'], []) end
      as exclude_locations,
    case when conditions is null then null else coalesce(conditions['userRiskLevels'], []) end as user_risk_levels,
    case when conditions is null then null else coalesce(conditions['signInRiskLevels'], []) end
      as sign_in_risk_levels,
    case when conditions is null then null else coalesce(conditions['servicePrincipalRiskLevels'], []) end
      as service_principal_risk_levels,
    case when conditions is null then null
         when coalesce(conditions['insiderRiskLevels'], '') = '' then []
         else list_transform(string_split(conditions['insiderRiskLevels'], ','), lambda part: trim(part))
    end as insider_risk_levels,
    case when conditions is null then null
         when coalesce(conditions['authenticationFlows']['transferMethods'], '') = '' then []
         else list_transform(
           string_split(conditions['authenticationFlows']['transferMethods'], ','), lambda part: trim(part)
         )
    end as transfer_methods,
    case when granting is null then [] else granting['builtInControls'] end as grant_controls,
    case when granting is null then 'none' else upper(granting['operator']) end as grant_operator,
    case when granting is null then []
         else coalesce(granting['customAuthenticationFactors'], []) || coalesce(granting['termsOfUse'], [])
    end as other_controls,
    case when granting is null or strength is null then 'none' else strength['id'] end as authentication_strength_id,
    case when granting is null or strength is null then [] else strength['allowedCombinations'] end
      as authentication_strength_combinations,
    case when granting is null or strength is null then false
         else list_contains(string_split(replace(strength['requirementsSatisfied'], ' ', ''), ','), 'mfa')
    end as strength_means_mfa,
    case when session_controls is null then false
         when session_controls['applicationEnforcedRestrictions']['isEnabled']
           or session_controls['cloudAppSecurity']['isEnabled']
           or session_controls['disableResilienceDefaults']
           or session_controls['persistentBrowser']['isEnabled']
           or session_controls['secureSignInSession']['isEnabled']
           or session_controls['signInFrequency']['isEnabled'] then true
    end as has_session_controls,
    created_at,
    modified_at
  from opened
),
understood as (
  select
    * replace (
      case when not list_contains(client_app_types, 'unknownFutureValue') then client_app_types end
        as client_app_types,
      case when not list_contains(include_platforms, 'unknownFutureValue') then include_platforms end
        as include_platforms,
      case when not list_contains(exclude_platforms, 'unknownFutureValue') then exclude_platforms end
        as exclude_platforms,
      case when not list_contains(user_risk_levels, 'unknownFutureValue') then user_risk_levels end
        as user_risk_levels,
      case when not list_contains(sign_in_risk_levels, 'unknownFutureValue') then sign_in_risk_levels end
        as sign_in_risk_levels,
      case when not list_contains(insider_risk_levels, 'unknownFutureValue') then insider_risk_levels end
        as insider_risk_levels,
      case when not list_contains(transfer_methods, 'unknownFutureValue') then transfer_methods end
        as transfer_methods,
      case when not list_contains(grant_controls, 'unknownFutureValue') then grant_controls end as grant_controls
    )
  from flat
),
narrowings as (
  select
    id,
    [
      {'name': 'platforms', 'narrows':
        len(exclude_platforms) > 0 or (len(include_platforms) > 0 and not list_contains(include_platforms, 'all'))},
      {'name': 'device_filter', 'narrows':
        case when conditions is not null then conditions['devices']['deviceFilter'] is not null end},
      {'name': 'locations', 'narrows':
        len(exclude_locations) > 0 or (len(include_locations) > 0 and not list_contains(include_locations, 'All'))},
      {'name': 'client_app_types', 'narrows':
        not (list_contains(client_app_types, 'all')
             or list_has_all(client_app_types, ['browser', 'mobileAppsAndDesktopClients']))},
      {'name': 'application_filter', 'narrows':
        case when conditions is not null then applications['applicationFilter'] is not null end},
      {'name': 'user_risk', 'narrows': len(user_risk_levels) > 0},
      {'name': 'sign_in_risk', 'narrows': len(sign_in_risk_levels) > 0},
      {'name': 'service_principal_risk', 'narrows': len(service_principal_risk_levels) > 0},
      {'name': 'insider_risk', 'narrows': len(insider_risk_levels) > 0},
      {'name': 'authentication_flows', 'narrows': len(transfer_methods) > 0},
      {'name': 'another', 'narrows': case when len(other_conditions) = 0 then false end}
    ] as possible
  from understood
)
select
  u.id,
  u.display_name,
  u.state,
  u.include_users,
  u.include_groups,
  u.include_roles,
  u.include_guest_types,
  u.exclude_users,
  u.exclude_groups,
  u.exclude_roles,
  u.exclude_guest_types,
  case
    when u.exclude_users is null or u.exclude_groups is null or u.exclude_roles is null
      or u.exclude_guest_types is null then null
    else u.exclude_users || u.exclude_groups || u.exclude_roles
      || case when len(u.exclude_guest_types) > 0 then ['GuestsOrExternalUsers'] else [] end
  end as exclude_principals,
  u.include_service_principals,
  u.include_applications,
  u.exclude_applications,
  u.include_user_actions,
  u.include_authentication_contexts,
  u.client_app_types,
  u.include_platforms,
  u.exclude_platforms,
  u.include_locations,
  u.exclude_locations,
  u.user_risk_levels,
  u.sign_in_risk_levels,
  u.insider_risk_levels,
  u.transfer_methods,
  case when len(list_filter(n.possible, lambda one: one['narrows'] is null)) = 0
       then list_transform(list_filter(n.possible, lambda one: one['narrows']), lambda one: one['name'])
  end as narrowed_by,
  u.grant_controls,
  u.grant_operator,
  u.authentication_strength_id,
  u.authentication_strength_combinations,
  case
    when u.grant_operator = 'none' then false
    when u.grant_operator = 'AND' then
      list_contains(u.grant_controls, 'mfa') or u.strength_means_mfa or not u.knows_controls
    when u.grant_operator = 'OR' then
      len(u.grant_controls) + len(u.other_controls) + (u.authentication_strength_id <> 'none')::int > 0
      and len(list_filter(u.grant_controls, lambda control: control <> 'mfa')) = 0
      and len(u.other_controls) = 0
      and (u.authentication_strength_id = 'none' or u.strength_means_mfa)
      and u.knows_controls
  end as requires_mfa,
  u.has_session_controls,
  u.created_at,
  u.modified_at
from understood u
join narrowings n on n.id = u.id
