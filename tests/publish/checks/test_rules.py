"""Each writing rule: what it reports, on which line, and what it accepts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from capture.errors import Refused
from publish.checks.finding import ALWAYS_ERRORS, DEFAULT_LEVELS
from tests.publish.checks.conftest import LISTS, SUMMARY
from tests.samples import CAMPAIGN, GUIDE, NOW

FORM_ONLY = "only a form gives it out, with `{% form SLUG %}` or `{% cta SLUG %}`"


def test_a_correct_post_is_accepted(desk: Any) -> None:
    desk.post("## One\n\n### Two\n\n[x](#two) ![dot]({static}/images/dot.svg)\n\n{% form guide %}")
    assert desk.is_clean()


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        ({"title": "x" * 61}, "1: `title` has 61 characters: search engines show 60"),
        ({"summary": "x" * 49}, "3: `summary` has 49 characters: 50 to 160 tell the reader"),
        ({"summary": "x" * 161}, "3: `summary` has 161 characters: 50 to 160 tell the reader"),
        ({"title": None}, "1: has no title: add a line `Title: ...` to its front matter"),
        ({"image": "/images/dot.svg"}, "5: `image` has no `image_alt`: describe the picture"),
        ({"image": "/images/dot.svg", "image_alt": ""}, "5: `image` has no `image_alt`: describe"),
        ({"image": "/images/do.svg", "image_alt": "A dot"}, "5: links to `images/do.svg`, but"),
        ({"modified": "2026-11-01"}, "5: `modified` is before `date`, 2026-11-02: one of them"),
        ({"related": "nobody"}, "5: no article `nobody`; name an article by its slug"),
        ({"related": "post"}, "5: `related`: `post` is this post itself: remove it"),
        ({"campaign": "giude"}, "5: no campaign `giude`; did you mean `guide`?"),
    ],
)
def test_front_matter_that_breaks_a_rule_is_reported(
    desk: Any, front_matter: Any, expected: str
) -> None:
    desk.post(**front_matter)
    (line,) = desk.messages()
    assert line.startswith(expected)


def test_lengths_at_the_limits_are_accepted(desk: Any) -> None:
    desk.post(title="x" * 60, summary="y" * 50)
    desk.post("[x]({filename}post.md)", name="other", summary="z" * 160)
    assert desk.findings() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# One", "6: `# One`: the title is the only heading of the first level: write `##`"),
        ("### One", "6: `### One` skips a level: write `##` under a heading of level 1"),
        (
            "## A\n\n#### B",
            "8: `#### B` skips a level: write `###` under a heading of level 2",
        ),
        ("![]({static}/images/dot.svg)", "6: `{static}/images/dot.svg` has no alternative text"),
        ("[x](#nowhere)", "6: `#nowhere`: nothing here is called `#nowhere`: there is no such"),
        ("## Parts\n\n[x](#part)", "8: `#part`: nothing here is called `#part`; did you mean `#p"),
        ("[x]({filename}b.md#y)", "6: `{filename}b.md#y`: nothing in content/posts/b.md is called"),
        ("[x](/b/#y)", "6: `/b/#y`: nothing in content/posts/b.md is called `#y`"),
        (
            "[x](/no/)",
            "6: `/no/` leads to /no, which does not exist: correct it, or remove it",
        ),
        ("[x](b/)", "6: `b/` leads to /post/b, which does not exist"),
        (
            "![x](dot.svg)",
            "6: `dot.svg` leads to content/posts/dot.svg, which does not exist: correct the link",
        ),
        (
            "<a href='/abuot/'>x</a>",
            "6: `/abuot/` leads to /abuot, which does not exist; did you mean",
        ),
        ("[x](www.other.example/a)", "6: `www.other.example/a` leads to /post/www.other.example/a"),
        ("[x](/b.md)", "6: `/b.md` is not an address of the site; did you mean `b.md`?"),
        ("[x](/no.md)", "6: `/no.md` is not an address of the site: correct the link or add the"),
        ("[x](bb.md)", "6: `bb.md` leads to no article or page; did you mean `b.md`?"),
        ("[x]({static}/images/d%6fd.svg)", "6: links to `images/dod.svg`, but there is no"),
        ("[x](film.mp4)", "6: `film.mp4` leads to content/posts/film.mp4, which does not exist:"),
        ("![x](https://x.example/a.png)", "6: shows `https://x.example/a.png` from another host"),
        ("![x](//x.example/a.png)", "6: shows `//x.example/a.png` from another host, which"),
        (
            '<picture><source srcset="https://x.example/a.png 2x">'
            '<img src="{static}/images/dot.svg" alt="a > b"></picture>',
            "6: shows `https://x.example/a.png` from another host",
        ),
        (
            '<img alt="x" src="{static}/images/dot.svg" srcset="//x.example/a.png 2x">',
            "6: shows `//x.example/a.png` from another host",
        ),
        (
            '<img alt="a > b" data-src="a.png" src="//x.example/a.png">',
            "6: shows `//x.example/a.png` from another host",
        ),
        (
            '<input type="image" alt="x" src="//x.example/a.png">',
            "6: shows `//x.example/a.png` from another host",
        ),
        (
            '<svg><image href="//x.example/a.png"/></svg>',
            "6: shows `//x.example/a.png` from another host",
        ),
        ("<img src='https://x.example/a.png' alt=''>", "6: shows `https://x.example/a.png` from"),
        ("[x]({filename}bb.md)", "6: `{filename}bb.md` leads to no article or page"),
        ("![x](/images/no.svg)", "6: links to `images/no.svg`, but there is no such file in"),
        (
            "<a href='/gated/guide.pdf'>x</a>",
            f"6: links to the gated file `/gated/guide.pdf`: {FORM_ONLY}",
        ),
        ("[x]({static}/gated/guide.pdf)", f"6: links to the gated file `guide.pdf`: {FORM_ONLY}"),
        ("{% form gide %}", "6: `{% form gide %}`: no campaign `gide`; did you mean `guide`?"),
        ("{% frm guide %}", "6: `{% frm guide %}` is misspelt: write `{% form guide %}`"),
    ],
)
def test_a_text_that_breaks_a_rule_is_reported(desk: Any, text: str, expected: str) -> None:
    desk.post("## A\n\nText.", name="b")
    desk.post(name="about", status="hidden")
    desk.post(text)
    (line,) = desk.messages()
    assert line.startswith(expected)


@pytest.mark.parametrize(
    "text",
    [
        "[x](https://other.example/a.md#y) [y](mailto:a@b.example) [z](//cdn.example/x)",
        "[x]({filename}b.md#a) [y](/b/#a) [z](/b) [w]({tag}one)",
        "{% form guide %}\n\n[x](#form-guide)",
        "[x](http://[) and [y](//other.example/%zz)",
        "`[x]({filename}none.md)`",
        "[x](../b/) [y](/b/index.html) [z](/old/) [w](?x) [v](/articles/2/) <ann@other.example>",
        "[x](/category/pricing/) [y](/tag/one/) [z](/feed.xml) [w](/sitemap.xml) [v](/f/guide)",
    ],
)
def test_correct_links_and_links_to_other_sites_are_accepted(desk: Any, text: str) -> None:
    desk.settings |= LISTS
    desk.post("## A", name="b", aliases="old", category="Pricing", tags="one")
    desk.post(text)
    assert desk.errors() == []


def test_links_in_answers_are_checked_too(desk: Any) -> None:
    front_matter = f"title: T\ndate: 2026-11-02\nsummary: {SUMMARY}\nfaq:"
    questions = "  - question: Why?\n    answer: See [x]({filename}/x.md)"
    desk.write("content/posts/post.md", f"---\n{front_matter}\n{questions}\n---\n\nText.")
    assert desk.messages() == [
        "7: `{filename}/x.md` leads to no article or page: correct the link or add the file"
    ]


def test_a_published_post_must_not_link_to_one_that_is_held_back(desk: Any) -> None:
    desk.post(name="draft", status="draft", preview="x" * 16)
    desk.post(name="later", date="2026-12-01 09:00")
    desk.post("[a]({filename}draft.md)\n\n[b]({filename}later.md)")
    assert desk.messages() == [
        "6: `{filename}draft.md` leads to a draft: publish it first, or remove the link",
        "8: `{filename}later.md` leads to a post that is held back until 2026-12-01 09:00: "
        "link to it then",
    ]
    desk.now += timedelta(days=30)
    assert len(desk.messages()) == 1


def test_a_scheduled_post_may_link_to_one_that_is_published_before_it(desk: Any) -> None:
    desk.post(name="first", date="2026-12-01")
    desk.post("[a]({filename}first.md)", name="second", date="2026-12-02")
    assert desk.errors() == []


def test_a_gated_file_among_the_published_ones_is_reported(desk: Any) -> None:
    (desk.root / "content/images/a.png").write_bytes(GUIDE.encode())
    (desk.root / "content/images/b.png").symlink_to("nowhere")
    message = "would publish the gated file content/gated/guide.pdf: delete it; "
    assert desk.errors() == [
        f"content/images/a.png: {message}{FORM_ONLY}",
        "content/images/b.png: links to nowhere, which does not exist: delete the link",
    ]


def test_the_less_common_spelling_of_a_tag_is_reported(desk: Any) -> None:
    for name, tags in (("a", "price models"), ("b", "price models"), ("k", "Price-Model, news")):
        desk.post(
            "[a]({filename}a.md) [b]({filename}b.md) [k]({filename}k.md)", name=name, tags=tags
        )
    assert desk.warnings() == [
        "content/posts/k.md:5: the tag `Price-Model` is spelt `price models` elsewhere: "
        "keep one spelling"
    ]


@pytest.mark.parametrize("pair", [("news", "new"), ("sla", "slack"), ("bus", "bu"), ("cpl", "cpa")])
def test_tags_that_are_different_words_are_accepted(desk: Any, pair: Any) -> None:
    for name, tag in zip("ab", pair, strict=True):
        desk.post("[a]({filename}a.md) [b]({filename}b.md)", name=name, tags=tag)
    assert desk.warnings() == []


def test_titles_with_the_same_words_are_reported(desk: Any) -> None:
    desk.post("[b]({filename}b.md)", name="a", title="How to reject a lead")
    desk.post("[a]({filename}a.md)", name="b", title="Reject leads: the how-to")
    assert desk.warnings() == [
        "content/posts/b.md:1: has the same words in its title as content/posts/a.md: "
        "merge the posts, or change one title"
    ]


def test_a_post_that_nothing_links_to_is_reported(desk: Any) -> None:
    desk.post(name="a", related="b")
    desk.post("[itself](/b/)", name="b")
    desk.post("[k](/k/)", name="draft", status="draft", preview="x" * 16)
    desk.post("[d]({filename}d.md)", name="k")
    desk.post("[a](/a/)", name="d")
    assert desk.warnings() == [
        "content/posts/k.md:1: no other post or page links to this one: "
        "link to it where it helps a reader"
    ]


def test_a_closed_campaign_is_a_warning(desk: Any) -> None:
    desk.write("campaigns/guide.toml", f"closes = 2026-01-31\n{CAMPAIGN}")
    desk.post("{% form guide %}")
    assert desk.warnings() == [
        "content/posts/post.md:6: campaign `guide` closed on 2026-01-31: "
        "readers see a sentence instead"
    ]


def test_mistakes_in_a_campaign_and_in_posts_are_reported_together(desk: Any) -> None:
    desk.write("campaigns/guide.toml", CAMPAIGN.replace("rate = 50", 'rate = "much"'))
    desk.post("{% form guide %}", summary="Short.")
    assert [line.split(":")[0] for line in desk.findings()] == [
        "campaigns/guide.toml",
        "content/posts/post.md",
    ]


def test_a_setting_makes_a_rule_an_error_a_warning_or_off(desk: Any) -> None:
    desk.post(summary="Short.")
    for level, errors, warnings in (("error", 1, 0), ("warning", 0, 1), ("off", 0, 0)):
        desk.settings["WRITING_RULES"] = {"summary": level}
        assert (len(desk.errors()), len(desk.warnings())) == (errors, warnings)


def test_a_draft_may_be_unfinished_but_not_broken(desk: Any) -> None:
    desk.post("### Deep", status="draft", preview="x" * 16, summary=None, date="soon")
    assert [line.split(": ")[1] for line in desk.errors()] == ["`date` is not a date, `soon`"]
    assert len(desk.warnings()) == 2


def test_a_draft_without_a_preview_is_reported(desk: Any) -> None:
    desk.post(status="draft")
    assert desk.warnings() == [
        "content/posts/post.md:5: is a draft without `preview`, so nobody can see it: "
        "`gatepost new` makes one"
    ]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"sumary": "off"}, "no rule `sumary`; did you mean `summary`?"),
        ({"summary": "loud"}, "`summary` must be error, warning or off: 'loud'"),
        ({"link": "off"}, "`link` is always an error: remove it"),
    ],
)
def test_a_faulty_setting_is_refused(desk: Any, rules: Any, expected: str) -> None:
    desk.settings["WRITING_RULES"] = rules
    with pytest.raises(Refused, match=f"WRITING_RULES: {expected}"):
        desk.check()


def test_no_rule_is_both_always_an_error_and_configurable(desk: Any) -> None:
    desk.post(summary="x", colour="red")
    found = desk.check()[1].every
    assert {finding.rule for finding in found} <= ALWAYS_ERRORS | set(DEFAULT_LEVELS)
    assert not ALWAYS_ERRORS & set(DEFAULT_LEVELS)


def test_a_date_is_in_the_zone_of_the_site(desk: Any) -> None:
    desk.post(date="2026-11-24")
    due = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    desk.now = due - timedelta(seconds=1)
    writing = desk.check()[0]
    assert (writing.posts[0].state(NOW), writing.next_due.due) == ("scheduled", due)
    desk.now = due
    assert desk.check()[0].next_due is None


@pytest.mark.parametrize(
    "link", ["../images/none.svg", "/images/none.svg", "{static}/images/none.svg"]
)
@pytest.mark.parametrize("text", ["![A]({})", "[A]({})", '<img src="{}" alt="A">'])
def test_a_missing_file_of_a_folder_that_is_published_is_an_error(
    desk: Any, link: str, text: str
) -> None:
    desk.post(text.format(link))
    (message,) = desk.errors()
    assert message.startswith(
        "content/posts/post.md:6: links to `images/none.svg`, but there is no"
    )


@pytest.mark.parametrize("link", ["../images/a.{}", "/images/a.{}", "{{static}}/images/a.{}"])
@pytest.mark.parametrize("suffix", ["heic", "pdf", "mp4"])
def test_a_file_that_is_no_picture_is_not_shown_as_one(desk: Any, link: str, suffix: str) -> None:
    desk.settings["WRITING_RULES"] = {"file-content": "off"}
    desk.write(f"content/images/a.{suffix}", "x")
    target = link.format(suffix)
    desk.post(f"[Get it]({target})\n\n![A]({target})")
    (message,) = desk.errors()
    start = f"content/posts/post.md:8: shows `{target}`, which is not a picture: use one of avif, "
    assert message.startswith(start)
