"""From what a person typed to a Query. A plain question passes through byte for byte.

`prepare` runs the steps in order. Each is a function of its own, from a text or Query, settings and (where it
needs one) an index, to a Query and the Span that says what it changed and why:

| step | function | what it does |
|---|---|---|
| style | `restyle` | takes off greetings, politeness, question shells; makes signs uniform |
| aside | `set_aside` | sets sentences, logs and signatures aside that the corpus knows nothing about |
| parts | `decompose` | makes sub-queries of comparisons and of questions joined in one |
| spelling | `mend` | mends words that no chunk holds, and reads words typed without accents |
| references | `resolve_references` | completes a question that leans on earlier turns |
| keywords | `weigh_keywords` | names the phrases that carry the question |
| scope | `assess_scope` | says how likely the corpus can answer at all |

`rewrite_by_model` and `decompose_by_model` let a model do two of them, checked, with the rules to fall back on.
"""

from ragopt.query.aside import set_aside
from ragopt.query.history import History, Turn, as_turns
from ragopt.query.keywords import weigh_keywords
from ragopt.query.language import language
from ragopt.query.model import decompose_by_model, rewrite_by_model
from ragopt.query.parts import decompose
from ragopt.query.prepare import prepare
from ragopt.query.references import needs_history, resolve_references
from ragopt.query.scope import CAUTIOUS, assess_scope
from ragopt.query.spelling import mend
from ragopt.query.steps import Statistics
from ragopt.query.style import restyle
from ragopt.types import Profile, QuerySettings

__all__ = [
    "CAUTIOUS",
    "History",
    "Profile",
    "QuerySettings",
    "Statistics",
    "Turn",
    "as_turns",
    "assess_scope",
    "decompose",
    "decompose_by_model",
    "language",
    "mend",
    "needs_history",
    "prepare",
    "resolve_references",
    "restyle",
    "rewrite_by_model",
    "set_aside",
    "weigh_keywords",
]
