"""The settings of the query stage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ragopt.errors import InputError
from ragopt.types.parameters import fraction, one_of, whole

__all__ = ["Profile", "QuerySettings"]


class Profile(StrEnum):
    """How a question should read: as typed without its chat, or also with chat spellings written out."""

    PLAIN = "plain"
    FORMAL = "formal"


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """The query stage: which steps run, and how far they go. A step that finds nothing to do changes nothing.

    `style` takes off chat around a question; `profile` "formal" also writes chat spellings out ("ko" is
    "không"), for a corpus that never uses them. `aside` sets parts aside that have nothing to do with the
    corpus. `split` makes parts of comparisons and of questions joined in one, at most `most_parts`.
    `spelling` mends words that no chunk holds and reads those that lack their accents.
    `references` adds what earlier turns said, at `reference_weight` of the question's own terms.
    `keywords` is how many keywords are shown, `keyword_filter` how many the lexical side keeps (0: all;
    measured to cost quality, so off). `answerable` is the least probability that the corpus holds an
    answer; below it a pipeline's status is `out_of_scope` (0: never asked). The probability rests on the
    words alone, so None means 0.05 where BM25 searches alone, and 0 where vectors can match a question in
    other words or another language. `language` "en" or "vi" is taken as given; None looks at each question.
    """

    style: bool = True
    profile: Profile | str = Profile.PLAIN
    aside: bool = True
    split: bool = True
    most_parts: int = 4
    spelling: bool = True
    references: bool = True
    reference_weight: float = 0.5
    keywords: int = 8
    keyword_filter: int = 0
    answerable: float | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        for name in ("style", "aside", "split", "spelling", "references"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"query.{name}={getattr(self, name)!r}: must be true or false")
        object.__setattr__(self, "profile", one_of("profile", self.profile, Profile))
        object.__setattr__(self, "most_parts", whole("query.most_parts", self.most_parts, least=1))
        object.__setattr__(self, "reference_weight", fraction("query.reference_weight", self.reference_weight))
        for name in ("keywords", "keyword_filter"):
            object.__setattr__(self, name, whole(f"query.{name}", getattr(self, name)))
        if self.answerable is not None:
            object.__setattr__(self, "answerable", fraction("query.answerable", self.answerable))
        if self.language not in (None, "en", "vi"):
            raise InputError(
                f'query.language={self.language!r}: must be "en" or "vi"; leave it out to look at each question'
            )
