-- The recorded success counts; where there is none, the later of the attempts, failed ones included, stands in.
-- If Graph tells nothing about anybody, it keeps the whole property from us: then nobody "never signed in".
with recorded as (
  select
    user_id,
    last_successful_sign_in_at,
    greatest(last_sign_in_at, last_non_interactive_sign_in_at) as last_attempt_at
  from user_sign_in_activity
),
told as (
  select count(last_successful_sign_in_at) + count(last_attempt_at) > 0 as anybody
  from recorded
)
select
  r.user_id,
  coalesce(r.last_successful_sign_in_at, r.last_attempt_at) as last_active_at,
  case
    when r.last_successful_sign_in_at is not null or r.last_attempt_at is not null then true
    when t.anybody then false
  end as has_signed_in
from recorded r
cross join told t
