"""Seeded messages made from judged questions: with chat around them, with noise in them, and two joined in one.

The shells, logs and signatures are our own writing; sentences come from another collection when a test runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tests.collections.data import Collection

__all__ = ["JOINS", "chatty", "joined", "noisy", "sentences"]

_SHELLS = {
    "en": (
        ("Hi there! ", "Hello, ", "Hey everyone, ", "Good morning, ", "Dear team, ", "Hi folks - ", "", "", ""),
        (
            "could you please tell me ", "can anyone explain ", "I was wondering if you could tell me ",
            "I would like to know ", "please explain to me ", "does anybody know ", "I'm curious: ", "quick question: ",
            "I have been trying to find out ", "would you be so kind as to tell me ", "I need some information about ",
            "can you help me understand ", "I'd really appreciate it if someone could explain ", "um, so, any idea ",
            "I'm looking for information on ", "sorry to bother you, but ", "my question is this: ",
            "we are interested in knowing ", "would anyone here happen to know ", "kindly advise ",
        ),
        (" Thanks in advance!", " Thank you so much for your help.", " Any help would be appreciated.", " Cheers!",
         " Please let me know.", " Thanks a lot, have a great day!", " I'd be grateful for an answer.", " TIA", ""),
    ),
    "vi": (
        ("Chào bác sĩ, ", "Xin chào mọi người, ", "Dạ em chào bác sĩ ạ. ", "Mọi người ơi, ", "Thưa bác sĩ, ", "Ad ơi ",
         "", "", ""),
        (
            "cho em hỏi ", "cho tôi hỏi là ", "xin hỏi ", "bạn có thể cho tôi biết ", "làm ơn cho mình biết ",
            "tôi muốn hỏi về việc ", "mình đang thắc mắc là ", "có ai biết ", "em muốn được tư vấn ",
            "nhờ bác sĩ giải đáp giúp em ", "vui lòng giải thích giúp tôi ", "mình có câu hỏi là ", "em xin phép hỏi ",
            "tôi cần biết ",
        ),
        (" Em cảm ơn bác sĩ nhiều ạ!", " Xin chân thành cảm ơn.", " Mong bác sĩ tư vấn giúp em.",
         " Mong mọi người giải đáp giúp.", " Cảm ơn nhiều nhé!", " Mong sớm nhận được phản hồi.", ""),
    ),
}  # fmt: skip
_LOGS = (
    "2026-03-14 09:21:07,113 ERROR [worker-3] c.e.q.Runner - job 8841 failed after 3 retries (exit code 137)",
    "Mar 14 09:21:07 host42 kernel: [ 8812.221] oom-killer invoked pid=2211",
    "Traceback (most recent call last):\n  File \"/srv/app/main.py\", line 88, in run\nKeyError: 'payload'",
    "java.lang.NullPointerException: null\n\tat com.acme.core.Dispatcher.run(Dispatcher.java:218)",
    "INFO  request id=9f2c-44 status=200 bytes=5120 duration=0.231s",
    "[WARN] cache miss ratio 0.83 for shard 0x7f3a",
)
_GREETINGS = ("Hi all,\n", "Hello,\n", "Dear support team,\n", "Good morning everyone!\n", "")
_SIGNATURES = (
    "\nBest regards,\nJohn Miller\nSenior Engineer | Acme Corp | +1 555 0134",
    "\nThanks,\nMaria",
    "\n--\nTom K.\ntom@example.com",
    "\nSent from my iPhone",
    "",
)
#: How two questions are joined.
JOINS = {"and": "{} and {}", "comparison": "compare {} with {}"}


def _bare(question: str) -> str:
    return question.strip().rstrip(" .?")


def _pick(draw: np.random.Generator, among: Sequence[str]) -> str:
    return among[int(draw.integers(len(among)))]


def chatty(questions: Sequence[str], language: str, seed: int = 0) -> list[str]:
    """Each question as a person might chat it."""
    draw = np.random.default_rng(seed)
    opening, asking, closing = _SHELLS[language]
    out = []
    for question in questions:
        body = question.strip()
        body += "" if body[-1] in ".?!" else "?"
        out.append(f"{_pick(draw, opening)}{_pick(draw, asking)}{body}{_pick(draw, closing)}")
    return out


def sentences(data: Collection, count: int, draw: np.random.Generator) -> list[str]:
    """Sentences of 8 to 25 words from its documents."""
    out: list[str] = []
    while len(out) < count:
        text = data.documents[int(draw.integers(len(data.documents)))].text
        fit = [part for part in re.split(r"(?<=[.!?])\s+", text) if 8 <= len(part.split()) <= 25]
        out += [_pick(draw, fit).strip()] if fit else []
    return out


def noisy(questions: Sequence[str], other: Collection, seed: int = 0, *, run_on: bool = False) -> list[str]:
    """Each question in a message with one or two sentences of another collection, and by chance a greeting, a pasted
    log and a signature.

    A part ends with its own stop; one that has none (titles, all of vaswani) gets a stop or a line of its own, as
    somebody who pastes it would give it. With `run_on` it gets nothing and runs into what follows.
    """
    draw = np.random.default_rng(seed)
    out = []
    for question in questions:
        parts = [_bare(question) + "?", *sentences(other, int(draw.integers(1, 3)), draw)]
        draw.shuffle(parts)
        body = " ".join(parts) if run_on else _told_apart(parts, draw)
        if draw.random() < 0.5:
            log = _pick(draw, _LOGS)
            body = f"{body}\n{log}" if draw.random() < 0.5 else f"{log}\n{body}"
        out.append(f"{_pick(draw, _GREETINGS)}{body}{_pick(draw, _SIGNATURES)}")
    return out


def _told_apart(parts: Sequence[str], draw: np.random.Generator) -> str:
    out = parts[0]
    for before, part in pairwise(parts):
        stopped = before.endswith((".", "!", "?"))
        out += f"{'' if stopped else _pick(draw, ('.', ''))}"
        out += f"{' ' if out.endswith(('.', '!', '?')) else chr(10)}{part}"
    return out


def joined(questions: Sequence[str], form: str, count: int, seed: int = 0) -> tuple[list[str], list[tuple[int, int]]]:
    """Pairs of two different questions joined in one, with their places."""
    draw = np.random.default_rng(seed)
    pairs = [tuple(map(int, draw.choice(len(questions), 2, replace=False))) for _ in range(count)]
    texts = [JOINS[form].format(_bare(questions[a]), _bare(questions[b])) for a, b in pairs]
    return texts, [(a, b) for a, b in pairs]
