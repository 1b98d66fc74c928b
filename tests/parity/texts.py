"""Our own sentences, and seeded random corpora, for engines to agree on."""

from __future__ import annotations

import random

SENTENCES = (
    "A bucket keeps objects, and every object has a key.",
    "The key of an object may hold slashes, but a bucket knows no folders.",
    "When a bucket is versioned, deleting an object leaves a marker behind.",
    "Old versions of an object go on costing money until a rule removes them.",
    "A lifecycle rule moves objects to colder storage after a number of days.",
    "Reading from cold storage takes hours, so plan ahead before you restore.",
    "A function runs for at most fifteen minutes and then it is stopped.",
    "A function that runs out of memory is stopped too, and its log says so.",
    "Give a function more memory and it gets more of the processor as well.",
    "The first call of a function is slow because its code has to be loaded.",
    "A queue hands each message to one reader and hides it for a while.",
    "If the reader does not delete the message, it comes back to the queue.",
    "A message that comes back too often goes to the dead letter queue.",
    "A topic hands each message to every subscriber, a queue to only one.",
    "Tables are split by the hash of the partition key.",
    "A partition key that everybody asks for makes a hot partition.",
    "A scan reads the whole table; a query reads one partition.",
    "Writes to an index are eventually consistent, writes to the table are not.",
    "A policy that denies wins over every policy that allows.",
    "A role is assumed for a while; a user holds keys for good.",
    "Rotate keys often, or better, have no keys at all and assume a role.",
    "The model answers token by token, and each token costs money.",
    "Fewer chunks in the prompt make the answer cheaper and often better.",
    "A prompt that begins the same way every time can be cached by the provider.",
    "If the request is throttled, wait a little longer before each retry.",
    "Retries without jitter arrive together and are throttled together.",
    "Thùng chứa giữ các đối tượng, và mỗi đối tượng có một khóa.",
    "Hàm chạy tối đa mười lăm phút rồi bị dừng lại.",
    "Nếu yêu cầu bị giới hạn, hãy đợi lâu hơn một chút trước mỗi lần thử lại.",
    "Khóa phân vùng được mọi người hỏi đến sẽ tạo ra một phân vùng nóng.",
    "Mô hình trả lời từng token một, và mỗi token đều tốn tiền.",
    "Ít đoạn hơn trong lời nhắc thì câu trả lời rẻ hơn và thường tốt hơn.",
)

QUESTIONS = (
    "how long may a function run",
    "why does the message come back to the queue",
    "what wins a policy that denies or a policy that allows",
    "hot partition key",
    "the the a of an object",
    "what does each token cost",
    "mỗi token tốn tiền",
    "no word of this lives anywhere else: xyzzy",
    "wait before each retry retry retry",
)


def terms(text: str) -> list[str]:
    """Lower case, punctuation gone, split at spaces: nothing that an engine could do otherwise."""
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def random_corpus(seed: int, chunks: int = 200, words: int = 60) -> tuple[list[list[str]], list[list[str]]]:
    """Chunks of 1 to 80 terms, drawn so that some terms are everywhere and some rare, and 30 queries on them."""
    draw = random.Random(seed)
    vocabulary = [f"w{i}" for i in range(words)]
    weights = [1 / (i + 1) for i in range(words)]
    corpus = [draw.choices(vocabulary, weights, k=draw.randint(1, 80)) for _ in range(chunks)]
    queries = [draw.choices([*vocabulary, "unseen"], k=draw.randint(1, 8)) for _ in range(30)]
    return corpus, queries


CORPORA = {
    "sentences": ([terms(text) for text in SENTENCES], [terms(text) for text in QUESTIONS]),
    "random": random_corpus(1),
    "random, few terms": random_corpus(2, chunks=300, words=8),
}
