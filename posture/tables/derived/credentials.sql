-- For applications and for service principals alike: the names of owner table and id column are filled in.
-- A list that Graph did not send is one row of NULLs: nobody knows what it holds. An empty list has no row.
with secrets as (
  select id as {owner_id}, unnest(password_credentials) as credential
  from {owners}
),
certificates as (
  select id as {owner_id}, unnest(key_credentials) as credential
  from {owners}
),
untold as (
  select id as {owner_id}, 'secret' as kind from {owners} where password_credentials is null
  union all
  select id, 'certificate' from {owners} where key_credentials is null
)
select
  {owner_id},
  credential['keyId'] as key_id,
  'secret' as kind,
  credential['displayName'] as display_name,
  graph_time(credential['startDateTime']) as start_at,
  graph_time(credential['endDateTime']) as end_at,
  cast(null as varchar) as type,
  cast(null as varchar) as "usage",
  cast(null as varchar) as thumbprint
from secrets
union all
select
  {owner_id},
  credential['keyId'],
  'certificate',
  credential['displayName'],
  graph_time(credential['startDateTime']),
  graph_time(credential['endDateTime']),
  credential['type'],
  credential['usage'],
  credential['customKeyIdentifier']
from certificates
union all
select {owner_id}, null, kind, null, null, null, null, null, null
from untold
