"""Indexes cut in other ways, at equal tokens."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ragopt.cli import main
from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation import By, Measure, Qrels, Questions
from ragopt.index import Index
from ragopt.tuning import Outcome, SizeComparison, compare_indexes, tune
from ragopt.tuning.sizes import choose_index
from ragopt.types import Chunk, Document, Settings

DOCUMENTS, SENTENCES = 80, 12


def cut(every: int):
    """A chunker of so many sentences a chunk."""

    def chunker(document: Document) -> list[Chunk]:
        sentences = document.text.split(". ")
        out, start = [], 0
        for i in range(0, len(sentences), every):
            text = ". ".join(sentences[i : i + every])
            start = document.text.index(text, start)
            out.append(Chunk(f"{document.id}#{i // every}", document.id, text, (start, start + len(text))))
        return out

    return chunker


@cache
def world() -> tuple[dict[str, Index], dict[str, str], dict[str, dict[str, int]], dict[str, list[str]]]:
    """Each question is answered by one sentence in each of three documents: small chunks send more of them."""
    rng = np.random.default_rng(0)
    texts = [
        [" ".join(f"w{j}" for j in rng.integers(0, 300, size=12)) for _ in range(SENTENCES)] for _ in range(DOCUMENTS)
    ]
    queries, qrels, answers = {}, {}, {}
    for q in range(40):
        for d in rng.choice(DOCUMENTS, 3, replace=False):
            place = int(rng.integers(SENTENCES))
            texts[d][place] = f"key{q} subject{q} is the answer {q} of {d}"
            qrels.setdefault(f"q{q}", {})[f"d{d}"] = 1
            answers.setdefault(f"q{q}", []).append(f"answer {q} of {d}")
        queries[f"q{q}"] = f"what is key{q} subject{q}?"
    documents = [{"id": f"d{i}", "text": ". ".join(of)} for i, of in enumerate(texts)]
    sizes = {f"{n} sentences": Index.build(documents, chunker=cut(n), analyzer="english") for n in (12, 1)}
    return sizes, queries, qrels, answers


@cache
def compared() -> SizeComparison:
    sizes, queries, qrels, _ = world()
    return compare_indexes(sizes, queries, qrels, budgets=[150, 300, 3000])


def test_small_chunks_send_more_of_what_is_asked() -> None:
    made = compared()
    assert made.outcome is Outcome.GAIN
    assert made.best == "1 sentences"
    assert "at equal tokens" in made.reason
    rows = {(row.name, row.budget): row for row in made.rows}
    assert len(rows) == 6
    for budget in (150, 300, 3000):
        large, small = rows["12 sentences", budget], rows["1 sentences", budget]
        assert small.recall.mean >= large.recall.mean
        assert max(small.tokens.mean, large.tokens.mean) <= budget
        assert large.against_first.difference.mean == 0.0
        assert large.adjusted == 1.0
    assert rows["1 sentences", 300].adjusted < 0.05
    assert rows["12 sentences", 3000].recall.mean == pytest.approx(1.0, abs=0.1)
    assert "12 sentences" in str(made)
    assert json.loads(json.dumps(made.to_dict()))["best"] == "1 sentences"


def test_the_order_of_the_indexes_decides_only_what_is_the_default() -> None:
    sizes, queries, qrels, answers = world()
    turned = compare_indexes(dict(reversed(sizes.items())), queries, qrels, budgets=[300], answers=answers)
    assert turned.outcome is Outcome.WORSE
    assert turned.best == "1 sentences"
    few = dict(list(queries.items())[:5])
    assert compare_indexes(sizes, few, qrels, budgets=[300]).outcome is Outcome.TOO_FEW_QUESTIONS
    one = sizes["1 sentences"]
    same = compare_indexes({"a": one, "b": one}, queries, qrels, budgets=[300])
    assert (same.best, same.outcome) == ("a", Outcome.NO_DETECTABLE_GAIN)


def test_what_cannot_be_compared() -> None:
    sizes, queries, qrels, _ = world()
    with pytest.raises(InputError, match="two indexes"):
        compare_indexes({"a": sizes["1 sentences"]}, queries, qrels)
    with pytest.raises(InputTypeError, match="mapping of names"):
        compare_indexes(list(sizes.values()), queries, qrels)
    for budgets in ([], [0]):
        with pytest.raises(InputError, match="budget"):
            compare_indexes(sizes, queries, qrels, budgets=budgets)
    for wrong in (500, "500"):
        with pytest.raises(InputTypeError, match="give a list of tokens"):
            compare_indexes(sizes, queries, qrels, budgets=wrong)
    with pytest.raises(InputError, match="by the name of each index"):
        compare_indexes(sizes, queries, qrels, vectors={"1 sentences": np.ones((len(queries), 3))})
    nothing = {query: dict.fromkeys(of, 0) for query, of in qrels.items()}
    with pytest.raises(InputError, match="not one of 40 judged questions has a relevant judgement"):
        compare_indexes(sizes, queries, nothing)


def test_an_index_is_taken_where_both_halves_speak_for_it() -> None:
    sizes, queries, qrels, _ = world()
    ids = list(queries)
    few, many = (Questions.of({id: queries[id] for id in part}) for part in (ids[:5], ids[5:]))
    halves = tuple((half, Qrels.of(qrels).only(half.ids)) for half in (few, many))
    options = {"settings": Settings(), "measure": Measure.parse("nDCG@10"), "by": By.DOCUMENT, "where": None}
    options |= {"answers": None, "token_counter": None, "seed": 0, "progress": None}
    index, made = choose_index(sizes, halves, **options)
    assert index is sizes["12 sentences"]
    assert (made.best, made.outcome, made.moved) == ("12 sentences", Outcome.NO_DETECTABLE_GAIN, False)
    assert "The tuning half does not say so too, so 12 sentences stays." in made.reason


def test_several_indexes_are_tuned_by_the_best_of_them(tmp_path: Path) -> None:
    sizes, queries, qrels, _ = world()
    made = tune(sizes, queries, qrels, by="document")
    assert made.sizes is not None
    assert made.sizes.best == "1 sentences"
    assert made.changed  # another index is a change, whatever became of alpha and k
    assert made.identity == sizes["1 sentences"].identity()
    assert "Sizes: gain" in "\n".join(made.summary())
    assert json.loads(json.dumps(made.to_dict()))["sizes"]["outcome"] == "gain"
    made.report(tmp_path / "r.html")
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Which chunk size?" in html and html.index("Chunk size") < html.index("Quality against cost")
    assert all(f"{row.against_first.difference.mean:+.4f}" in html for row in made.sizes.rows if row.name[:2] == "1 ")
    one = sizes["12 sentences"]
    same = tune([one, one], queries, qrels, by="document")
    assert same.sizes is not None
    assert same.sizes.best == "index 1"
    assert not same.sizes.moved
    with pytest.raises(InputError, match="by document"):
        tune(sizes, queries, qrels)
    with pytest.raises(InputError, match="without vectors"):
        tune(sizes, queries, qrels, by="document", vectors=np.ones((len(queries), 3)))
    with pytest.raises(InputError, match="two indexes"):
        tune([one], queries, qrels, by="document")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes, queries, qrels, _ = world()
    names = [str(tmp_path / f"{i}.idx") for i in range(2)]
    for name, index in zip(names, sizes.values(), strict=True):
        index.save(name)
    (tmp_path / "q.jsonl").write_text("\n".join(json.dumps({"_id": q, "text": t}) for q, t in queries.items()))
    rows = [f"{q}\t{d}\t1" for q, of in qrels.items() for d in of]
    (tmp_path / "r.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]))
    asked = ["tune", names[0], "--compare", names[1], "--budgets", "300", "--queries", str(tmp_path / "q.jsonl")]
    asked += ["--qrels", str(tmp_path / "r.tsv")]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["best"] == names[1]
    assert main(asked) == 0
    assert "Verdict: gain." in capsys.readouterr().out
    for args in ([], ["--levers"], ["--report", "r.html"], ["--state", "s.json"]):
        assert main([*asked, *args]) == (2 if args else 0)
    assert "--compare tunes nothing, and --state says nothing with it" in capsys.readouterr().err
    asked[3] = str(tmp_path / "there" / ".." / "0.idx")
    (tmp_path / "there").mkdir()
    assert main(asked) == 2
    assert "twice" in capsys.readouterr().err
