-- All properties are always asked for, so a null of Graph is an answer here: never synchronised, never invited, no
-- day of hiring recorded, never made an account of a room.
select
  id as user_id,
  coalesce(on_premises_sync_enabled, false) as is_synchronised,
  coalesce(external_user_state, 'none') as invitation_state,
  -- Where Graph kept no date of the invitation, it waits at most since the account was made.
  case when external_user_state is not null then coalesce(external_user_state_changed_at, created_at) end
    as invitation_changed_at,
  coalesce(employee_hire_at, created_at) as starts_at,
  coalesce(is_resource_account, false) as is_resource_account
from users
