import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.backends.awsdocs.markup import plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("no tags at all", "no tags at all"),
        ("  spaces \n and\tlines ", "spaces and lines"),
        ("<p>One.</p> <p>Two.</p>", "One.\nTwo."),
        ("<p>Set <code>Key</code>, please.</p>", "Set Key, please."),
        ("<p>The <code>Key</code> .</p>", "The Key."),
        ("a &lt; b &amp;&amp; c&nbsp;d", "a < b && c d"),
        ('<p>See <a href="https://example.com">the guide</a>.</p>', "See the guide."),
        ("<ul> <li> <p>one</p> </li> <li>two</li> </ul>", "- one\n- two"),
        ("<ol><li>first</li><li>second</li></ol>", "1. first\n2. second"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ul><li><p>a</p><p>more of a</p></li></ul>", "- a\n  more of a"),
        ("<note> <p>Careful.</p> </note> <p>After.</p>", "Note: Careful.\nAfter."),
        ("<important><p>Now.</p></important>", "Important: Now."),
        ("<dl> <dt>Term</dt> <dd> <p>What it means.</p> </dd> </dl>", "- Term: What it means."),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "a | b\n1 | 2"),
        ("<p>Put it in <bucket>/<key>.</p>", "Put it in <bucket>/<key>."),  # placeholders are not tags
        ("before <!-- hidden <p> --> after", "before after"),
        ("<p>never closed", "never closed"),
        ("</ul></li>stray", "stray"),
        ("<LI>upper</LI>", "- upper"),
        ("one<br/>two", "one\ntwo"),
    ],
)
def test_plain(markup: str, text: str) -> None:
    assert plain(markup) == text


@given(st.text(alphabet="<>/&;: \nabuliop#12é", max_size=60))
def test_any_text_is_read_without_error_and_loses_no_letter(markup: str) -> None:
    text = plain(markup)
    assert text == text.strip() or text.startswith(("- ", "  "))
    if "<" not in markup and "&" not in markup:
        assert "".join(text.split()) == "".join(markup.split())


def test_a_long_nest_is_linear() -> None:
    assert plain("<ul><li>x" * 2000).count("- x") == 2000
