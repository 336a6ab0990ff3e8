"""What the SQL of a definition may not say: reach outside, ask the clock, or turn "unknown" into an answer."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from posture.definitions.dictionary import did_you_mean
from posture.definitions.sql_text import ParsedSql, SqlRefused

# Functions that sqlglot has no class for; those it knows compute from their arguments, but for _OUTSIDE and _CLOCK.
# An explicit list, so that a function that a later DuckDB brings (or an extension) is closed until somebody looked.
_ALLOWED: Final = """
any_true all_true graph_time
age array_agg array_to_string bar bool_and bool_or century contains count_if count_star datepart datesub
datetrunc date_diff date_part date_sub date_trunc dayname dayofmonth dayofweek dayofyear decade
ends_with entropy epoch epoch_ms era even favg flatten format from_base64 fsum get_bit hamming
histogram is_histogram_other_bin jaccard jaro_similarity jaro_winkler_similarity json_array_length
json_contains json_exists json_extract json_extract_string json_keys json_type json_valid kurtosis
last_day left_grapheme len length_grapheme levenshtein list_aggregate list_aggr list_any_value list_append
list_apply list_avg list_bit_and list_bool_and list_bool_or list_cat list_concat list_contains list_count
list_distinct list_element list_extract list_filter list_first list_grade_up list_has list_has_all
list_has_any list_intersect list_last list_max list_min list_mode list_position list_prepend list_product
list_reduce list_resize list_reverse list_reverse_sort list_select list_slice list_sort list_sum list_transform
list_unique list_value list_where list_zip ltrim make_date make_timestamp map_contains map_entries
map_extract map_keys map_values md5 microsecond millennium millisecond mode monthname nfc_normalize
nullif ord parse_filename parse_path prefix product quantile_cont quantile_disc regexp_extract
regexp_full_match regexp_matches regexp_replace regexp_split_to_array row starts_with strip_accents
strpos struct_extract struct_insert struct_pack suffix
to_centuries to_days to_hours to_json to_microseconds to_milliseconds to_minutes to_months to_seconds
to_timestamp to_weeks to_years trunc try_strptime typeof unicode union_extract union_tag url_decode
weekday weekofyear yearweek
"""
_CLOCK: Final = """
now today current_date current_time current_timestamp get_current_time get_current_timestamp localtime
localtimestamp transaction_timestamp random rand uuid gen_random_uuid uuidv4 uuidv7 setseed
current_localtime current_localtimestamp
"""
ALLOWED_FUNCTIONS: Final = frozenset(_ALLOWED.split())
CLOCK_WORDS: Final = frozenset(_CLOCK.split())
_CLOCK_PREFIXES: Final = ("Current", "Local", "Utc", "Rand", "Uuid", "Systimestamp")
_OUTSIDE_PREFIXES: Final = ("Read", "Session", "Version", "Load", "AI", "ML", "Predict", "Generate", "Http")
_OUTSIDE_BUT_HARMLESS: Final = (exp.GenerateSeries,)
_REFUSED_SYNTAX: Final[dict[type[exp.Expr], tuple[str, str]]] = {
    exp.TableSample: ("a sample gives another answer each time", "Read the whole table."),
    exp.Columns: ("COLUMNS(...) hides which columns are read", "Name the columns."),
    exp.Pivot: ("PIVOT and UNPIVOT hide which columns are read", "Use aggregates with FILTER."),
    exp.PositionalColumn: ("a column by position hides which one is read", "Name the column."),
    exp.Command: ("only a SELECT is allowed here", "SQL here reads; it changes nothing."),
    exp.DDL: ("only a SELECT is allowed here", "SQL here reads; it changes nothing."),
    exp.DML: ("only a SELECT is allowed here", "SQL here reads; it changes nothing."),
}
_REFUSED_KINDS: Final = tuple(_REFUSED_SYNTAX)
_CLOSING: Final[dict[type[exp.Expr], str]] = {
    exp.Coalesce: "coalesce and ifnull",
    exp.Is: "IS NULL, IS TRUE and their like",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
    exp.Exists: "EXISTS",
    # DuckDB's pass over NULL where SQL's would give NULL.
    exp.Greatest: "greatest",
    exp.Least: "least",
    exp.Concat: "concat",
    exp.ConcatWs: "concat_ws",
    exp.Typeof: "typeof",
    exp.ArrayToString: "array_to_string",
}
_CLOSING_FUNCTIONS: Final = frozenset({"list_any_value", "list_bool_and", "list_bool_or", "list_count"})
_KEEP_UNKNOWN = (
    'An unknown value must stay NULL here; if absence is knowledge, say so in "rows" with a comment that tells why.'
)


def refuse_forbidden(parsed: ParsedSql) -> None:
    """Refuse what no SQL of a definition may hold: the wall clock, the outside world, hidden columns.

    Raises:
        SqlRefused: it holds one of them.
    """
    nodes = list(parsed.tree.walk())
    for node in nodes:
        if isinstance(node, _REFUSED_KINDS) and not isinstance(node, exp.Query):
            problem, advice = next(said for kind, said in _REFUSED_SYNTAX.items() if isinstance(node, kind))
            raise parsed.refuse(node, problem, advice)
    for node in nodes:
        if isinstance(node, exp.Func):
            _refuse_function(parsed, node)


def refuse_closing_unknown(parsed: ParsedSql, *, advice: str = _KEEP_UNKNOWN) -> None:
    """Refuse, in a condition that decides, what makes an answer of an unknown value.

    Raises:
        SqlRefused: the condition holds ``coalesce``, ``is null``, ``greatest`` or the like.
    """
    for node in parsed.tree.walk():
        words = next((words for kind, words in _CLOSING.items() if isinstance(node, kind)), None)
        if isinstance(node, exp.Anonymous) and node.name.lower() in _CLOSING_FUNCTIONS:
            words = node.name.lower()
        if words is not None:
            raise parsed.refuse(node, f"{words} may not stand in this condition", advice)


def _refuse_function(parsed: ParsedSql, call: exp.Expr) -> None:
    if isinstance(call, exp.Anonymous):
        _refuse_unlisted(parsed, call)
        return
    kind = type(call).__name__
    if kind.startswith(_CLOCK_PREFIXES):
        raise _asks_the_clock(parsed.offset_of_word(CLOCK_WORDS))
    if kind.startswith(_OUTSIDE_PREFIXES) and not isinstance(call, _OUTSIDE_BUT_HARMLESS):
        problem = f"{_sql_name(call)} is not allowed here"
        raise parsed.refuse(call, problem, "Read tables of the dictionary only.")


def _refuse_unlisted(parsed: ParsedSql, call: exp.Anonymous) -> None:
    name = call.name.lower()
    if name in CLOCK_WORDS or (name == "age" and len(call.expressions) < 2):
        raise _asks_the_clock(parsed.offset_of(call))
    if name not in ALLOWED_FUNCTIONS:
        listed = ALLOWED_FUNCTIONS
        advice = did_you_mean(name, listed, otherwise="Use functions that compute from arguments alone.")
        raise SqlRefused(f"the function {name} is not allowed here", offset=_start(parsed, call), advice=advice)


def _start(parsed: ParsedSql, call: exp.Anonymous) -> int:
    start = call.meta.get("start")
    return start if isinstance(start, int) else parsed.offset_of_word((call.name.lower(),))


def _asks_the_clock(offset: int) -> SqlRefused:
    return SqlRefused(
        "this gives another answer each time it is asked", offset=offset, advice="Use $now, the time of the snapshot."
    )


def _sql_name(call: exp.Expr) -> str:
    return call.sql_name().lower() if isinstance(call, exp.Func) else type(call).__name__
