-- All properties are always asked for, so a null of Graph is an answer here: never synchronised, made without the
-- right to hold roles.
select
  id as group_id,
  coalesce(on_premises_sync_enabled, false) as is_synchronised,
  coalesce(is_assignable_to_role, false) as is_role_assignable
from groups
