with recursive membership(group_id, member_id, is_group) as (
  select group_id, member_id, member_type = '#microsoft.graph.group'
  from role_group_members
  union  -- not "union all": a pair that is already there is not followed again, so a cycle ends
  select m.group_id, nested.member_id, nested.member_type = '#microsoft.graph.group'
  from membership m
  join role_group_members nested on nested.group_id = m.member_id
)
select group_id, member_id, is_group
from membership
