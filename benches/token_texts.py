"""Texts of our own that are hard to estimate, with their counts by real tokenizers.

    python3.12 benches/token_texts.py LITELLM WORDLLAMA > tests/cases/token_counts.jsonl

LITELLM and WORDLLAMA are the folders of these two packages (litellm 1.110.2, wordllama 0.4.0.post1, both MIT: unpacked
wheels will do), which hold tokenizers' files. Also needs ctok 1.3.0 (MIT, an unofficial reconstruction of Claude's
tokenizers), tiktoken and tokenizers. The texts are the sentences beside this file and strings made here from a fixed
seed: keys, hashes, runs, symbols, letters of every script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import string
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SIZES = (1, 3, 12, 60)
RUNS = [
    *'aAe=-_*#. \n\t0./\\"{~',
    " \n",
    "\t\n",
    "\n \n\t",
    "-=",
    "{}",
    "()",
    ".,",
    "aB",
    "a1",
    "a ",
    "A ",
    "x. ",
    "1 ",
]
ALPHABETS = {
    "random ASCII": string.printable[:95],
    "random small letters": string.ascii_lowercase,
    "random capitals": string.ascii_uppercase,
    "random letters": string.ascii_letters,
    "random letters and digits": string.ascii_letters + string.digits,
    "digits": string.digits,
    "consonants": "bcdfghjklmnpqrstvwxz",
    "marks": string.punctuation,
    "emoji": "😀😂🔥👍🎉🚀🥺🤷🦄🧪🪐",
    "control characters": "".join(map(chr, [*range(1, 9), *range(14, 32), *range(127, 160)])),
    "frequent Han": "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年",
}
BLOCKS = {  # of Unicode: first, last
    "Latin 1": (0xA1, 0xFF), "Latin extended": (0x100, 0x24F), "IPA": (0x250, 0x2AF), "Vietnamese": (0x1EA0, 0x1EF9),
    "Greek": (0x391, 0x3C9), "Cyrillic": (0x410, 0x44F), "Armenian": (0x561, 0x586), "Hebrew": (0x5D0, 0x5EA),
    "Arabic": (0x627, 0x64A), "Syriac": (0x710, 0x72C), "Thaana": (0x780, 0x7A5), "NKo": (0x7CA, 0x7EA),
    "Devanagari": (0x904, 0x94C), "Bengali": (0x995, 0x9B8), "Gurmukhi": (0xA05, 0xA38), "Gujarati": (0xA85, 0xAB8),
    "Tamil": (0xB95, 0xBB8), "Telugu": (0xC05, 0xC38), "Kannada": (0xC85, 0xCB8), "Malayalam": (0xD05, 0xD38),
    "Sinhala": (0xD85, 0xDC6), "Thai": (0xE01, 0xE39), "Lao": (0xE81, 0xEAF), "Tibetan": (0xF40, 0xF6B),
    "Burmese": (0x1000, 0x1029), "Georgian": (0x10D0, 0x10F0), "Ethiopic": (0x1200, 0x1247),
    "Hangul jamo": (0x1100, 0x11FE), "Cherokee": (0x13A0, 0x13EF), "Canadian": (0x1401, 0x166B),
    "Khmer": (0x1780, 0x17B2), "Mongolian": (0x1820, 0x1877), "punctuation": (0x2010, 0x205D),
    "superscripts": (0x2070, 0x209E), "letterlike": (0x2100, 0x214E), "numerals": (0x2160, 0x2187),
    "arrows": (0x2190, 0x21FF), "mathematics": (0x2200, 0x22FF), "enclosed": (0x2460, 0x24FE),
    "boxes": (0x2500, 0x257F), "dingbats": (0x2700, 0x27BE), "Braille": (0x2800, 0x28FF),
    "hiragana": (0x3041, 0x3096), "katakana": (0x30A1, 0x30FA), "Hangul letters": (0x3131, 0x318D),
    "Han A": (0x3400, 0x4DAF), "Han": (0x4E00, 0x9FA4), "Yi": (0xA000, 0xA48B), "Hangul": (0xAC00, 0xD7A2),
    "private": (0xE000, 0xE12B), "full width": (0xFF01, 0xFF5E), "half width": (0xFF66, 0xFF9C),
    "Gothic": (0x10330, 0x10349), "cuneiform": (0x12000, 0x120FF), "bold letters": (0x1D400, 0x1D44F),
    "Han B": (0x20000, 0x2A6D0), "tags": (0xE0020, 0xE0079), "any": (0x20, 0x2FFF),
}  # fmt: skip


def texts() -> Iterator[tuple[str, str]]:
    """(kind, text): whole sentences, then strings of each size."""
    sentences = json.loads((Path(__file__).parent / "token_sentences.json").read_text(encoding="utf-8"))
    for kind, examples in sentences.items():
        yield from ((kind, text) for text in examples)
    draw = random.Random(7)
    for size in SIZES:
        for kind, letters in ALPHABETS.items():
            yield kind, "".join(draw.choice(letters) for _ in range(size))
        for kind, (first, last) in BLOCKS.items():
            yield f"letters: {kind}", "".join(chr(draw.randint(first, last)) for _ in range(size))
        for part in RUNS:
            yield "run", (part * size)[:size]
        yield from _strings(draw, size)


def _strings(draw: random.Random, size: int) -> Iterator[tuple[str, str]]:
    def of(letters: str, count: int) -> str:
        return "".join(draw.choice(letters) for _ in range(count))

    yield "hash", hashlib.sha512(str(size).encode()).hexdigest()[:size]
    yield "base64", base64.b64encode(draw.randbytes(size)).decode()
    yield "single letters", " ".join(of(string.ascii_letters, size))
    yield "single marks", " ".join(of(string.punctuation, size))
    yield "joined emoji", ("👩‍👩‍👧‍👦🏳️‍🌈👨🏽‍💻" * size)[:size]
    yield "flags", ("🇻🇳🇺🇸" * size)[:size]
    for part in ("\u200b", "a\u200b", "\u200d\u200c\ufeff\u2060", "wo\u200brd "):
        yield "zero width", (part * size)[:size]
    for part in ("\u0301", "a\u0301\u0323\u0330", "z\u0351\u0353\u0348\u036f", "e\u0302\u0301"):
        yield "combining marks", (part * size)[:size]
    words = max(1, size // 12)
    yield "uuids", " ".join(hashlib.md5(bytes([i, size])).hexdigest() for i in range(words))
    yield "addresses", " ".join(".".join(str(draw.randrange(256)) for _ in range(4)) for _ in range(words))
    yield (
        "names of roles",
        " ".join(f"arn:aws:iam::{of(string.digits, 12)}:role/{of(string.ascii_letters, 12)}" for _ in range(words)),
    )
    yield "keys", " ".join(of(string.ascii_letters + string.digits + "/+", 40) for _ in range(words))
    yield "decimals", ", ".join(repr(draw.random()) for _ in range(words))
    yield "numbers", "\n".join(",".join(str(draw.randrange(10**i)) for i in range(1, 7)) for _ in range(words))


def other_tokenizers(litellm: Path, wordllama: Path) -> dict[str, Callable[[str], int]]:
    """Counts by tokenizers whose files these packages hold: two of OpenAI, DeepSeek's, Llama 2's."""
    os.environ["TIKTOKEN_CACHE_DIR"] = str(litellm / "litellm_core_utils" / "tokenizers")
    import tiktoken
    from tokenizers import Tokenizer

    def by_file(path: Path) -> Callable[[str], int]:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)

    def by_tiktoken(name: str) -> Callable[[str], int]:
        encoding = tiktoken.get_encoding(name)
        return lambda text: len(encoding.encode_ordinary(text))

    return {
        "cl100k": by_tiktoken("cl100k_base"),
        "o200k": by_tiktoken("o200k_base"),
        "deepseek": by_file(litellm / "litellm_core_utils" / "tokenizers" / "deepseek_tokenizer.json"),
        "llama-2": by_file(wordllama / "tokenizers" / "l2_supercat_tokenizer_config.json"),
    }


def main(litellm: str, wordllama: str) -> None:
    from ctok import token_count

    frame = {version: token_count("a", version) - 1 for version in ("3.0", "4.8")}
    others = other_tokenizers(Path(litellm), Path(wordllama))
    for kind, text in dict.fromkeys(texts()):
        row = {"kind": kind, "text": text}
        row |= {name: token_count(text, version) - frame[version] for name, version in _CLAUDE}
        row |= {name: count(text) for name, count in others.items()}
        sys.stdout.write(json.dumps(row) + "\n")


_CLAUDE = (("claude-4.6", "3.0"), ("claude-5", "4.8"))

if __name__ == "__main__":
    main(*sys.argv[1:])
