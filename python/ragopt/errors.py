"""The error tree. Every error says what was wrong, where, and what to do about it.

```
RagoptError
├── InputError (ValueError)            the caller's argument or data is wrong
│   ├── DuplicateIdError               two chunks or documents share an id
│   ├── InputTypeError (TypeError)     an id or a text is not a string, a vector is not numbers
│   ├── VectorError                    NaN, infinity, wrong dimension, or a vector for nothing
│   ├── UnknownNameError               an analyzer, normalizer, measure, ... that does not exist
│   ├── CopiedQuestionsError           synthetic questions that repeat their chunks, so that alpha would come out wrong
│   ├── ScoreKindError                 a threshold that has no meaning on this score
│   ├── FilterError                    a filter that cannot be right
│   ├── TenantError                    a question without its tenant, a document of another or of none
│   └── SettingsError                  a settings file or value that cannot be right
├── CorpusError                        a file that cannot be read as documents
├── BudgetError                        a token budget that leaves nothing for the context
├── IndexFileError                     a folder on disk
│   ├── NotAnIndexError                it is not an index
│   ├── IndexVersionError              its format is newer than this ragopt
│   ├── CorruptIndexError              it is truncated or was changed
│   ├── IndexLockedError               another writer is at work on it
│   └── IndexWriteError (OSError)      it cannot be written: read-only, disk full
├── EmbedderError                      an embedder gave something unusable
│   └── EmbedderMismatchError          the index was built with another embedder
├── GenerationError                    the model call failed
│   └── IncompleteAnswerError          the stream ended early; `.text` holds what came
└── MissingExtraError (ImportError)    an optional package is not installed
```
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragopt.types import Usage

__all__ = [
    "BudgetError",
    "CopiedQuestionsError",
    "CorpusError",
    "CorruptIndexError",
    "DuplicateIdError",
    "EmbedderError",
    "EmbedderMismatchError",
    "FilterError",
    "GenerationError",
    "IncompleteAnswerError",
    "IndexFileError",
    "IndexLockedError",
    "IndexVersionError",
    "IndexWriteError",
    "InputError",
    "InputTypeError",
    "MissingExtraError",
    "NotAnIndexError",
    "RagoptError",
    "ScoreKindError",
    "SettingsError",
    "TenantError",
    "UnknownNameError",
    "VectorError",
]


class RagoptError(Exception):
    """The root: `except RagoptError` catches all that ragopt raises on purpose."""


class InputError(RagoptError, ValueError):
    """An argument or a piece of data is wrong; nothing was changed."""


class DuplicateIdError(InputError):
    """Two chunks or documents of one build share an id."""


class InputTypeError(InputError, TypeError):
    """A value has the wrong type: an id or a text that is not a string, say."""


class VectorError(InputError):
    """A vector holds NaN or infinity, has the wrong dimension, or belongs to nothing."""


class UnknownNameError(InputError):
    """A name that ragopt does not know; the message lists those it does."""

    @classmethod
    def of(cls, kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
        """The error for `name`, with the nearest known name as a suggestion."""
        names = sorted(map(str, known))
        near = get_close_matches(str(name), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return cls(f"unknown {kind} {name!r}.{hint} Known: {', '.join(names)}.")


class CopiedQuestionsError(InputError):
    """Synthetic questions repeat the words of their chunks: what is tuned on them leans to the lexical side."""


class ScoreKindError(InputError):
    """A plain threshold on a score that means something else for every query."""


class FilterError(InputError):
    """A filter that cannot be right: unknown operator, wrong type for a declared field."""


class TenantError(InputError):
    """A question without its tenant, or a document of another tenant or of none."""


class SettingsError(InputError):
    """A settings file or value that cannot be right."""


class CorpusError(RagoptError):
    """A file that cannot be read as documents; the message names file and line."""


class BudgetError(RagoptError):
    """A token budget that leaves no room for the context."""


class IndexFileError(RagoptError):
    """An index folder that cannot be used."""


class NotAnIndexError(IndexFileError):
    """The folder or file is not a ragopt index."""


class IndexVersionError(IndexFileError):
    """The index was written in a format that this ragopt does not read."""


class CorruptIndexError(IndexFileError):
    """The index is truncated or its bytes were changed."""


class IndexLockedError(IndexFileError):
    """Another writer, of this process or another, has staged changes of the index; readers need no lock."""


class IndexWriteError(IndexFileError, OSError):
    """The index cannot be written: read-only target, full disk. What stood there is kept."""


class EmbedderError(RagoptError):
    """An embedder returned something that cannot be used.

    `text` is the position of the text at fault among those it was given; None where it is not one text.
    """

    def __init__(self, message: str, *, text: int | None = None) -> None:
        super().__init__(message)
        self.text = text


class EmbedderMismatchError(EmbedderError):
    """The index holds vectors of another embedder than the one at hand."""


class GenerationError(RagoptError):
    """The model could not be called, or answered with an error.

    `code` is the provider's own name of the fault (`ThrottlingException`) and `request_id` its name of
    the call; None where it gave none.
    """

    def __init__(self, message: str, *, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


class IncompleteAnswerError(GenerationError):
    """The stream ended before the model had finished.

    `text` is what had arrived. `usage` is None when the provider never said what it counted.
    """

    def __init__(
        self,
        message: str,
        *,
        text: str = "",
        usage: Usage | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.text = text
        self.usage = usage


class MissingExtraError(RagoptError, ImportError):
    """An optional package is missing; the message is the command that installs it."""

    @classmethod
    def of(cls, feature: str, extra: str) -> MissingExtraError:
        """The error for `feature`, which needs `pip install "ragopt[extra]"`."""
        return cls(f'{feature} needs an extra that is not installed: pip install "ragopt[{extra}]"')
