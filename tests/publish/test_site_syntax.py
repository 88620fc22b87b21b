"""What the extensions of Python-Markdown make is byte for byte the same as without our engine."""

from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown import Markdown

from publish.build.pelican_run import settings_from
from publish.checks.tag_syntax import TagExtension
from tests.publish.markdown_structure import site_markdown
from tests.service import ROOT

SAMPLES = [
    "!!! note\n    Words with *stress*.\n",
    '!!! warning "Mind the *gap*"\n    One.\n\n    - a\n    - b\n\n    Two.\n\nAfter.\n',
    'Before.\n!!! tip inline "T"\n    Words.\nAfter.\n',
    "!!! note\n    ```python\n    x = 1\n    ```\n",
    "!!! note\n        indented code\n",
    "!!! note\n    > quoted\n\n    !!! tip\n        Inner.\n",
    "-   One\n\n    !!! note\n        In an item.\n\n-   Two\n",
    "> !!! note\n>     In a quote.\n",
    "!!! danger\n",
    "## Heading {#own}\n\n[To it](#own)\n",
    '## Heading {: .wide #other title="t" }\n',
    "A paragraph.\n{: #para .lead }\n",
    '*em*{: .x } and [a](b){: rel="nofollow" } and ![c](d){: width=3 }\n',
    "| a | b |\n|:--|--:|\n| 1 | *2* |\n",
    "a | b\n--|--\n1 | 2\n",
    "```python\nx = 1  # c\n```\n",
    '``` {.python hl_lines="1" linenums="1"}\nx = 1\ny = 2\n```\n',
    '```python title="a.py" linenums="3"\nx = 1\n```\n',
    "~~~ html\n<b>&amp;</b>\n~~~\n",
    "```\nplain <text> {% form x %}\n```\n",
    "    indented\n\n    code\n",
    "{% form guide %}\n",
    "Before.\n{% cta guide %}\nAfter.\n",
    "> {% form guide %}\n",
    "See {% form guide %} here, {%form x%} and `{% form y %}`.\n",
    "Term\n:   Its *meaning*.\n\nOther\n:   One.\n:   Two.\n",
    "Term\n\n:   Loose.\n\n    More.\n",
    "The HTML standard.\n\n*[HTML]: Hyper Text\n",
    "A claim[^1] and [^two].\n\n[^1]: Its source.\n[^two]: More.\n\n    - a list\n",
    '<div markdown="1">\n\n*x* and\n\n- a\n\n</div>\n',
    '<div class="a" markdown="block">\n## In HTML\n\n```python\nx = 1\n```\n</div>\n\nAfter.\n',
    "<div>\n*raw*\n</div>\n\nAfter.\n",
    "<p>One</p>\n\n<!-- a comment -->\n\nText <b>bold</b> &copy; &amp; AT&T <br> x.\n",
    '"Quoted" and it\'s \\"plain\\" -- and `"code"`.\n',
    '[a](b "T") [c][d] [d] ![e](f.png)\n\n[d]: /to "D"\n',
    "<https://e.example/?a=1&b=2> <a@b.example>\n",
    '[link]({filename}/posts/a.md#b) ![p]({static}/images/x.png "Caption")\n',
    '![p](x.png "A caption")\n',
    "- [ ] open\n- [x] done\n",
    "3. one\n4. two\n",
    "# A\n\n## B\n\n## B\n\n### It's `code` & *more*\n",
    "Title\n=====\n\nSub\n---\n\n***\n",
    "One  \ntwo\\*three\\*\n",
]


@pytest.fixture(scope="module")
def plain() -> Markdown:
    settings = settings_from(ROOT / "pelicanconf.py", {})["MARKDOWN"]
    named = dict.fromkeys([*settings["extensions"], *settings["extension_configs"]])
    return Markdown(**settings | {"extensions": [*named, TagExtension()]})


@pytest.fixture(scope="module")
def site() -> Markdown:
    return site_markdown(heading_ids="ascii")


@pytest.mark.parametrize("text", SAMPLES)
def test_the_html_is_the_same(plain: Markdown, site: Markdown, text: str) -> None:
    made = site.reset().convert(f"\n{text}")
    assert made == plain.reset().convert(f"\n{text}")


_SMARTY_OPTIONS = ("smart_quotes", "smart_dashes", "smart_ellipses", "smart_angled_quotes")
_PIECES = st.sampled_from(
    [
        "a",
        "it's",
        "'90s",
        '"',
        "'",
        "\"'",
        "--",
        "---",
        "...",
        "<<",
        ">>",
        "*e*",
        "`c'd`",
        " ",
        "\n",
    ]
)


@given(st.text("abc '\"-.<>*\n", max_size=20) | st.lists(_PIECES).map("".join))
@example("\"It's\" -- 'so' ... <<there>>")
@pytest.mark.parametrize("option", _SMARTY_OPTIONS)
def test_smart_quotes_are_the_same_although_texts_without_marks_are_skipped(
    option: str, text: str
) -> None:
    ours, theirs = _smarty(option)
    assert ours.reset().convert(text) == theirs.reset().convert(text)


@cache
def _smarty(option: str) -> tuple[Markdown, Markdown]:
    """Our Markdown with one option of `smarty`: with our processor, and with its own."""
    config = {name: name == option for name in _SMARTY_OPTIONS}
    ours, theirs = (
        Markdown(
            extensions=["publish.plugins.commonmark", "smarty"],
            extension_configs={"smarty": config},
        )
        for _ in range(2)
    )
    theirs.treeprocessors.register(theirs.treeprocessors["smarty"]._processor, "smarty", 6)
    return ours, theirs
