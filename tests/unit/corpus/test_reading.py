"""Reading: each format, each way in which a file can be wrong, and the rest is read all the same."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ragopt.corpus import Problem, read, read_queries
from ragopt.errors import CorpusError
from ragopt.types import Document


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def load(path: Path) -> tuple[list[Document], list[Problem]]:
    problems: list[Problem] = []
    return list(read(path, on_error=problems.append)), problems


def one(tmp_path: Path, name: str, content: str | bytes) -> tuple[list[Document], list[Problem]]:
    return load(write(tmp_path, {name: content}) / name)


def test_a_folder_in_order_of_its_paths(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"b.txt": "b", "a/z.md": "# Z\nz", "a/é.txt": "e", "c.jsonl": '{"_id": "r", "text": "t"}', "A.TXT": "A"},
    )
    documents, problems = load(tmp_path)
    assert [d.id for d in documents] == ["A.TXT", "a/z.md", "a/é.txt", "b.txt", "r"] and problems == []
    assert list(read(tmp_path)) == documents
    assert [d.id for d in read(tmp_path / "a" / "z.md")] == ["z.md"]


def test_what_is_left_out_by_rule_is_said_once_a_kind(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.txt": "a",
            "x/1.png": b"\x89PNG",
            "2.png": b"\x89PNG",
            ".hidden.txt": "h",
            "LICENSE": "l",
            ".git/x.txt": "g",
        },
    )
    documents, problems = load(tmp_path)
    assert [d.id for d in documents] == ["a.txt"] and not any(p.lost for p in problems)
    said = "\n".join(map(str, problems))
    assert "2 files left out: .png" in said and "2 files left out: hidden" in said and "no extension" in said
    assert len(list(read(tmp_path))) == 1  # notes are no errors


def test_links_that_lead_back_up_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"a/b.txt": "b", "a/c/d.txt": "d"})
    (tmp_path / "a" / "c" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "same").symlink_to(tmp_path / "a" / "c")
    documents, problems = load(tmp_path)
    assert [d.id for d in documents] == ["a/b.txt", "a/c/d.txt", "same/d.txt"]
    loops = [p for p in problems if "above it" in p.what]
    assert {p.file for p in loops} == {"a/c/loop", "same/loop"} and not any(p.lost for p in loops)
    (gone,) = [p for p in problems if p.lost]
    assert (gone.file, gone.what) == ("a/gone.txt", "a link to nothing")


WRONG_FILES = [
    ("latin.txt", b"caf\xe9 au lait", "not utf-8: byte 0xe9 at offset 3"),
    ("cut.txt", "aé".encode()[:-1], "byte 0xc3 at offset 1"),
    ("binary.md", b"abc\0def", "NUL character at offset 3"),
    ("page.html", b"<meta charset=nonsense><p>\xff", "unknown charset 'nonsense'"),
    ("cut.jsonl.gz", gzip.compress(b'{"_id":"a","text":"t"}')[:-9], "not a whole gzip file"),
    ("no.txt.gz", b"plain", "not a whole gzip file"),
]


@pytest.mark.parametrize(("name", "content", "said"), WRONG_FILES, ids=lambda v: v if isinstance(v, str) else "")
def test_a_bad_file_is_named_and_the_rest_is_read(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    write(tmp_path, {name: content, "good.txt": "good"})
    documents, (problem,) = load(tmp_path)
    assert [d.id for d in documents] == ["good.txt"]
    assert problem.file == name and problem.lost and said in str(problem)
    with pytest.raises(CorpusError, match=name):
        list(read(tmp_path))


def test_encodings_that_a_file_declares(tmp_path: Path) -> None:
    assert one(tmp_path, "bom.txt", b"\xef\xbb\xbfxin ch\xc3\xa0o\r\nb\rc")[0][0].text == "xin chào\nb\nc"
    assert one(tmp_path, "16.txt", "xin chào".encode("utf-16"))[0][0].text == "xin chào"
    page = "<html><meta charset='windows-1252'><title>Café</title><p>naïve</p>".encode("cp1252")
    (document,), problems = one(tmp_path, "old.html", page)
    assert (document.title, document.text, problems) == ("Café", "naïve", [])


def test_an_empty_file_is_a_document_and_is_noted(tmp_path: Path) -> None:
    (document,), (note,) = one(tmp_path, "empty.txt", "")
    assert document == Document("empty.txt", "") and not note.lost and "no text" in str(note)


def test_markdown(tmp_path: Path) -> None:
    text = '---\ntitle: "The guide"\nyear: 2024\ndraft: false\ntags: [a]\nnested:\n  x: 1\n---\n# Other\ntext\n'
    (document,), _ = one(tmp_path, "a.md", text)
    assert (document.title, document.text) == ("The guide", "# Other\ntext")
    assert document.metadata == {"year": 2024, "draft": False, "tags": "[a]"}
    (document,), _ = one(tmp_path, "b.md", "\n# First *one* #\n\nBody\n\n# Second\n")
    assert (document.title, document.text) == ("First *one*", "Body\n\n# Second")
    (document,), _ = one(tmp_path, "c.md", "Intro\n\nLined\n=====\nBody")
    assert (document.title, document.text) == ("Lined", "Intro\n\nLined\n=====\nBody")
    (document,), _ = one(tmp_path, "d.md", "```sh\n# a comment\n```\ntext")
    assert (document.title, document.text) == ("", "```sh\n# a comment\n```\ntext")


HTML = """<!doctype html><html><head><title>A &amp; B
 page</title><style>p {}</style><script>if (a < b) "</p>"</script></head>
<body><nav><a href=x>Home</a></nav><header><h1>Head</h1></header>
<p>First &eacute; para&shy;graph<br>second&nbsp;line <b>bold</b>.</p><ul><li>one<li>two</ul>
<table><tr><th>k</th><th>v</th></tr><tr><td>a</td><td>1</td></tr></table>
<pre>  keep
    this</pre><svg><title>no</title><text>no</text></svg><!-- no --><footer>imprint</footer></body></html>"""


def test_html(tmp_path: Path) -> None:
    (document,), problems = one(tmp_path, "a.html", HTML)
    assert document.title == "A & B page" and problems == []
    assert document.text == (
        "Head\n\nFirst é para\u00adgraph\nsecond line bold.\n\n- one\n- two\n\nk | v\na | 1\n\n  keep\n    this"
    )
    (document,), _ = one(tmp_path, "b.htm", "<div>menu</div><main><h1>T</h1>body<aside>ad</aside></main><p>after")
    assert (document.title, document.text) == ("T", "T\n\nbody")
    (document,), _ = one(tmp_path, "c.html", "<nav>only <i>links</i></nav>")
    assert document.text == "only links"
    (document,), _ = one(tmp_path, "d.html", "<p>a <script>x</p></script> b <unknown>c</unknown> & d &lt; e <")
    assert document.text == "a b c & d < e <"


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        {"_id": "a", "title": "T", "text": "x", "metadata": {"year": 2024}, "lang": "vi"},
        {"id": "b", "text": "", "title": None},
    ]
    content = "\n".join(json.dumps(line) for line in lines) + "\n\n"
    for name, data in (("a.jsonl", content.encode()), ("b.jsonl.gz", gzip.compress(content.encode()))):
        documents, problems = one(tmp_path, name, data)
        assert problems == []
        assert documents == [Document("a", "x", "T", {"lang": "vi", "year": 2024}), Document("b", "")]


WRONG_LINES = [
    ("{not json}", "not JSON"),
    ('{"_id": "x", "text": "t", "score": NaN}', "NaN is no JSON number"),
    ("[1]", "not an object but a list"),
    ('"text"', "not an object but a string"),
    ('{"text": "t"}', "no id"),
    ('{"_id": 7, "text": "t"}', 'the id is a number (7); ids are strings: write "7"'),
    ('{"_id": null, "text": "t"}', "the id is null"),
    ('{"_id": "", "text": "t"}', "the id is empty"),
    ('{"_id": "x"}', "no text"),
    ('{"_id": "x", "text": ["t"]}', "text is a list"),
    ('{"_id": "x", "text": "t", "title": 5}', "title is a number"),
    ('{"_id": "x", "text": "t", "metadata": [1]}', "metadata is a list"),
    ('{"_id": "x", "text": "half \\ud800"}', "half a surrogate pair"),
    ("[" * 100_000, "not JSON"),
]


@pytest.mark.parametrize(("line", "said"), WRONG_LINES, ids=lambda v: v[:30])
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, line: str, said: str) -> None:
    content = '{"_id": "a", "text": "t"}\n' + line + '\n{"_id": "b", "text": "t"}'
    documents, (problem,) = one(tmp_path, "x.jsonl", content)
    assert [d.id for d in documents] == ["a", "b"]
    assert (problem.file, problem.line) == ("x.jsonl", 2) and said in str(problem)


def test_csv(tmp_path: Path) -> None:
    content = (
        "id,text,title,year,price,open,zip,mixed\r\n"
        'a,"Comma, ""quote""\nand line",T,2024,1.5,true,01234,1\r\n'
        "b,plain,,,2,FALSE,99999,x\r\n"
    )
    documents, problems = one(tmp_path, "a.csv", content)
    assert problems == []
    assert documents == [
        Document(
            "a",
            'Comma, "quote"\nand line',
            "T",
            {"year": 2024, "price": 1.5, "open": True, "zip": "01234", "mixed": "1"},
        ),
        Document("b", "plain", "", {"price": 2.0, "open": False, "zip": "99999", "mixed": "x"}),
    ]
    assert [type(documents[0].metadata[k]) for k in ("year", "price", "open")] == [int, float, bool]
    assert isinstance(documents[1].metadata["price"], float)
    (long,), _ = one(tmp_path, "b.csv", f"_id,text\nlong,{'w ' * 200_000}")
    assert len(long.text) == 400_000


@pytest.mark.parametrize(
    ("content", "line", "said", "kept"),
    [
        ("id,body\na,t\n", 1, "no columns id and text", []),
        ("", 1, "an empty file", []),
        ("id;text\na;t\n", 1, "divided by commas", []),
        ("id,text,text\na,t,u\n", 1, "same name", []),
        ("id,text\na,t\nb,t,u\nc,t\n", 3, "3 cells, but the header has 2", ["a", "c"]),
        ('id,text\na,t\nb,"open\nc,t\n', 3, "not CSV", ["a"]),
        ('id,text\na,"x\ny"\n,t\n', 4, "the id is empty", ["a"]),
    ],
)
def test_bad_csv(tmp_path: Path, content: str, line: int, said: str, kept: list[str]) -> None:
    documents, (problem,) = one(tmp_path, "x.csv", content)
    assert [d.id for d in documents] == kept
    assert problem.line == line and said in str(problem)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file"):
        read(tmp_path / "nothing")
    with pytest.raises(CorpusError, match=r"known: \.txt"):
        read(write(tmp_path, {"a.pdf": b"%PDF"}) / "a.pdf")


def test_queries(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "q.jsonl": '{"_id": "1", "text": "one?"}\n{"_id": "2", "text": "two?", "metadata": {}}\n',
            "q.tsv": "query-id\ttext\n1\tone?\n2\ttwo?\n",
            "bare.tsv": "1\tone?\r\n2\ttwo?",
            "q.txt": "\none?\n\ntwo?\n",
        },
    )
    for name in ("q.jsonl", "q.tsv", "bare.tsv"):
        assert read_queries(tmp_path / name) == {"1": "one?", "2": "two?"}
    assert read_queries(tmp_path / "q.txt") == {"2": "one?", "4": "two?"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.tsv", "1\ta\n1\tb\n", r"q\.tsv:2: the id '1' comes twice"),
        ("q.tsv", "no tab\n", "q.tsv:1"),
        ("q.tsv", "1\t \n", "is empty"),
        ("q.txt", "\n", "holds no questions"),
        ("q.jsonl", '{"_id": "1"}', "no text"),
        ("q.jsonl", "{", r"q\.jsonl:1: not JSON"),
        ("q.csv", "1,a", "convert"),
        ("q.txt", b"\xff", "offset 0"),
    ],
)
def test_bad_queries(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    write(tmp_path, {name: content})
    with pytest.raises(CorpusError, match=said):
        read_queries(tmp_path / name)
