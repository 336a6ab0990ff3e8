-- roleAssignments lists what counts now, also without PIM; PIM's instances add start, end and kind. The two
-- have no id in common. PIM's answer for members of a group is left out where the group's own row explains it.
with pim as (
  select *
  from role_assignment_instances
  qualify row_number() over (
    partition by role_definition_id, principal_id, directory_scope_id
    order by (member_type = 'direct') desc nulls last, id
  ) = 1
),
active as (
  select
    a.id,
    a.role_definition_id,
    a.principal_id,
    a.directory_scope_id,
    pim.assignment_type,
    'direct' as member_type,
    pim.start_at,
    pim.end_at
  from active_role_assignments a
  left join pim
    on pim.role_definition_id = a.role_definition_id
    and pim.principal_id = a.principal_id
    and pim.directory_scope_id = a.directory_scope_id
    and pim.member_type = 'direct'
  union all
  select
    pim.id,
    pim.role_definition_id,
    pim.principal_id,
    pim.directory_scope_id,
    pim.assignment_type,
    pim.member_type,
    pim.start_at,
    pim.end_at
  from pim
  anti join active_role_assignments a
    on pim.role_definition_id = a.role_definition_id
    and pim.principal_id = a.principal_id
    and pim.directory_scope_id = a.directory_scope_id
),
held as (
  select
    id, role_definition_id, principal_id, directory_scope_id,
    'active' as state, assignment_type, member_type, start_at, end_at
  from active
  union all
  select
    id, role_definition_id, principal_id, directory_scope_id,
    'eligible', null, member_type, start_at, end_at
  from role_eligibility_instances
)
select
  held.id,
  held.role_definition_id,
  d.template_id as role_template_id,
  held.principal_id,
  held.directory_scope_id,
  held.state,
  held.assignment_type,
  held.member_type,
  held.start_at,
  held.end_at
from held
left join role_definitions d on d.id = held.role_definition_id
