"""The filter language: say it with `F` or as a mapping, check it against declared fields, give it to the core.

A filter is a hard predicate before top-k, never a score mask. Values compare by kind: numbers
(integers and floats, never booleans) as numbers, datetimes as instants to the millisecond (one
without an offset is UTC), strings by code point, lists by their elements. A missing field, None
and NaN are null. Unlike kinds never match and never raise; `ne` and `notin` are the exact complements of
`eq` and `isin`, and `~` of anything.
"""

from ragopt.filters.fields import FieldTypes, check, field_types, milliseconds, plain, to_instant
from ragopt.filters.language import F
from ragopt.filters.mapping import as_filter, both, from_dict, to_dict
from ragopt.filters.steps import Step, steps

__all__ = [
    "F",
    "FieldTypes",
    "Step",
    "as_filter",
    "both",
    "check",
    "field_types",
    "from_dict",
    "milliseconds",
    "plain",
    "steps",
    "to_dict",
    "to_instant",
]
