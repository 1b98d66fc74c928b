"""The citations in an answer."""

from __future__ import annotations

from ragopt.types import Form, Generation, Mark
from ragopt.types.rendering import marks

__all__ = ["marks_of"]


def marks_of(reply: Generation, form: Form | str) -> tuple[Mark, ...]:
    """The citations of a reply over sources of this form, whether or not they name a source that there is.

    Of search results the provider gives them; of the other forms the text holds them, as `[1]` or `[1, 3]`.
    """
    if Form(form) is Form.SEARCH_RESULTS:
        return reply.marks
    return tuple(Mark(*found) for found in marks(reply.text))
