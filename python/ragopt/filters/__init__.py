"""The filter language: say it with `F`, check it against declared fields, evaluate it on metadata.

A filter is a hard predicate before top-k, never a score mask. Values compare by kind: numbers
(integers and floats, never booleans) as numbers, datetimes as instants to the millisecond (one
without an offset is UTC), strings by code point, lists by their elements. A missing field, None
and NaN are null. Unlike kinds never match and never raise; `ne` and `notin` are the exact complements of
`eq` and `isin`, and `~` of anything.
"""

from ragopt.filters.evaluate import matcher, matches
from ragopt.filters.fields import FieldTypes, check, field_types, plain, to_instant
from ragopt.filters.language import F

__all__ = ["F", "FieldTypes", "check", "field_types", "matcher", "matches", "plain", "to_instant"]
