-- All properties are always asked for, so a null of Graph is an answer here: the holding has no end. What PIM does not
-- list was assigned without it, and has none either.
with listed as (
  select distinct principal_id, role_definition_id, directory_scope_id, true as by_pim
  from role_assignment_instances
  where member_type = 'direct'
),
held as (
  select
    r.principal_id,
    r.role_definition_id,
    r.directory_scope_id,
    case
      when r.state = 'eligible' then 'eligible'
      when r.assignment_type is not null then r.assignment_type
      when listed.by_pim is null then 'assigned'
    end as kind,
    coalesce(strftime(r.end_at, '%Y-%m-%dT%H:%M:%SZ'), 'no end') as ends
  from role_assignments r
  left join listed
    on listed.principal_id = r.principal_id
    and listed.role_definition_id = r.role_definition_id
    and listed.directory_scope_id = r.directory_scope_id
  where r.member_type = 'direct'
)
select
  principal_id,
  role_definition_id,
  directory_scope_id,
  kind,
  max(ends) as ends  -- the latest; "no end" comes after every time
from held
group by principal_id, role_definition_id, directory_scope_id, kind
