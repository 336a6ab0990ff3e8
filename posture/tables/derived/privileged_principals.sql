with held as (
  select
    a.principal_id,
    g.id is not null as is_group,
    a.role_definition_id,
    a.role_template_id,
    a.state,
    case when a.member_type = 'direct' then 'direct' when a.member_type is not null then 'group' end as path,
    cast(null as varchar) as via_group_id,
    a.directory_scope_id
  from role_assignments a
  left join role_groups g on g.id = a.principal_id
),
through_groups as (
  select
    m.member_id as principal_id,
    m.is_group,
    h.role_definition_id,
    h.role_template_id,
    h.state,
    'group' as path,
    h.principal_id as via_group_id,
    h.directory_scope_id
  from held h
  join role_group_memberships m on m.group_id = h.principal_id
),
unexplained as (
  -- PIM says "through a group" and the groups say which: the second row is enough.
  select held.*
  from held
  anti join through_groups t
    on held.path = 'group'
    and t.principal_id = held.principal_id
    and t.role_definition_id = held.role_definition_id
    and t.state = held.state
    and t.directory_scope_id = held.directory_scope_id
),
everybody as (
  select * from unexplained
  union
  select * from through_groups
)
select
  e.principal_id,
  e.is_group,
  e.role_definition_id,
  e.role_template_id,
  coalesce(d.display_name, t.role_name) as role_name,
  -- A listed role has its tier by its id alone; of an unlisted one the definition must say that it exists.
  coalesce(t.tier, case when d.id is not null then 2 end)::bigint as tier,
  coalesce(t.tier, case when d.id is not null then 2 end) = 0 as is_tier0,
  e.state,
  e.path,
  e.via_group_id,
  e.directory_scope_id
from everybody e
left join role_definitions d on d.id = e.role_definition_id
left join tier0_roles t on t.role_template_id = coalesce(e.role_template_id, e.role_definition_id)
