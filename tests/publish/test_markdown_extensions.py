"""Extensions that a site may add: what they make of a text, and that `check` reads it as the page.

Plain Python-Markdown is the judge where CommonMark does not change the text.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest
from markdown import Markdown

from capture.errors import Refused
from publish.build.pelican_run import settings_from
from publish.checks.notes import Syntax
from publish.checks.outline import outline_of
from publish.plugins.commonmark import make_markdown, site_syntax
from tests.service import ROOT

SAME: Final = {
    "pymdownx.details": [
        '??? note "T"\n    body *x*\n',
        "???+ tip\n    a\n\n    - b\n",
        "??? note\n    ??? tip\n        x\n",
    ],
    "pymdownx.tabbed": ['=== "A"\n    one\n\n=== "B"\n    two\n\n    - x\n', '===! "A"\n    x\n'],
    "pymdownx.blocks.admonition": [
        "/// note | Title\nbody *x*\n\n- a\n- b\n///\n",
        "//// note\n/// tip\nx\n///\n////\n",
        "/// note\n```py\nx\n```\n///\n",
        "/// warning\n\n## H\n\n[a](b) [c]\n\n[c]: /d\n///\n",
        "/// note\n    attrs: {class: x}\n\nbody\n///\n",
        "/// note\nnot closed\n",
    ],
    "pymdownx.blocks.details": ["/// details | T\n    type: note\n    open: True\n\nbody\n///\n"],
    "pymdownx.blocks.tab": ["/// tab | A\none\n///\n\n/// tab | B\ntwo\n///\n"],
    "pymdownx.blocks.html": ["/// html | div.x\n*a*\n\n- b\n///\n"],
    "pymdownx.blocks.definition": ["/// define\nTerm\n\n- Meaning\n///\n"],
    "pymdownx.blocks.caption": ["x\n\n/// caption\nA *cap*\n///\n"],
    "pymdownx.tilde": ["H~2~O and ~~x~~\n", "~a~ and ~*b* c~ and ~~*d*~~\n"],
    "pymdownx.caret": ["x^2^ and ^^ins^^\n", "x^*2*^ and ^^a *b* `c`^^\n"],
    "pymdownx.mark": [
        "==x== and ==*x*== and *==x==* a==b\n",
        "==a *b* c== d ==`e`== f ==[g](h)==\n",
        "`==` a ==*b*== a ==**c** d == *e* ==\n",
        "==a ==*b* c== d== ==a==*b*==c==\n",
    ],
    "pymdownx.arithmatex": [
        "a $x_1*y*$ and $z*2*_b$ *e* $a<b>c</b>$ $[a](b)$ $a & b$\n",
        "\\(x_1\\) and \\(y*2*\\) \\[a\\] $\\alpha$ *$a*b$* **\\(c_d_\\)** \\(a\nb_c_\\)\n",
        "$$\nx_1 *y* \\\\\n- b\n$$\n",
        "$$\na\n===\n> b {{c}}\n$$\n",
        "\\[\nx_1*y* < z & [a](b)\n\\]\n",
        "\\begin{align}\na_1 &= b_2 \\\\\n&= c*d*e\n\\end{align}\n",
        "costs \\$5 and *b* \\$6, 5$ *a* 6$ and $5 *b* $6\n",
        "`$x` *y*$ $a_b_c$\n\n```\n$x*y*$\n```\n\n    $$\n    a\n",
        "| a | b |\n|---|---|\n| $x_1*y*$ | $a\\|b$ |\n",
        "- $$x_1*y*$$\n- $y*z*$\n",
        '!!! note "T $x_1*y*$"\n    $x_1*y*$\n',
    ],
    "pymdownx.keys": ["++ctrl+alt+del++ *x*\n"],
    "pymdownx.emoji": [":smile: *x*\n", "a\n\n:smile: first\n", "a :smile:\n"],
    "pymdownx.magiclink": ["https://e.example/a_b_c and <https://e.example>\n"],
    "pymdownx.tasklist": ["- [x] a\n- [ ] b\n"],
    "pymdownx.critic": ["{++ins++} {--del--} {~~a~>b~~} {==m==}{>>c<<} {++*x*++}\n"],
    "pymdownx.smartsymbols": ["(c) --> 1/2\n"],
    "pymdownx.escapeall": ["\\a \\1 \\ü \\ x \\*a* \\`b` \\\\c `\\d` *\\e* [\\f](g) \\<h>\n"],
    "pymdownx.inlinehilite": ["`#!python x = 1` `y`\n"],
    "pymdownx.progressbar": ['[=50% "half"]\n'],
    "markdown.extensions.wikilinks": ["[[Foo Bar]] x\n"],
    "markdown.extensions.abbr": ["HTML\n\n*[HTML]: HyperText\n"],
    "markdown.extensions.def_list": ["Term\n:   A *b*\n"],
}
IN_ITEMS: Final = {
    "pymdownx.details": ("??? note\n    *a*\n", "<details", "<p><em>a</em></p>"),
    "pymdownx.tabbed": ('=== "A"\n    *a*\n', 'class="tabbed-set"', "<p><em>a</em></p>"),
    "pymdownx.blocks.admonition": ("/// note\n*a*\n\n- b\n///\n", "admonition note", "<li>b</li>"),
    "pymdownx.blocks.tab": ("/// tab | A\n*a*\n\n- b\n///\n", 'class="tabbed-set"', "<li>b</li>"),
}


@cache
def engines(*extensions: str) -> tuple[Markdown, Markdown]:
    """Plain Python-Markdown and the engine of the pages, with the site's and more extensions."""
    settings = settings_from(ROOT / "pelicanconf.py", {})
    markdown = settings["MARKDOWN"]
    named = dict.fromkeys([*markdown["extensions"], *markdown["extension_configs"]])
    settings["MARKDOWN"] = {**markdown, "extensions": [*named, *extensions]}
    return Markdown(**settings["MARKDOWN"]), make_markdown(settings)


def syntax_with(*extensions: str) -> Syntax:
    settings = settings_from(ROOT / "pelicanconf.py", {})
    settings["MARKDOWN"] = {**settings["MARKDOWN"], "extensions": list(extensions)}
    return site_syntax(settings)


def places(text: str) -> Iterator[str]:
    """The text alone, after words, under an item, and in a quote."""
    lines = text.rstrip("\n").split("\n")
    yield text
    yield f"before\n\n{text}\nafter\n"
    yield "\n".join(["-   first", "", *(f"    {line}" if line else "" for line in lines)]) + "\n"
    yield "\n".join(f"> {line}" if line else ">" for line in lines) + "\n"


@pytest.mark.parametrize(
    ("extension", "text"), [(name, text) for name, texts in SAME.items() for text in texts]
)
def test_an_extension_makes_what_it_makes_of_python_markdown(extension: str, text: str) -> None:
    plain, ours = engines(extension)
    for placed in places(text):
        made = ours.reset().convert(f"\n{placed}")
        assert made == plain.reset().convert(f"\n{placed}"), placed


@pytest.mark.parametrize("extension", IN_ITEMS)
def test_a_note_may_begin_an_item(extension: str) -> None:
    text, *expected = IN_ITEMS[extension]
    first, *rest = text.rstrip("\n").split("\n")
    item = "\n".join([f"- {first}", *(f"  {line}" for line in rest)])
    html = engines(extension)[1].reset().convert(f"\n{item}\n")
    assert [part for part in expected if part not in html] == []
    assert "///" not in html


@pytest.mark.parametrize(
    "element",
    [
        '<div markdown="1">\n*a*\n\n- b\n\n        code\n</div>\n',
        '<section markdown="block">\n## H {#h}\n\n> q\n\n```py\nx\n```\n</section>\n',
    ],
)
def test_markdown_in_html_is_the_same_in_items_and_quotes(element: str) -> None:
    alone, *_, in_item, in_quote = (
        engines()[1].reset().convert(f"\n{placed}") for placed in places(element)
    )
    assert "markdown=" not in alone
    assert alone in in_item
    assert alone in in_quote


def test_a_list_in_html_may_have_raw_html() -> None:
    text = '<div markdown="1">\n- a\n- <div>x</div>\n- *d* [e](f)\n</div>\n'
    html = engines()[1].reset().convert(f"\n{text}")
    assert re.sub(r"\n+", "", html) == (
        '<div><ul><li>a</li><li><div>x</div></li><li><em>d</em> <a href="f">e</a></li></ul></div>'
    )


def test_markdown_in_html_goes_on_in_the_line_after_an_element() -> None:
    text = (
        '<details open class="a" markdown="1"><summary>*S*</summary>\n[a](b)\n<p>*c*</p> *d*\n'
        "[e](e)\n</details> [f](g)\n\n## H\n"
    )
    html = engines()[1].reset().convert(f"\n{text}")
    assert re.findall('href="([^"]*)"', html) == ["b", "e", "g"]
    assert html.startswith('<details class="a" open>\n<summary>*S*</summary>')
    assert "<p>*c*</p> *d*" in html
    outline = outline_of(text)
    assert [(link.target, link.line) for link in outline.links] == [("b", 2), ("e", 4), ("g", 5)]
    assert [heading.line for heading in outline.headings] == [7]


def test_each_element_in_html_ends_where_it_ends() -> None:
    text = (
        '<div markdown="1">\n<p>x</p>\n- *y*\n<p>x</p>\n~~~\n<p>z</p>\n- [b](c)\n~~~\n'
        "<p>x</p>\n[a](b)\n</div>\n"
    )
    html = engines()[1].reset().convert(f"\n{text}")
    assert html.count("<p>x</p>") == 3
    assert html.count("<li><em>y</em></li>") == 1
    assert "[b](c)" in re.sub("<[^>]*>", "", html)
    assert [(link.target, link.line) for link in outline_of(text).links] == [("b", 10)]


def test_terms_on_lines_of_their_own_share_a_meaning() -> None:
    html = engines()[1].reset().convert("\nOne\n*Two*\n:   Their meaning.\n")
    terms = "<dl>\n<dt>One</dt>\n<dt><em>Two</em></dt>\n<dd>Their meaning.</dd>\n</dl>"
    assert html == terms


def test_a_block_with_wrong_options_is_shown_as_text() -> None:
    html = engines("pymdownx.blocks.admonition")[1].reset().convert("\n/// tip\n    wrong\n///\n")
    assert "/// tip" in html
    assert "admonition" not in html


def test_an_example_of_a_block_in_code_is_code() -> None:
    text = "````\n/// note\n\n- a\n///\n````\n\n/// note\nb\n///\n"
    html = engines("pymdownx.blocks.admonition")[1].reset().convert(f"\n{text}")
    assert html.count("admonition note") == 1
    assert "/// note" in re.sub("<[^>]*>", "", html)


def test_a_single_tilde_strikes_unless_the_site_has_subscripts() -> None:
    assert "<del>a</del>" in engines()[1].reset().convert("\n~a~\n")
    assert "<sub>a</sub>" in engines("pymdownx.tilde")[1].reset().convert("\n~a~\n")


NOTES: Final = {
    "markdown.extensions.admonition": "!!! note\n    # In *it*\n\n    [a](in.md)\n",
    "pymdownx.details": "??? note\n    # In *it*\n\n    [a](in.md)\n",
    "pymdownx.tabbed": '=== "A"\n    # In *it*\n\n    [a](in.md)\n',
    "pymdownx.blocks.admonition": "/// note\n- a\n\n    # In *it*\n\n    [a](in.md)\n///\n",
}


@pytest.mark.parametrize("extension", NOTES)
@pytest.mark.parametrize("is_loaded", [True, False])
def test_check_reads_a_note_as_the_page_does(extension: str, is_loaded: bool) -> None:
    markdown = settings_from(ROOT / "pelicanconf.py", {})["MARKDOWN"]
    configs = dict(markdown["extension_configs"])
    configs.pop("markdown.extensions.admonition")
    settings = settings_from(ROOT / "pelicanconf.py", {})
    extensions = [extension] if is_loaded else []
    settings["MARKDOWN"] = {**markdown, "extensions": extensions, "extension_configs": configs}
    ours, syntax = make_markdown(settings), site_syntax(settings)
    for placed in places(NOTES[extension]):
        html = ours.reset().convert(f"\n{placed}")
        outline = outline_of(placed, syntax=syntax)
        assert len(outline.headings) == len(re.findall("<h1", html)), placed
        assert [link.target for link in outline.links] == re.findall('href="([^"]*)"', html)
        missing = [problem for problem in outline.problems if extension in problem.message]
        assert bool(missing) == (not is_loaded), placed


def test_math_has_no_marks_for_check() -> None:
    text = "## A $x_1$\n\nw $[d](e) [f][g]$\n\n$$\n[a](b) {{c}} <b>\n# d\n$$\n\n![$x_1$](h)\n"
    for placed in places(text):
        outline = outline_of(placed, syntax=syntax_with("pymdownx.arithmatex"))
        html = engines("pymdownx.arithmatex")[1].reset().convert(f"\n{placed}")
        assert [link.target for link in outline.links] == ["h"]
        assert [picture.alt for picture in outline.pictures] == ["$x_1$"]
        assert outline.anchors == set(re.findall(r'<h2 id="([^"]*)"', html)) == {"a-x_1"}
        assert 'alt="$x_1$"' in html
        assert outline.problems == ()


def test_math_is_text_without_its_extension() -> None:
    assert engines()[1].reset().convert("\n$x*y*$ \\(a\\)\n") == "<p>$x<em>y</em>$ (a)</p>"
    assert [link.target for link in outline_of("$[a](b)$\n").links] == ["b"]


def test_an_address_may_have_dollars() -> None:
    html = engines("pymdownx.arithmatex")[1].reset().convert("\nhttps://e.example/$a_b$\n")
    assert 'href="https://e.example/$a_b$"' in html


def test_a_note_without_its_extension_is_a_problem_of_its_line() -> None:
    text = 'Words.\n\n??? note "More"\n    Hidden.\n\n/// tab | A\nb\n///\n'
    first, second = outline_of(text, 10).problems
    assert (first.line, second.line) == (12, 15)
    assert first.message == (
        '`??? note "More"` is shown as text, because this site does not load its extension: add '
        "`pymdownx.details` to `MARKDOWN` in pelicanconf.py"
    )
    assert "`pymdownx.blocks.tab`" in second.message


def test_an_extension_that_is_not_loaded_is_named_once_for_a_text() -> None:
    text = '=== "A"\n    b\n\n=== "C"\n    d\n\n!!! note\n    === "E"\n        f\n\n??? g\n    h\n'
    tabs, details = outline_of(text).problems
    assert (tabs.line, details.line) == (1, 11)
    assert tabs.message.startswith('`=== "A"` (and 2 more here) is shown as text, because this ')


@pytest.mark.parametrize(
    "text",
    [
        "??? really\n\nNo body.\n",
        "```\n??? note\n    x\n```\n",
        "/// what\n\nNo block.\n",
        "// a path ///\n",
        "> a\n> === b\n",
    ],
)
def test_other_marks_are_no_problem(text: str) -> None:
    assert outline_of(text).problems == ()


def test_the_syntax_of_a_site_is_what_its_extensions_know() -> None:
    assert syntax_with("publish.plugins.prose") == Syntax()
    more = syntax_with("pymdownx.details", "pymdownx.tabbed", "pymdownx.blocks.tab")
    assert more == Syntax(notes=frozenset({"!!!", "???", "==="}), blocks=frozenset({"tab"}))


def test_the_name_of_a_table_has_no_html_of_its_head() -> None:
    found = settings_from(ROOT / "pelicanconf.py", {})
    text = "| <img src='a.png' alt='\"'> | *b* <br> `<c>` |\n|---|---|\n| d | e |\n"
    html = make_markdown(found).convert(text)
    assert 'aria-label="Table: b &lt;c&gt;"' in " ".join(html.split())


def test_an_extension_that_cannot_be_loaded_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match=r"MARKDOWN: .*no_such_extension"):
        syntax_with("no_such_extension")
