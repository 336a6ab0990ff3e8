-- Both properties are always asked for, so a null of Graph is an answer here: never synchronised, never invited.
select
  id as user_id,
  coalesce(on_premises_sync_enabled, false) as is_synchronised,
  coalesce(external_user_state, 'none') as invitation_state
from users
