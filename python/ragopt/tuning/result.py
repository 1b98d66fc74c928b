"""What tuning gives back: settings for production, and the account of how they were found."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ragopt.errors import InputError
from ragopt.evaluation import Estimate, LabelProblem
from ragopt.tuning.ablation import Contribution
from ragopt.tuning.bm25 import Bm25Choice
from ragopt.tuning.chart import curve_picture
from ragopt.tuning.front import Front
from ragopt.tuning.levers import LeverSaving
from ragopt.tuning.moves import QuestionMoves
from ragopt.tuning.outcome import Curves, Facts, Health, TopK, Trial
from ragopt.tuning.report import Section, page
from ragopt.tuning.sizes import SizeComparison
from ragopt.tuning.trials import Arm
from ragopt.tuning.verdict import Claim, Outcome, Verdict
from ragopt.tuning.wider import LeverChoice
from ragopt.types import IndexIdentity, Settings, Tuned

__all__ = ["TuneResult", "default_and_tuned"]


@dataclass(frozen=True, eq=False)
class TuneResult:
    """The outcome of `tune`.

    `settings` go to production: the tuned alpha only if the verdict is a gain, the smaller k only if
    both halves confirm it, else what was there before. `verdict` and `arms` are on the held-out half
    (BM25 alone, dense alone, default, tuned); `curves`, `trials`, `health` and `unseen_gain` on
    the tuning half. `default_alpha` and `chosen_alpha` are None where alpha cannot matter. `notes`
    tell what was left out or looks wrong. `questions` are the held-out questions' texts, `worst` the ten of them
    that lost most (or, where none lost, that score least) with the hits that tell why. `front` sets quality against
    cost on the tuning half. `contributions` tell what each changed setting did on the held-out half. `claims` are all
    tests there with Holm's adjustment. `expected` is the gain that the tuning half alone predicted for the held-out
    questions. `side` says why alpha is 0 or 1, where fusion was no better than one side alone. `identity` is what the
    settings file says of the index; None for a searcher that is not an `Index`. `savings` say what each lever of the
    settings saves in tokens and dollars on up to 200 held-out questions; none for such a searcher. `bm25` and `levers`
    are what came of a wider search, None where none was asked for; `sizes` compares several indexes. `problems` are
    what is wrong with the labels, as values.
    """

    settings: Settings
    verdict: Verdict
    top_k: TopK
    arms: tuple[Arm, ...]
    curves: Curves
    trials: tuple[Trial, ...]
    health: Health | None
    unseen_gain: Estimate
    default_alpha: float | None
    chosen_alpha: float | None
    facts: Facts
    notes: tuple[str, ...]
    questions: Mapping[str, str]
    front: Front | None = None
    worst: tuple[QuestionMoves, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    identity: IndexIdentity | None = None
    claims: tuple[Claim, ...] = ()
    expected: Estimate | None = None
    side: str = ""
    savings: tuple[LeverSaving, ...] = ()
    bm25: Bm25Choice | None = None
    levers: LeverChoice | None = None
    sizes: SizeComparison | None = None
    problems: tuple[LabelProblem, ...] = ()

    def arm(self, name: str) -> Arm | None:
        """The arm of that name, such as "default hybrid"."""
        return next((arm for arm in self.arms if arm.name == name), None)

    @property
    def pair(self) -> tuple[Arm, Arm]:
        """The default arm and the tuned one."""
        return default_and_tuned(self.arms)

    @property
    def said(self) -> str:
        """The verdict on alpha in sentences: whether the default stays, or one side alone, and why."""
        return f"{self.verdict.reason} {self.side}" if self.side else str(self.verdict)

    @property
    def changed(self) -> bool:
        """Whether production would search otherwise than by default: a gain was seen, one side
        alone was as good, a smaller k confirmed, or another of several indexes is better.
        """
        alike = self.default_alpha is None or self.settings.search.alpha == self.default_alpha
        wider = bool(self.settings.search.bm25) or (self.levers is not None and self.levers.adopted)
        moved = self.sizes is not None and self.sizes.moved
        return not alike or wider or moved or self.top_k.k != self.top_k.default

    @property
    def tests(self) -> list[tuple[Claim, Outcome]]:
        """Every test on the held-out half with what is made of it."""
        made = {claim.name: claim.outcome for claim in self.claims}
        if self.claims:
            made[self.claims[0].name] = self.verdict.outcome
        if self.bm25 is not None:
            made[self.bm25.claim.name] = self.bm25.verdict.outcome
        if self.levers is not None and self.levers.claim is not None:
            made[self.levers.claim.name] = self.levers.outcome
        return [(claim, made[claim.name]) for claim in self.claims]

    @property
    def written(self) -> Arm:
        """The arm of the settings that are written."""
        final = self.settings.search
        alpha = None if self.default_alpha is None else final.alpha
        return next(arm for arm in reversed(self.arms) if (arm.alpha, arm.k) == (alpha, final.k))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the settings file that production loads: the settings, where they were tuned, what was measured.

        A `Pipeline` refuses the file on an index that it does not fit; of a searcher that is not an `Index` nothing is
        known to compare, and nothing is refused. The verdict stands in a comment on top too.
        """
        self.file.save(path, comment="\n".join(self.summary()))

    @property
    def file(self) -> Settings:
        """The settings as the file holds them: with where they were tuned and what was measured."""
        return replace(self.settings, tuned=self.tuned)

    @property
    def tuned(self) -> Tuned | None:
        """What the settings file says of its making; None for a searcher that is not an `Index`."""
        if self.identity is None:
            return None
        facts, (default, _), mine = self.facts, self.pair, self.written.table.estimates[self.facts.measure]
        return Tuned(
            index=self.identity,
            date=facts.date,
            version=facts.version,
            seed=facts.seed,
            measure=facts.measure,
            questions=facts.held_out_queries,
            score=mine.mean,
            default_score=default.table.estimates[facts.measure].mean,
            verdict=str(self.verdict.outcome),
            low=mine.low if mine.known else None,
            high=mine.high if mine.known else None,
            labels=None if facts.labels == "given" else facts.labels,
        )

    def report(
        self, path: str | os.PathLike[str], *, sections: Sequence[Section] = (), command: str | None = None
    ) -> None:
        """Write the report: one HTML file that needs nothing from elsewhere; its figures need `ragopt[report]`.

        `sections` are added before the settings: (title, rows of cells), the first row a heading. `command` is the
        command line to do the same again. All text is escaped. MissingExtraError without the extra.
        """
        text = page(self, sections, command)
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{os.fspath(path)}: the report cannot be written ({error.strerror})") from error

    def picture(self, path: str | os.PathLike[str]) -> None:
        """Write the picture of the score against alpha: SVG, or PNG where the name ends in .png.

        InputError where alpha cannot matter, MissingExtraError without `ragopt[report]`.
        """
        if self.default_alpha is None or self.chosen_alpha is None:
            raise InputError("there is no curve: one side alone took part, so alpha cannot matter")
        data = curve_picture(
            self.curves.alpha,
            self.facts.measure,
            self.default_alpha,
            self.chosen_alpha,
            self.facts.tuning_queries,
            png=Path(path).suffix.lower() == ".png",
        )
        try:
            Path(path).write_bytes(data)
        except OSError as error:
            raise InputError(f"{os.fspath(path)}: the picture cannot be written ({error.strerror})") from error

    def summary(self) -> list[str]:
        """A few lines of plain text: what was tuned on what, and what came of it."""
        facts = self.facts
        index = ", ".join(f"{name} {value}" for name, value in facts.index.items())
        lines = [
            f"Tuned by ragopt {facts.version} on {facts.date}.",
            f"{facts.measure} by {facts.by}, normalizer {facts.normalizer}: {facts.tuning_queries} tuning and "
            f"{facts.held_out_queries} held-out questions, seed {facts.seed}, {facts.folds} folds x {facts.repeats}.",
            *([] if facts.labels == "given" else [f"Labels: {facts.labels}, not a person's."]),
            f"Index: {index}." if index else "Index: not described by its searcher.",
            f"Verdict: {self.verdict.outcome}. {self.said}",
            f"Top-k: {self.top_k}",
            *([] if self.sizes is None else [f"Sizes: {self.sizes.outcome}. {self.sizes.reason}"]),
            *([] if self.bm25 is None else [f"BM25: {self.bm25}"]),
            *([] if self.levers is None else [f"Levers: {self.levers.outcome}. {self.levers}"]),
        ]
        return lines + [f"Note: {note}" for note in self.notes]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: all but the picture and the runs."""
        return {
            "settings": self.file.to_dict(),
            "verdict": self.verdict.to_dict(),
            "top_k": {
                "k": self.top_k.k,
                "default": self.top_k.default,
                "chosen": self.top_k.chosen,
                "margin": self.top_k.margin,
                "goal": self.top_k.goal.to_dict(),
                "recall_lost": self.top_k.loss.to_dict(),
                "tokens_saved": self.top_k.saved.to_dict(),
                "sentence": str(self.top_k),
            },
            "arms": [arm.to_dict() for arm in self.arms],
            "curves": {
                "alpha": [
                    {"alpha": p.alpha, "score": p.score.to_dict(), "difference": p.difference.to_dict()}
                    for p in self.curves.alpha
                ],
                "k": [
                    {
                        "k": p.k,
                        "recall": p.recall.to_dict(),
                        "tokens": p.tokens.to_dict(),
                        "recall_lost": p.loss.to_dict(),
                    }
                    for p in self.curves.k
                ],
                "fine": self.curves.drawn(),
            },
            "chosen_by_folds": {f"{t.settings.alpha:g}": t.share for t in self.trials if t.settings.alpha is not None},
            "health": None if self.health is None else self.health.to_dict(),
            "unseen_gain": self.unseen_gain.to_dict(),
            "expected_gain": None if self.expected is None else self.expected.to_dict(),
            "claims": [{**claim.to_dict(), "outcome": str(outcome)} for claim, outcome in self.tests],
            "label_problems": [problem.to_dict() for problem in self.problems],
            "side": self.side,
            "bm25": None if self.bm25 is None else self.bm25.to_dict(),
            "sizes": None if self.sizes is None else self.sizes.to_dict(),
            "levers": None if self.levers is None else self.levers.to_dict(),
            "default_alpha": self.default_alpha,
            "chosen_alpha": self.chosen_alpha,
            "facts": self.facts.to_dict(),
            "notes": list(self.notes),
            "front": None if self.front is None else self.front.to_dict(),
            "contributions": [lever.to_dict() for lever in self.contributions],
            "savings": [saving.to_dict() for saving in self.savings],
            "worst": [moves.to_dict() for moves in self.worst],
        }

    def __str__(self) -> str:
        rows = [["held out", "alpha", "k", *self.arms[0].table, "recall of sent", "tokens per question"]]
        for arm in self.arms:
            alpha = "-" if arm.alpha is None else f"{arm.alpha:g}"
            tokens = arm.sent_tokens
            span = f" [{tokens.low:.0f}, {tokens.high:.0f}]" if tokens.known else ""
            measures = [*map(str, arm.table.estimates.values()), str(arm.sent_recall)]
            rows.append([arm.name, alpha, str(arm.k), *measures, f"{tokens.mean:.0f}{span}"])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        told = self.summary()
        verdict = next(i for i, line in enumerate(told) if line.startswith("Verdict:"))
        return "\n".join([*lines, "", *told[verdict:]])


def default_and_tuned(arms: Sequence[Arm]) -> tuple[Arm, Arm]:
    """The default and the tuned arm of those that `tune` measures."""
    first, second = (next(arm for arm in arms if arm.name.startswith(name)) for name in ("default", "tuned"))
    return first, second
