"""Parts: comparisons, and questions joined in one, become sub-queries that are searched each for itself.

A question is cut only at a comparison, between two questions, or between two full phrases of content; and only
if no chunk speaks of both sides. BM25 adds up over terms, so the best chunks of the sides together can score at
most as much as both sides' best do apart: with one subject the two sums are close, with two subjects far from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ragopt.query.evidence import Evidence, weigh
from ragopt.query.lexicon import Lexicon
from ragopt.query.steps import DEFAULTS, Statistics, Step, as_question, lexicon_of
from ragopt.query.text import content_words, pieces, token_spans
from ragopt.types import Query, QuerySettings, Span, Where

__all__ = ["decompose"]

#: The least gain of cutting, by what shows that there are two sides; the least content words of a side; and the
#: share of the best chunks that both sides may have in common. Phrases inside a sentence with a verb are most
#: often one subject, and a part of a part seldom is one.
GAIN = {"comparison": 1.2, "questions": 1.1, "phrases": 1.38, "clauses": 1.45}
CONTENT = {"comparison": 1, "questions": 2, "phrases": 3, "clauses": 3}
KIN = {"comparison": 1.0, "questions": 0.3, "phrases": 0.0, "clauses": 0.0}
#: A side of fewer terms than that is a full phrase only if the gain reaches SHORT.
FULL = {"comparison": 1, "questions": 5, "phrases": 4, "clauses": 5}
SHORT = {"comparison": 1.2, "questions": 1.3, "phrases": 1.5, "clauses": 1.8}
DEEPER = 0.25
#: A cut before a question is preferred to one that gains so much more.
PREFERRED = 1.2
MOST_WORDS = 80
MOST_CUTS = 5

#: Two words with one of these endings around a joint belong together, as in `publishing and printing`.
_ENDINGS = re.compile(r"(?:ing|al|ed|ic|ive|ous|ible|able|ary|ly)$")


_COMMA = re.compile(r",\s+")
#: What no side ends with.
_LOOSE = frozenset(("and", "or", "with", "the", "a", "và", "hoặc", "với"))


@dataclass(frozen=True, slots=True)
class Cut:
    """One place to cut, and what shows it."""

    left: str
    right: str
    cue: str
    respects: str = ""


def decompose(
    question: str | Query, settings: QuerySettings = DEFAULTS, index: Statistics | None = None
) -> tuple[Query, Span]:
    """The question with `parts`, if it asks for several things at once; else as it is.

    Without an index, only comparisons and joined questions are cut: whether two phrases are one subject cannot
    be told from the words alone.
    """
    query = as_question(question)
    step = Step("parts", query)
    if query.parts:
        return step.done("has its parts already")
    lexicon = lexicon_of(query.text, settings)
    text = query.text.strip().rstrip(" .?!")
    if lexicon is None or settings.most_parts < 2:
        return step.done("no rule for this language" if lexicon is None else "most_parts is below 2")
    if not 3 <= len(text.split()) <= MOST_WORDS:
        return step.done("too short or too long to hold several questions")
    found = _cut(text, _Judge(lexicon, index, query.where), settings.most_parts)
    if found is None:
        return step.done("asks for one thing")
    texts, cue, gain = found
    whys = {
        "comparison": "compares things: each is searched for itself",
        "questions": "several questions in one",
        "phrases": "joins two subjects that no chunk treats together",
        "clauses": "joins two subjects that no chunk treats together",
    }
    parts = tuple(Query(part) for part in texts)
    return step.changed(replace(query, parts=parts), whys[cue], cue=cue, parts=list(texts), gain=gain)


@dataclass(frozen=True, slots=True)
class _Judge:
    """What cuts are found and judged by."""

    lexicon: Lexicon
    index: Statistics | None
    where: Where | None


def _cut(
    text: str, judge: _Judge, most: int, more: float = 0.0, listed: str = ""
) -> tuple[tuple[str, ...], str, float | None] | None:
    """The parts of a text, what shows them, and the gain. `listed`: the cue of a joint behind it; commas join too."""
    for cues in (("comparison",), ("questions", "phrases", "clauses")):
        cuts = [cut for cut in _cuts(text, judge.lexicon, listed) if cut.cue in cues][:MOST_CUTS]
        chosen = _best(text, cuts, judge, more)
        if chosen is None:
            continue
        cut, gain = chosen
        if cut.respects:
            return _crossed(cut, judge.lexicon)[:most], cut.cue, gain
        sides: list[str] = []
        for side in (cut.left, cut.right):
            before = cut.cue if side is cut.left and cut.cue != "questions" else ""
            deeper = _cut(side, judge, most - 1, DEEPER, before) if most > 2 else None
            sides += deeper[0] if deeper else (side,)
        return tuple(dict.fromkeys(sides))[:most], cut.cue, gain
    return None


def _cuts(text: str, lexicon: Lexicon, listed: str) -> Iterator[Cut]:
    """Every place that the words show, best cue first."""
    clausal = lexicon.questions.search(text) is not None
    for whole, joints in lexicon.comparisons:
        match = whole.fullmatch(text)
        if match is None or (match.start("rest") == 0 and clausal and not _asks(text, lexicon)):
            continue  # a statement that compares is about one thing
        rest, respects = match["rest"], ""
        if (respect := lexicon.respects.search(rest)) is not None:
            rest, respects = rest[: respect.start()], rest[respect.end() :]
        for left, right in _divided(rest, joints):
            if not lexicon.others.match(right) and _full(left, right, "comparison", lexicon):
                yield Cut(left, right, "comparison", respects)
    sentences = pieces(text)
    for i in range(1, len(sentences)):
        left, right = text[: sentences[i].start], text[sentences[i].start :]
        if left.rstrip().endswith("?") and _asks(right, lexicon) and _full(left, right, "questions", lexicon):
            yield Cut(_bare(left), _bare(right), "questions")
    for left, right in (*_divided(text, lexicon.joints), *(_divided(text, _COMMA) if listed else ())):
        asks = _asks(right, lexicon)
        if lexicon.others.match(right) or (not asks and (len(sentences) > 1 or _together(left, right))):
            continue
        cue = "questions" if asks else listed or ("clauses" if clausal else "phrases")
        if _full(left, right, cue, lexicon):
            yield Cut(left, right, cue)


def _divided(text: str, joints: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    for match in joints.finditer(text):
        left, right = _bare(text[: match.start()]), _bare(text[match.end() :])
        if left and right and left.rpartition(" ")[2].lower() not in _LOOSE:
            yield left, right


def _full(left: str, right: str, cue: str, lexicon: Lexicon) -> bool:
    """Whether both sides have content of their own, and the right one does not lean on the left."""
    least = CONTENT[cue]
    if min(len(set(content_words(side, lexicon))) for side in (left, right)) < least:
        return False
    leaning = lexicon.idle.sub(" ", right)
    return not any(word.lower() in lexicon.pronouns for word, _, _ in token_spans(leaning))


def _asks(text: str, lexicon: Lexicon) -> bool:
    return lexicon.questions.match(text) is not None


def _together(left: str, right: str) -> bool:
    """Whether the joint is between words, not phrases: of one ending, of one word, or the last of a list."""
    before, after = left.lower().split(), right.lower().split()
    one, other = _ENDINGS.search(before[-1]), _ENDINGS.search(after[0])
    if one is not None and other is not None and one[0] == other[0]:
        return True
    listed = "," in left and len(left.rpartition(",")[2].split()) <= 2
    return listed or before[-1] in after[:2]


def _best(text: str, cuts: list[Cut], judge: _Judge, more: float) -> tuple[Cut, float | None] | None:
    """The cut that gains most, if it gains enough."""
    index = judge.index
    if index is None or not len(index):
        sure = [cut for cut in cuts if cut.cue in ("comparison", "questions")]
        return (min(sure, key=lambda cut: abs(len(cut.left) - len(cut.right))), None) if sure else None
    if not cuts:
        return None
    whole, *sides = weigh(index, [text, *(side for cut in cuts for side in (cut.left, cut.right))], judge.where)
    chosen: tuple[Cut, float] | None = None
    highest = 0.0
    for cut, left, right in zip(cuts, sides[::2], sides[1::2], strict=True):
        # A thing that is named by one word may have one chunk: then the best one tells more than the best three.
        gain = max(_gain(whole, left, right, best) for best in ((3,) if cut.cue in ("phrases", "clauses") else (1, 3)))
        full = min(len(left.terms), len(right.terms)) >= FULL[cut.cue]
        least = (GAIN[cut.cue] if full else SHORT[cut.cue]) + more
        if gain < least or left.kinship(right) > KIN[cut.cue]:
            continue
        rated = gain * (PREFERRED if _asks(cut.right, judge.lexicon) else 1.0)
        if rated > highest:
            chosen, highest = (cut, gain), rated
    return chosen


def _gain(whole: Evidence, left: Evidence, right: Evidence, best: int) -> float:
    """What both sides' best chunks score, over what the best chunks of the whole score: 1 to 2."""
    together = whole.mean(best)
    return (left.mean(best) + right.mean(best)) / together if together and left.scores and right.scores else 0.0


def _crossed(cut: Cut, lexicon: Lexicon) -> tuple[str, ...]:
    """Every thing with every respect it is compared in."""
    respects = [
        part
        for part in re.split(rf"\s*,\s*|{lexicon.joints.pattern}", _bare(cut.respects), flags=re.IGNORECASE)
        if part
    ]
    return tuple(f"{thing} {respect}" for thing in (cut.left, cut.right) for respect in respects)


def _bare(text: str) -> str:
    return text.strip().strip(" ,;:.?!")
