"""Trap 33: whatever ends a writer, the folder opens as its last committed generation, never as a mixture.

Writers are forked children of this process, so that hundreds of them take seconds. They tell through a
pipe what they are about to commit and what they have committed; the parent kills them and looks.
"""

from __future__ import annotations

import faulthandler
import os
import random
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt import Document, Index, _core
from ragopt.errors import IndexFileError, IndexWriteError
from tests.traps.places import allow, forbid, mounted

WIDTH = 8
#: What an index holds, by id.
Content = dict[str, str]


def content(index: Index) -> Content:
    """All that is there, read chunk by chunk, and found by a search that must agree."""
    held = {chunk.id: chunk.text for chunk in map(index.chunk, range(len(index)))}
    assert sorted(index.search("common", k=len(index) + 1, alpha=0).ids) == sorted(held)
    assert sorted(index.search(vector=np.ones(WIDTH), k=len(index) + 1, alpha=1).ids) == sorted(held)
    return held


def documents(rng: random.Random, count: int, ids: int) -> list[Document]:
    chosen = rng.sample(range(ids), count)
    return [Document(f"d{i}", f"common word{rng.randrange(20)} {'filler ' * rng.randrange(60)}") for i in chosen]


def rows(count: int) -> Any:
    return np.random.default_rng(count).random((count, WIDTH)) + 0.1


def started(path: Path, chunks: int = 300) -> Index:
    """An index in a folder, of a few generations: segments, deletions."""
    given = documents(random.Random(1), chunks, chunks)
    index = Index.build(given, vectors=rows(chunks), analyzer="whitespace")
    index.save(path)
    index.delete(ids=[given[0].id, given[7].id])
    index.commit()
    index.update([Document("d5", "common new")], vectors=rows(1))
    index.commit()
    return index


@contextmanager
def child(work: Callable[[Callable[[str], None]], None]) -> Iterator[tuple[int, Any]]:
    """A forked process that does `work`, with a function to say lines; its id and what it says."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(read)
            faulthandler.disable()  # a child is meant to be killed
            work(lambda line: (os.write(write, f"{line}\n".encode()), None)[1])
            code = 0
        except BaseException:
            os.write(write, f"failed {traceback.format_exc()!r}\n".encode())
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        try:
            yield pid, pipe
        finally:
            pipe.read()


def files(path: Path) -> Counter[str]:
    """How many files of each kind the folder holds."""
    return Counter(file.name.split("-")[0] for file in path.iterdir())


CHANGES: dict[str, Callable[[Index], Any]] = {
    "add": lambda index: index.add([Document(f"n{i}", "common new") for i in range(50)], vectors=rows(50)),
    "delete": lambda index: index.delete(ids=["d3", "d4", "d5"]),
    "update": lambda index: index.update([Document(f"d{i}", "common other") for i in range(9)], vectors=rows(9)),
}
STEPS: dict[str, Callable[[Index], Any]] = {
    **{name: lambda index, change=change: (change(index), index.commit()) for name, change in CHANGES.items()},
    "merge": lambda index: index.merge(),
    "save": lambda index: Index.build(documents(random.Random(2), 40, 40), vectors=rows(40)).save(index_path(index)),
}


def index_path(index: Index) -> str:
    path = index._store.path
    assert path is not None
    return path


@pytest.mark.parametrize("name", list(STEPS))
def test_killed_at_each_write_step(name: str, tmp_path: Path) -> None:
    started(tmp_path / "i")
    before = content(Index.open(tmp_path / "i"))
    # Once to the end, to learn how many steps there are and what comes of them.
    copy_of(tmp_path / "i", tmp_path / "whole")
    index = Index.open(tmp_path / "whole")
    _core.fault(None)
    STEPS[name](index)
    steps = _core.fault(None)
    after = content(Index.open(tmp_path / "whole"))
    assert steps >= 5 and (before != after or name == "merge")
    seen = []
    for step in range(1, steps + 1):
        path = tmp_path / f"at{step}"
        copy_of(tmp_path / "i", path)

        def work(_say: Any, path: Path = path, step: int = step) -> None:
            index = Index.open(path)
            _core.fault(step)
            STEPS[name](index)

        with child(work) as (pid, _):
            assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
        opened = Index.open(path)
        held = content(opened)
        assert held in (before, after), f"killed at step {step} of {steps}"
        seen.append(opened.generation)
        # The next writer is not hindered, and cleans up.
        with opened:
            opened.add([Document("next", "common next")], vectors=rows(1))
        assert content(Index.open(path)) == {**held, "next": "common next"}
        kinds = files(path)
        assert kinds["manifest"] == 1 and not any("new" in kind for kind in kinds)
        assert kinds["segment"] <= 5
    assert seen == sorted(seen) and seen[0] < seen[-1]  # old until the pointer moved, new from then on


def copy_of(source: Path, target: Path) -> None:
    target.mkdir()
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())


def busy(path: Path, seed: int, say: Callable[[str], None]) -> None:
    """Change the index for ever, and tell of it."""
    rng = random.Random(seed)
    index = Index.open(path)
    while True:
        action = rng.choice([*ACTIONS, "commit"])
        say(f"begin {action}")
        if action == "merge":
            index.commit()
            say(f"done {index.generation} {len(index)}")
            index.merge()
        elif action == "delete":
            index.delete(ids=[f"d{rng.randrange(400)}" for _ in range(8)])
        elif action == "commit" or len(index) > 350:
            index.commit()
        else:
            index.update(documents(rng, 10, 400), vectors=rows(10))
        say(f"done {index.generation} {len(index)}")


ACTIONS = ("add", "delete", "update", "merge", "commit")
MOMENTS = 500


def test_killed_at_random_moments(tmp_path: Path) -> None:
    path = tmp_path / "i"
    started(path, chunks=120)
    rng = random.Random(7)
    for moment in range(MOMENTS):
        # Aimed at each kind of change in turn, at some moment after it began: a slow machine must not leave one out.
        aim = f"begin {ACTIONS[moment % len(ACTIONS)]}"
        said = []
        with child(lambda say, seed=moment: busy(path, seed, say)) as (pid, pipe):
            while not said or said[-1] != aim:
                said.append(pipe.readline().decode().rstrip("\n"))
                assert said[-1], said  # an empty line is the end of the pipe: the child died of itself
            time.sleep(rng.random() ** 2 * 0.01)
            os.kill(pid, signal.SIGKILL)
            assert os.waitpid(pid, 0)[1] == signal.SIGKILL
            said += pipe.read().decode().splitlines()
        assert not any(line.startswith("failed") for line in said), said
        index = Index.open(path)
        held = content(index)
        done = [line.split() for line in said if line.startswith("done")]
        if done:
            generation, length = int(done[-1][1]), int(done[-1][2])
            assert index.generation >= generation, "a committed generation is lost"
            assert index.generation > generation or len(held) == length
        files_now = files(path)
        assert files_now["manifest"] <= 2 and files_now["segment"] <= 40
    with index:
        index.add([Document("last", "common last")], vectors=rows(1))
    assert files(path)["manifest"] == 1


def test_what_is_committed_is_what_was_staged_at_every_kill(tmp_path: Path) -> None:
    """The content of each generation is known beforehand, so that a mixture of two would show."""
    path = tmp_path / "i"
    index = Index.build([Document("mark", "common 0")], vectors=rows(1), analyzer="whitespace")
    index.save(path)

    def number(index: Index) -> int:
        mark = index.get("mark")
        assert mark is not None
        return int(mark.text.split()[1])

    def work(say: Callable[[str], None]) -> None:
        index = Index.open(path)
        while True:
            n = number(index) + 1
            say(str(n))
            index.update([Document("mark", f"common {n}"), Document(f"c{n}", "common x")], vectors=rows(2))
            index.delete(ids=[f"c{n - 3}"])
            index.commit()

    rng = random.Random(3)
    generation, seen = index.generation, 0
    for _ in range(60):
        with child(work) as (pid, pipe):
            for _ in range(rng.randrange(1, 5)):
                pipe.readline()
            time.sleep(rng.random() * 0.01)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        index = Index.open(path)
        n = number(index)
        assert content(index) == {"mark": f"common {n}", **{f"c{i}": "common x" for i in range(max(1, n - 2), n + 1)}}
        assert (index.generation > generation) == (n > seen)
        generation, seen = index.generation, n
    assert n > 60


# --- no room, no right --------------------------------------------------------------------------------------------


def test_a_commit_without_room(place: Path) -> None:
    """A full disk: a typed error; the last generation and what is staged stay, and room lets it be committed."""
    assert mounted(place, "size=3m") or os.geteuid() != 0, "root without the right to mount"
    if not os.path.ismount(place):
        return  # test_a_commit_beyond_the_limit_of_a_file holds for everybody
    index = started(place / "i")
    before, generation = content(index), index.generation
    (place / "ballast").write_bytes(b"x" * 1_000_000)
    index.add([Document(f"x{i}", "common " + "long " * 400) for i in range(1000)], vectors=rows(1000))
    for _ in range(2):
        with pytest.raises(IndexWriteError, match="(?i)no space"):
            index.commit()
        assert content(index) == before and index.generation == generation
        assert content(Index.open(place / "i")) == before
    (place / "ballast").unlink()
    index.delete(ids=[f"x{i}" for i in range(400, 1000)])
    index.commit()
    assert len(Index.open(place / "i")) == len(before) + 400


def test_a_commit_beyond_the_limit_of_a_file(tmp_path: Path) -> None:
    """The same by a limit on a file's size, which stops any user."""
    started(tmp_path / "i")
    before = content(Index.open(tmp_path / "i"))

    def work(say: Callable[[str], None]) -> None:
        import resource

        index = Index.open(tmp_path / "i")
        generation = index.generation
        index.add([Document(f"x{i}", "common more") for i in range(2000)], vectors=rows(2000))
        for most in (0, 50, 5_000):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            with pytest.raises(IndexWriteError):
                index.commit()
            assert index.generation == generation and content(index) == before
            assert content(Index.open(tmp_path / "i")) == before
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        index.commit()
        say("committed")

    with child(work) as (pid, pipe):
        assert pipe.readline() == b"committed\n"
        assert os.waitpid(pid, 0)[1] == 0
    assert len(Index.open(tmp_path / "i")) == len(before) + 2000


def test_a_read_only_folder_is_read(place: Path) -> None:
    if os.geteuid() == 0:
        assert mounted(place, "size=4m"), "root without the right to mount: run as a plain user"
    folder = place / "i"
    index = started(folder)
    before, generation = content(index), index.generation
    target = place if os.path.ismount(place) else folder
    forbid(target)
    try:
        reader = Index.open(folder)
        for writer in (index, reader):
            with pytest.raises(IndexWriteError, match=str(folder)) as caught:
                with writer:
                    writer.delete(ids=["d9"])
            assert isinstance(caught.value, OSError)
            assert content(writer) == before and writer.generation == generation
        with pytest.raises(IndexFileError):
            reader.merge()
    finally:
        allow(target)
    with reader:
        reader.delete(ids=["d9"])
    assert content(Index.open(folder)) == {id_: text for id_, text in before.items() if id_ != "d9"}
