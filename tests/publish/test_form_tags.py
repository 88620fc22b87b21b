"""Tags in a text become forms; each mistake is reported with its line."""

import json
from typing import Any

import pytest

from tests.samples import CAMPAIGN

FORM = '<form id="form-guide">'


def test_a_tag_on_its_own_line_becomes_the_campaigns_form(site: Any) -> None:
    site.post("Before.\n\n{% form guide %}\n\nAfter.")
    built = site.build()
    assert site.page().count(FORM) == 1
    assert site.page().index("Before") < site.page().index(FORM) < site.page().index("After")
    assert 'id="guide-email"' in site.page()
    assert built.summary.content.forms == 1


def test_a_tag_needs_no_empty_line_around_it(site: Any) -> None:
    site.post("Before.\n{% form guide %}\nAfter.\n{% cta guide %}")
    site.build()
    assert "<p>Before.</p>" in site.page()
    assert "<p>After.</p>" in site.page()
    assert '<a class="cta" href="/f/guide">The guide</a>' in site.page()


@pytest.mark.parametrize(
    "code",
    [
        "```\n{% form guide %}\n```",
        "~~~~ html\n{% frm guide %}\n~~~~",
        "    {% form guide %}",
        "Write `{% form guide %}` here.",
        "``{% form x %}`` and `{% cta %}`",
        "<pre>\n{% form guide %}\n</pre>",
    ],
)
def test_a_tag_in_code_stays_text(site: Any, code: str) -> None:
    site.post(f"Before.\n\n{code}\n\nAfter.")
    site.build()
    assert FORM not in site.page()
    assert "{% " in site.page()


def test_a_tag_in_a_list_or_quotation_works_too(site: Any) -> None:
    site.post("- One\n\n    {% form guide %}\n\n> Said.\n> {% cta guide %}")
    site.build()
    assert FORM in site.page()
    assert 'class="cta"' in site.page()


def test_a_campaign_in_the_front_matter_puts_its_form_at_the_end(site: Any) -> None:
    site.post("Text.", front_matter="Campaign: guide\n")
    site.build()
    assert site.page().rstrip().endswith("</form>")


def test_a_campaigns_title_is_escaped(site: Any) -> None:
    title = '<img src=x onerror=alert(1)> & "quotes"'
    site.write("campaigns/guide.toml", CAMPAIGN.replace('"The guide"', f"'{title}'"))
    site.post("{% form guide %}\n\n{% cta guide %}")
    site.build()
    assert "<img" not in site.page()
    assert site.page().count("&lt;img src=x onerror=alert(1)&gt;") == 2
    assert "<img" not in (site.site / "feed.xml").read_text()


def test_the_pages_with_forms_are_listed_for_the_service(site: Any) -> None:
    site.post("{% form guide %}")
    site.post("{% cta guide %}", name="other")
    site.post("{% form guide %}", name="draft", front_matter="Status: draft\n")
    site.build()
    facts = json.loads((site.site.parent / "site.json").read_text())
    assert facts["form_pages"] == {"guide": ["/post/"]}


def test_a_feed_has_a_link_where_the_page_has_a_form(site: Any) -> None:
    site.post("Text.\n\n{% form guide %}\n\n{% cta guide %}")
    site.build()
    feed = (site.site / "feed.xml").read_text()
    assert "form id=" not in feed
    assert 'class="cta"' not in feed.replace("&quot;", '"')
    assert feed.count('&lt;a href="https://tiny.example/f/guide"&gt;The guide&lt;/a&gt;') == 2


def test_a_summary_made_from_the_text_contains_no_form(site: Any) -> None:
    site.post("First words.\n\n{% form guide %}\n\nLast words.")
    site.build()
    index = (site.site / "index.html").read_text()
    assert "First words." in index
    assert "Last words." in index
    assert "<form" not in index


def test_a_closed_campaign_shows_a_sentence_and_warns(site: Any) -> None:
    site.write("campaigns/guide.toml", f"closes = 2026-01-31\n{CAMPAIGN}")
    site.post("Text.\n\n{% form guide %}")
    built = site.build()
    assert '<p class="closed">The guide is closed.</p>' in site.page()
    assert FORM not in site.page()
    assert built.summary.content.forms == 0
    assert built.summary.warnings == (
        "content/posts/post.md:6: campaign `guide` closed on 2026-01-31: "
        "readers see a sentence instead",
    )


SPELT = "is misspelt: write `{% form guide %}` on a line of its own"
PLACED = "must be alone on its line, not indented and outside HTML"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("{% form gide %}", "`{% form gide %}`: no campaign `gide`; did you mean `guide`?"),
        (
            "{% from guide %}",
            "`{% from guide %}` " + SPELT,
        ),
        (
            "{%form guide%}",
            "`{%form guide%}` " + SPELT,
        ),
        (
            "{% frm giude %}",
            "`{% frm giude %}` " + SPELT,
        ),
        (
            "{{ form guide }}",
            "`{{ form guide }}` " + SPELT,
        ),
        (
            "{% form guide",
            "`{% form guide` " + SPELT,
        ),
        (
            "{% guide %}",
            "`{% guide %}` " + SPELT,
        ),
        (
            "{% form %}",
            "`{% form %}` names no campaign: write `{% form SLUG %}` with one of: guide",
        ),
        (
            "Get it: {% form guide %}",
            "`{% form guide %}` " + PLACED,
        ),
        (
            "## Heading {% cta guide %}",
            "`{% cta guide %}` " + PLACED,
        ),
        (
            "<div>{% form guide %}</div>",
            "`{% form guide %}` " + PLACED,
        ),
        (
            "{% include x %}",
            "`{% include x %}` is not a tag: use `{% form SLUG %}` or `{% cta SLUG %}`; "
            "to show such text to readers, put it between backticks",
        ),
    ],
)
def test_a_wrong_tag_is_reported_with_its_line_and_its_fix(
    site: Any, tag: str, expected: str
) -> None:
    site.post(f"Text with `{tag}` in code.\n\n```\n{tag}\n```\n\nText.\n\n{tag}\n")
    assert site.mistakes() == [f"content/posts/post.md:12: {expected}"]


def test_a_wrong_tag_under_a_paragraph_is_not_read_as_attributes(site: Any) -> None:
    site.post("Text.\n{% frm guide %}")
    assert site.mistakes()[0].startswith("content/posts/post.md:5: `{% frm guide %}` is misspelt")


def test_one_build_reports_every_wrong_tag_of_every_file(site: Any) -> None:
    site.post("{% frm guide %}\n\n{% form x %}\n\n{% frm guide %}", name="a")
    site.post("{% form x %}", name="b")
    places = [line.split(": ")[0] for line in site.mistakes()]
    assert places == [
        "content/posts/a.md:4",
        "content/posts/a.md:6",
        "content/posts/a.md:8",
        "content/posts/b.md:4",
    ]


def test_the_same_form_twice_on_a_page_is_a_mistake(site: Any) -> None:
    site.post("{% form guide %}\n\n{% form guide %}", front_matter="Campaign: guide\n")
    message = "the form of `guide` is already on this page: keep one of them"
    assert site.mistakes() == [
        f"content/posts/post.md:3: {message}",
        f"content/posts/post.md:7: {message}",
    ]


def test_front_matter_that_names_no_campaign_is_a_mistake(site: Any) -> None:
    site.post("Text.", front_matter="Campaign: giude\n")
    site.post("Text.", name="two", front_matter="Campaign: guide\nCampaign: guide\n")
    assert site.mistakes() == [
        "content/posts/post.md:3: no campaign `giude`; did you mean `guide`?",
        "content/posts/two.md:4: `campaign` is already on line 3: keep one of them",
    ]


def test_a_tag_in_a_summary_is_a_mistake(site: Any) -> None:
    site.post("Text.", front_matter="Summary: Look: {% form guide %}\n")
    assert site.mistakes() == [
        "content/posts/post.md:3: a summary cannot contain tags: put the tag in the text"
    ]


def test_a_broken_campaign_file_stops_the_build(site: Any) -> None:
    site.write("campaigns/guide.toml", CAMPAIGN.replace("rate = 50", 'rate = "much"'))
    site.post("{% form guide %}")
    assert site.mistakes()[0].startswith("campaigns/guide.toml:")


def test_a_missing_gated_file_stops_the_build(site: Any) -> None:
    terms = CAMPAIGN.replace('kind = "demo"', 'kind = "gated"\nassets = ["guide.pdf"]')
    site.write("campaigns/guide.toml", terms)
    site.post("{% form guide %}")
    site.build()
    (site.root / "content/gated/guide.pdf").unlink()
    (message,) = site.mistakes()
    assert message.startswith("campaigns/guide.toml:6: assets")


def test_a_changed_campaign_changes_its_form_even_with_pelicans_cache(site: Any) -> None:
    site.set('CACHE_CONTENT = LOAD_CONTENT_CACHE = True\nCONTENT_CACHING_LAYER = "reader"')
    site.post("{% form guide %}")
    site.build()
    site.write("campaigns/guide.toml", CAMPAIGN.replace("The guide", "A new guide"))
    site.build()
    assert "A new guide" in site.page()
