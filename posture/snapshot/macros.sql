-- any_true: TRUE if one is TRUE, else NULL if one is unknown, else FALSE (also for no rows)
create macro any_true(x) as
  case when count(*) filter (x) > 0 then true
       when count(*) filter (x is null) > 0 then null
       else false end;

-- all_true: FALSE if one is FALSE, else NULL if one is unknown, else TRUE (also for no rows)
create macro all_true(x) as
  case when count(*) filter (not x) > 0 then false
       when count(*) filter (x is null) > 0 then null
       else true end;

-- is_graph_time: whether a text is a time as Graph writes it; '' and the year 1 mean "never" and are.
create macro is_graph_time(x) as
  x = '' or starts_with(x, '0001-01-01')
  or (regexp_full_match(x, '\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?')
      and try_cast(x as timestamptz) is not null);

-- graph_time: Graph's text of a time → TIMESTAMP in UTC, cut to microseconds; "never" → NULL. A cast to TIMESTAMP
-- would drop the offset, and one to TIMESTAMPTZ alone would take words such as 'epoch'.
-- The first case is the usual form, which a plain cast reads ten times as fast.
create macro graph_time(x) as
  case when strlen(x) = 20 and x[11] = 'T' and x[20] = 'Z' and not starts_with(x, '0001-01-01')
         and try_cast(x as timestamp) is not null then try_cast(x as timestamp)
       when x is null or x = '' or starts_with(x, '0001-01-01') then null
       when is_graph_time(x) then make_timestamp(epoch_us(try_cast(x as timestamptz)))
       else error('a text that should be a time is not one') end;
