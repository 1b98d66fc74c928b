"""Text to terms: the analyzers by name.

An index keeps the name, the version and the fingerprint of its analyzer, and queries go through the same one: both
sides always agree. All but `whitespace` see the same terms in NFC and in NFD text, drop invisible marks, fold case
and compatibility forms, and find the words of any script (those without spaces as overlapping pairs of letters).

| name | for | what it adds |
|---|---|---|
| `multilingual` (default) | mixed text, any language | both of the following, where a word shows its language |
| `english` | English | no `'s`, 81 stop words, Porter stems |
| `vietnamese` | Vietnamese | one spelling for tone marks, stop words, pairs of adjacent syllables |
| `whitespace` | text that is already terms | nothing: splits at white space and changes nothing |

`multilingual` also takes identifiers apart, and keeps them whole too: `getObject`, `GetObject` and `get_object` are
`getobject`, `get` and `object`, so that each meets the others, `get-object` and "get object". This is an option:
`english+identifiers` and `vietnamese+identifiers` have it, `multilingual-identifiers` has not.

>>> analyzer("english").terms("The databases' running costs")
['databas', 'run', 'cost']
>>> analyzer("vietnamese").terms("Bệnh viện")
['bệnh', 'bệnh viện', 'viện']
>>> analyzer("multilingual").terms("s3:GetObject")
['s3', 'getobject', 'get', 'object']
"""

from __future__ import annotations

from ragopt._core import Analyzer
from ragopt.errors import UnknownNameError

__all__ = ["DEFAULT", "Analyzer", "analyzer", "names"]

DEFAULT = "multilingual"
"""The analyzer of an index that names none."""


#: What `analyzer` knows beyond `names()`: the same without, or with, what identifiers are made of.
_OPTIONS = ("english+identifiers", "multilingual-identifiers", "vietnamese+identifiers")


def names() -> tuple[str, ...]:
    """The names that `analyzer` knows, sorted."""
    return tuple(Analyzer.names())


def analyzer(name: str = DEFAULT) -> Analyzer:
    """The analyzer of this name: `.terms(text)`, `.terms_many(texts)`, `.name`, `.version`, `.fingerprint`.

    Terms come in the order of the text and as often as it holds them. The fingerprint (16 hex digits) changes whenever
    the terms of any text can change. Raises UnknownNameError for a name that is not in `names()`.
    """
    if name not in names() and name not in _OPTIONS:
        raise UnknownNameError.of("analyzer", name, names())
    return Analyzer(name)
