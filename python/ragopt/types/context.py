"""What is packed for a model, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, overload

from ragopt.types.hits import Hits
from ragopt.types.parameters import one_of
from ragopt.types.rendering import search_results, write
from ragopt.types.sources import Citation, Form, Source
from ragopt.types.trace import Trace

__all__ = ["Answer", "Context", "Cost", "Generation", "Mark", "Status", "TokenCount", "Usage"]


class Status(StrEnum):
    """The outcome of a question. Nothing relevant is an answer: no model need be paid for it.

    `NOTHING_FITS`: chunks were found, but the smallest of them is above the token budget.
    `OUT_OF_SCOPE`: the question is not one that the corpus answers (`Query.answerable`); nothing was searched.
    """

    OK = "ok"
    NO_RELEVANT_CONTEXT = "no_relevant_context"
    NOTHING_FITS = "nothing_fits"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class TokenCount:
    """A number of model tokens with its bounds: budgets use `high`, cost reports use `point`.

    `method` names how it was counted, and `samples` on how many known counts the bounds rest: 0 for an
    exact count (`low == point == high`) and for a counter that does not say. The sum of two counts has
    the smaller `samples` of those that are not exact.
    """

    point: int
    low: int
    high: int
    method: str
    samples: int = 0

    @property
    def exact(self) -> bool:
        """Whether the count has no margin."""
        return self.low == self.high

    def __add__(self, other: TokenCount) -> TokenCount:
        method = self.method if self.method == other.method else f"{self.method}+{other.method}"
        samples = min((count.samples for count in (self, other) if not count.exact), default=0)
        return TokenCount(self.point + other.point, self.low + other.low, self.high + other.high, method, samples)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as Bedrock counts them: `input` EXCLUDES the cached ones.

    Source: Converse, TokenUsage. `estimated` marks counts that no provider confirmed.
    """

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    estimated: bool = False

    @property
    def total_input(self) -> int:
        """All tokens of the prompt, cached or not."""
        return self.input + self.cache_read + self.cache_write

    @property
    def total(self) -> int:
        """All tokens of the call."""
        return self.total_input + self.output


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars, with the model and the price row they were computed from."""

    dollars: Decimal
    model: str
    source: str


@dataclass(frozen=True, slots=True)
class Context:
    """The packed text with its citations and token count.

    `text` is the form that was packed (`PackSettings.form`), and `tokens` its count, which is within the budget.
    `sources` are what it is made of, in its order; `render` writes them in another form.
    """

    text: str
    hits: Hits
    citations: tuple[Citation, ...]
    tokens: TokenCount
    status: Status
    trace: Trace
    sources: tuple[Source, ...] = ()

    @overload
    def render(self, form: Literal[Form.SEARCH_RESULTS, "search_results"]) -> list[dict[str, Any]]: ...
    @overload
    def render(self, form: Literal[Form.TEXT, Form.XML, "text", "xml"] = Form.TEXT) -> str: ...
    @overload
    def render(self, form: Form | str) -> str | list[dict[str, Any]]: ...
    def render(self, form: Form | str = Form.TEXT) -> str | list[dict[str, Any]]:
        """The sources in one form: "text", "xml", or "search_results" (Bedrock's content blocks, a list of dicts).

        How each looks, and how a source's text is kept inside it: `ragopt.types.rendering`. Only the form that was
        packed was counted for the budget. For LangChain: `ragopt.integrations.langchain.documents_of`.
        """
        form = one_of("form of a context", form, Form)
        return search_results(self.sources) if form is Form.SEARCH_RESULTS else write(self.sources, form)


@dataclass(frozen=True, slots=True)
class Mark:
    """One citation in an answer: its place in the text, and the numbers of the sources that it names.

    `text[start:end]` is the citation itself, as `[1]`, or the passage that it belongs to where the provider keeps
    citations beside the text. `numbers` is empty where the provider named something that is no source of ours.
    """

    start: int
    end: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Generation:
    """What a generator returned: the text, why it stopped, the usage, the model that served it.

    `marks` are the citations that the provider gave beside the text, for content blocks that ask for them.
    """

    text: str
    stop_reason: str
    usage: Usage
    model: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A generator's reply with all that it rests on. `cost` is None when no call was made."""

    text: str
    context: Context
    status: Status
    trace: Trace
    stop_reason: str | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def cited(self) -> tuple[Citation, ...]:
        """The citations of the context that the answer's text names, in the order of the context."""
        named = {f"[{number}]" for mark in self.marks for number in mark.numbers}
        return tuple(citation for citation in self.context.citations if citation.marker in named)

    @property
    def unknown(self) -> tuple[Mark, ...]:
        """The marks that name anything which is no source of the context: do not show them as citations."""
        known = range(1, len(self.context.sources) + 1)
        return tuple(mark for mark in self.marks if not mark.numbers or not set(mark.numbers) <= set(known))

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of the context that the answer was written from."""
        return self.context.citations
