"""Several hundred hostile and odd Markdown files, each a name and its bytes."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from tests.long import rounds

FRONT_MATTER: Final = "Title: {title}\nDate: 2026-10-{day:02}\nTags: odd\n\n"
_BLOCK: Final = 0x100
_QUARTERS: Final = rounds(1, 4)
"""Size of a repeated element in a large file, in quarters of the largest size."""
_EVERY: Final = rounds(4, 1)
"""The usual run has one of so many Unicode blocks, the long run each of them."""
_PIECES: Final = {
    "unclosed-div": "<div><p>open <b>bold",
    "closes-all": "</div></article></main></body></html>",
    "half-tag": "text <a href='x",
    "unclosed-comment": "<!-- never closed\n\ntext",
    "unclosed-cdata": "<![CDATA[ text ]] >",
    "bad-comment": "<!--> text <!--- ---> -->",
    "processing": "<?php echo 1 ?> <?xml version='1.0'?>",
    "doctype": "<!DOCTYPE html><html><head><title>x</title></head>",
    "script-end": "`</script>` </script> \\</script\\>",
    "script": "<script>if (a < b && c > d) { x = '</div>' }</script>",
    "style": "<style>main { color: red }</style>",
    "textarea": "<textarea> **not bold**",
    "plaintext": "<xmp> <listing> text",
    "svg": "<svg><title>x</title><script>1</script></svg>",
    "math": "<math><mi>x</mi></math>",
    "odd-attributes": '<p a="1" A=\'2\' =x "> text</p>',
    "nested-links": '[a [b](c) d](e) [f][g] ![h](i "j" k) [](  )',
    "odd-links": "<javascript:alert(1)> [x](javascript:alert(1)) <a@b@c> <http://[>",
    "odd-urls": "[a](http://[::1) [b](//) [c](?#) [d](#) [e](http://x:99999999/)",
    "reference-loop": "[a][b]\n\n[b]: <b>\n[b]: b 'c\n[c]: [c]",
    "emphasis": "*a **b *c **d ***e*** f** g* h** i*",
    "underscores": "_" * 500 + "a" + "_" * 500,
    "backticks": "`" * 301 + " a " + "`" * 300,
    "entities": "&amp; &#xFFFFFFF; &nosuch; &lt;script&gt; &#8238;",
    "footnotes": "a[^1] b[^1] c[^2] d[^x y]\n\n[^1]: one[^1]\n[^x y]: two\n[^unused]: three",
    "headings": "# \n## \n###### a ######\n####### b\n\n===\n\n---\n",
    "same-headings": "## Same\n\n" * 40,
    "heading-marks": '## <b>x</b> `</h2>` [y](z) & "q" {#own .c}\n' * 4,
    "attributes": "text {: #id .class onclick='x' style=\"y\" }\n\n{: .alone }",
    "abbr": "*[HTML]: <b>\n*[]: x\n\nHTML",
    "definition": "a\n:   b\n\n    c\n:   \n\n:   d",
    "admonitions": '!!! note\n!!! \n!!! x "y\n    z\n\n!!! warning ""\n    a',
    "fences": "```\nopen",
    "fence-odd": "~~~~{.python #id linenos=1 hl_lines='a'}\nx\n~~~\n~~~~",
    "unknown-code": "```nosuchlanguage\nx < y\n```",
    "tables": "a|b\n-|-\n|\n||\n|c|d|e|f|\n\\||`|`|\n",
    "table-one": "|a|\n|-|\n",
    "tasks": "- [ ]\n- [x]\n- [ ]  \n- [x](y)\n- [X] z\n1. [ ] n\n- [ ] [ ] m",
    "jinja": "{{ 7*7 }} `{% raw %}` {# x #} `{%- endblock -%}`",
    "format": "{0} {x.__class__} %s %(a)s ${y}",
    "gatepost-marks": '<div data-gatepost-x="1"></div> data-pagefind-body',
    "bidi": "\u202e\u2066\u200f evil \u2069\u202c \u061c",
    "joiners": "e" + "\u0301" * 400 + " \U0001f469" + "\u200d\U0001f469" * 200,
    "specials": "\ufeff\ufff9\U000e0001\U0010ffff",
    "spaces": "\u00a0\u2003\u3000\u2028\u2029\u200b text",
    "empty": "",
    "blank": " \n\t\n\n",
    "rules": "***\n---\n___\n" * 60,
    "img-odd": "<img> <img src> <img src=''> <img alt=\"a > b\" src='#'> <IMG SRC=data:,>",
    "img-nested": "<picture><img alt></picture> [![a](#)](#)",
    "html-only": "<section>\n\n# not md\n\n</section>",
    "markdown-in-html": '<div markdown="1">\n\n*x*\n\n<p markdown="block">\n\n</div>',
    "details": "<details><summary>a<details>b</details>",
    "form": '<form action="/f/x" class="lead"><input name=q></form>',
    "iframe": "<iframe src=\"#\"></iframe><object data='#'></object>",
    "base": "<base href='//evil.example/'><meta http-equiv=refresh content=9>",
}
_TITLES: Final = (
    "<b>bold</b>", "</title><script>x</script>", "]]>", "--> <!--", "\"'`", "&amp;lt;", "a" * 400,
    "\u202eevil", "\U0001f3af" * 30, "{{ 7*7 }}", "{% endblock %}", "\\u003c/script\\u003e",
    "%s %(x)s {0}", "a\u2028\u2029b", "../../etc/passwd", "CON", "#", "?", "\u00df\u0130\ufb01",
)  # fmt: skip


def corpus() -> Iterator[tuple[str, bytes]]:
    """All files; every name ends in `.md`."""
    for name, text in {**_PIECES, **_grown(), **_blocks()}.items():
        yield f"{name}.md", _post(name, text).encode("utf-8")
    for number, title in enumerate(_TITLES):
        front_matter = f"Slug: title-{number}\n" + FRONT_MATTER.format(
            title=title, day=1 + number % 28
        )
        yield f"title-{number}.md", f"{front_matter}Text.\n".encode()
    yield from _bytes()


def _post(name: str, text: str) -> str:
    front_matter = FRONT_MATTER.format(title=f"About {name}", day=1 + sum(map(ord, name)) % 28)
    return f"Slug: {name}\n{front_matter}{text}\n\nThe end.\n"


def _grown() -> dict[str, str]:
    """Much of one thing."""
    row, size = "|" + "c|" * 60 + "\n", _QUARTERS
    return {
        "deep-quotes": ">" * 100 * size + " deep",
        "deep-lists": "".join("    " * level + f"- {level}\n" for level in range(38 * size)),
        "deep-brackets": "[" * 250 * size + "a" + "](b)" * 250 * size,
        "deep-parentheses": "[a](" + "(" * 500 * size + ")" * 500 * size + ")",
        "deep-emphasis": "*" * 175 * size + "a" + "*" * 175 * size,
        "deep-html": "<div>" * 200 * size + "a" + "</div>" * 200 * size,
        "deep-spans": "<b><i>" * 125 * size + "a",
        "huge-table": row + "|" + "-|" * 60 + "\n" + row * 100 * size,
        "wide-table": "|" + "h|" * 1500 + "\n|" + "-|" * 1500 + "\n|" + "c|" * 1500,
        "long-line": "word " * 50_000 * size,
        "long-word": "x" * 250_000 * size,
        "many-links": "[a](#b) " * 1000 * size,
        "many-references": "".join(f"[r{n}]: /x/{n}\n" for n in range(750 * size)),
        "many-footnotes": "".join(f"a[^{n}] " for n in range(100 * size))
        + "".join(f"\n\n[^{n}]: note {n}" for n in range(100 * size)),
        "many-headings": "".join(f"## Heading {n}\n\n" for n in range(150 * size)),
        "long-code": "```python\n" + "x = {'a': [1, 2]}  # c\n" * 1000 * size + "```",
    }


def _blocks() -> dict[str, str]:
    """Every assigned character of every Unicode block of 256, in blocks that have any.

    Control characters are left out: the check refuses a post that has one.
    The first blocks are those of most languages, so they are in each run.
    """
    blocks = {}
    for start in [*range(0, 0x3000, _BLOCK), *range(0x3000, 0x110000, _BLOCK * _EVERY)]:
        letters = [chr(code) for code in range(start, start + _BLOCK) if not _is_surrogate(code)]
        assigned = [
            letter for letter in letters if unicodedata.category(letter) not in {"Cc", "Cn", "Co"}
        ]
        if assigned:
            blocks[f"block-{start:06x}"] = " ".join(assigned)
    return blocks


def _is_surrogate(code: int) -> bool:
    return 0xD800 <= code <= 0xDFFF


def _bytes() -> Iterator[tuple[str, bytes]]:
    """Files that differ by their bytes: line ends, BOM, no end."""
    post = _post("bytes", "- a\n- b\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    for name, change in {
        "crlf": post.replace("\n", "\r\n"),
        "cr": post.replace("- b\n", "- b\r"),
        "mixed": post.replace("- b\n", "- b\r\n"),
        "bom": f"\ufeff{post}",
        "bom-crlf": f"\ufeff{post}".replace("\n", "\r\n"),
        "no-end": post.rstrip("\n"),
        "tabs": post.replace("- ", "-\t"),
        "front-matter-only": post.split("\n\n")[0],
        "trailing": post.replace("\n", "  \n"),
    }.items():
        yield f"{name}.md", change.replace("bytes", f"bytes-{name}").encode("utf-8")
