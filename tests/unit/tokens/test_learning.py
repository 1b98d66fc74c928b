"""A counter that learns from usage: it moves to the truth, its bound stays conformal, odd answers do no harm."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path

import pytest

from ragopt.errors import InputError
from ragopt.pipeline import Pipeline
from ragopt.testing import FakeGenerator, FakeRetriever, FakeTokenCounter
from ragopt.tokens import ByteEstimate, LearningCounter
from ragopt.types import Answer, Generation, TokenCount, Usage


class Rough:
    """Words, give or take a quarter."""

    def count(self, text: str) -> TokenCount:
        words = len(text.split())
        return TokenCount(words, words * 3 // 4, words * 5 // 4, "rough", 40)


def prompt(draw: random.Random) -> str:
    return "w " * draw.randint(800, 1600)


def true(draw: random.Random, text: str, factor: float, spread: float) -> int:
    return round(len(text.split()) * factor * draw.lognormvariate(0, spread))


def test_nothing_learnt_is_the_base() -> None:
    counter = LearningCounter(Rough())
    assert counter.count("a b c d") == Rough().count("a b c d")
    assert LearningCounter(model="us.amazon.nova-lite-v1:0").count("a").method == "estimate:pooled"
    assert LearningCounter().count("a") == ByteEstimate().count("a")


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.6])
def test_it_moves_to_the_truth_and_covers_the_next_prompts(factor: float) -> None:
    draw = random.Random(1)
    covered, tested, errors = 0, 0, []
    for _ in range(20):
        counter = LearningCounter(Rough())
        for _ in range(60):
            text = prompt(draw)
            assert counter.learn([text], true(draw, text, factor, 0.08))
        for _ in range(60):
            text = prompt(draw)
            count, tokens = counter.count(text), true(draw, text, factor, 0.08)
            assert count.low <= count.point <= count.high
            covered += tokens <= count.high
            tested += 1
            errors.append(count.point / len(text.split()) / factor)
    assert covered / tested >= 0.94  # 95 % is meant; 1,200 draws of 20 calibrations spread by a percent
    assert sorted(errors)[len(errors) // 2] == pytest.approx(1, abs=0.04)
    count = counter.count("w " * 1000)
    assert (count.method, count.samples) == ("rough+usage", 40 + 60)
    assert count.high < 1000 * 1.25 * max(1.0, factor) * 1.05  # tighter than the base's bound moved along


def test_few_answers_widen_the_bound_and_never_narrow_it() -> None:
    counter = LearningCounter(Rough())
    text = "w " * 1000
    for _ in range(18):
        counter.learn([text], 900)
    assert counter.count(text).high == 1250
    assert counter.count(text).point < 940
    counter.learn([text], 1900)
    assert counter.count(text).high >= 1900
    wide = LearningCounter(Rough())
    wide.learn([text], 2000)
    assert wide.count(text).high >= 2000
    assert wide.count(text).point < 1400  # one answer does not move the point all the way


def test_small_texts_keep_the_bases_margin() -> None:
    counter = LearningCounter(Rough())
    for _ in range(100):
        counter.learn(["w " * 1000], 1000)
    assert counter.count("w " * 1000).high == 1000
    assert counter.count("w " * 100).high == 125


def test_outliers_and_nonsense_are_not_learnt() -> None:
    counter = LearningCounter(Rough())
    text = "w " * 1000
    for _ in range(100):
        counter.learn([text], 1100)
    before = counter.count(text)
    for wrong in (0, 3, 4001, 50_000):
        assert not counter.learn([text], wrong)
    assert not counter.learn([], 10)
    assert not counter.learn([""], 10)
    assert counter.count(text) == before
    for _ in range(4):
        assert counter.learn([text], 3900)
    assert counter.count(text).high == before.high  # fewer than one in twenty
    assert counter.count(text).point == pytest.approx(before.point, abs=2)
    with pytest.raises(InputError, match="tokens"):
        counter.learn([text], -1)


def test_it_follows_a_model_that_changes() -> None:
    counter = LearningCounter(Rough(), window=50)
    text = "w " * 1000
    for tokens in (1000, 1300):
        for _ in range(50):
            counter.learn([text], tokens)
    assert counter.count(text).point == pytest.approx(1300, rel=0.03)
    assert counter.count(text).samples == 40 + 50


def test_models_are_learnt_apart() -> None:
    text = "w " * 1000
    counter, old = LearningCounter(Rough()), LearningCounter(Rough(), model="old")
    for _ in range(30):
        for learner in (counter, old):
            learner.learn([text], 1000, model="old")
            learner.learn([text], 1400, model="new")
    assert counter.count(text).point > 1300  # the model last learnt
    assert old.count(text).point == 1000


def test_what_was_learnt_is_kept_in_a_file_without_texts(tmp_path: Path) -> None:
    path = tmp_path / "learnt.json"
    counter = LearningCounter(Rough(), path=path)
    for i in range(25):
        counter.learn(["secret " * 1000], 1100 + i, model="m")
    assert "secret" not in path.read_text()
    again = LearningCounter(Rough(), path=path)
    assert again.count("w " * 1000) == counter.count("w " * 1000)
    assert [file.name for file in tmp_path.iterdir()] == ["learnt.json"]
    for wrong in ("", "[]", '{"format": 2, "models": {}}', '{"format": 1, "models": {"m": [[0, 0, 0, 1]]}}'):
        path.write_text(wrong)
        with pytest.raises(InputError, match=r"learnt\.json"):
            LearningCounter(Rough(), path=path)


def test_a_file_that_cannot_be_written_loses_no_answer(tmp_path: Path) -> None:
    counter = LearningCounter(Rough(), path=tmp_path / "missing" / "learnt.json")
    with pytest.warns(RuntimeWarning, match="cannot be written"):
        assert counter.learn(["w " * 100], 110)
    assert counter.count("w " * 100).samples == 41


def test_threads_learn_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "learnt.json"
    counter = LearningCounter(Rough(), path=path)

    def work() -> None:
        for _ in range(20):
            counter.learn(["w " * 1000], 1050)
            counter.count("w " * 1000)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.count("w " * 1000).samples == 40 + 160
    assert len(json.loads(path.read_text())["models"][""]) == 160


class Billed(FakeGenerator):
    """Bills a fifth more than the words of the prompt, some of it cached."""

    estimated = False

    def generate(self, system: str, prompt: str, settings: object) -> Generation:
        reply = super().generate(system, prompt, settings)  # type: ignore[arg-type]
        words = round(1.2 * len(f"{system} {prompt}".split()))
        usage = Usage(words - 10, reply.usage.output, cache_read=10, estimated=self.estimated)
        return Generation(reply.text, reply.stop_reason, usage, "acme.billed")


def test_a_pipeline_teaches_its_counter_with_every_answer() -> None:
    counter = LearningCounter(FakeTokenCounter())
    model = Billed()
    pipeline = Pipeline(FakeRetriever(["a bucket holds objects " * 30]), counter=counter, generator=model)
    before = counter.count("w " * 200)
    for _ in range(30):
        answer = pipeline.answer("what does a bucket hold?")
        assert answer.trace.spans[-1].details["learned"] is True
    after = counter.count("w " * 200)
    assert after.samples == before.samples + 30
    assert after.point > 1.1 * before.point
    assert pipeline.retrieve("what does a bucket hold?").tokens.method.endswith("+usage")
    *_, whole = pipeline.stream("what does a bucket hold?")
    assert isinstance(whole, Answer)
    assert "learned" in whole.trace.spans[-1].details
    model.estimated = True
    assert pipeline.answer("what does a bucket hold?").trace.spans[-1].details["learned"] is False
    plain = Pipeline(FakeRetriever(["a bucket holds objects"]), generator=Billed())
    assert plain.answer("what does a bucket hold?").trace.spans[-1].details["learned"] is False
