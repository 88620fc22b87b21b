"""The posts and pages of the sample site: each kind of text, link and file once."""

import json
from dataclasses import dataclass
from typing import Any, Final

CATEGORIES: Final = ("Pricing", "Results", "R&D")
TAGS: Final = ("SEO", "costs", "C++", "C#", "review window", "安装")
AUTHORS: Final = ("Ann Lee", "Bo Kim", "Cy Öhm")


@dataclass
class Text:
    """A post or page: its front matter, in order, and its body."""

    keys: dict[str, Any]
    body: str
    yaml: bool = False
    """Whether the front matter is YAML, which lists need."""

    def source(self) -> str:
        """The content of its file."""
        if self.yaml:
            lines = [f"{key}: {json.dumps(value)}\n" for key, value in self.keys.items()]
            return f"---\n{''.join(lines)}---\n\n{self.body}"
        lines = [f"{key.capitalize()}: {_plain(value)}\n" for key, value in self.keys.items()]
        return f"{''.join(lines)}\n{self.body}"


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def sample_texts() -> dict[str, Text]:
    """All posts and pages by path below `content`."""
    posts = {f"posts/{name}.md": text for name, text in _posts().items()}
    return posts | {f"pages/{name}.md": text for name, text in _pages().items()}


def _post(title: str, day: str, slug: str, body: str, **keys: Any) -> Text:
    front = {"title": title, "date": day, "slug": slug, **keys}
    return Text(front, body, yaml=any(isinstance(value, list | bool) for value in keys.values()))


def _posts() -> dict[str, Text]:
    return {
        "alpha": _post(
            "Alpha <b>bold</b> & more",
            "2040-01-02",
            "alpha",
            "The first paragraph is the summary of [beta](beta.md).\n\n## Costs & sums\n\n"
            '![Bars]({static}/images/bars.svg "Bars")\n\n## Second\n\nA claim[^1].\n\n## Third\n\n'
            "[^1]: Its source.\n",
            category="Pricing",
            tags="SEO, costs",
            author="Ann Lee",
        ),
        "beta": _post(
            "Beta: with questions",
            "2040-01-03 09:30",
            "beta",
            "See [alpha](alpha.md#second), [essays]({tag}SEO) and `{static}` in code.\n",
            category="Results",
            tags=["SEO", "C++"],
            author="Bo Kim",
            summary="Questions, with a link to [gamma]({filename}/posts/gamma.md) in the summary.",
            aliases=["old-beta", "/2021/03/Beta/"],
            faq=[
                {"question": "Why?", "answer": "See [alpha](alpha.md) and [costs](shared.csv)."},
                {
                    "question": "How <i>much</i>?",
                    "answer": "*Much*.\n\n![Line](../images/line.svg)",
                },
            ],
        ),
        "gamma": _post(
            "Gamma, an essay",
            "2040-01-04",
            "gamma",
            "Part one. [The costs](shared.csv) and [the bars]({static}/images/bars.svg).\n",
            category="Results",
            tags="costs, C#",
            author="Ann Lee, Bo Kim",
            template="essay",
            series="Letters",
            summary="An essay in a template of its own.",
        ),
        "delta": _post(
            "Delta, the second letter",
            "2040-01-05",
            "delta",
            "Part two, after [gamma](gamma.md).\n",
            category="R&D",
            tags="review window",
            author="Cy Öhm",
            series="Letters",
            related="alpha, beta",
            summary="The second letter of a series.",
        ),
        "kappa/index": _post(
            "Kappa, a folder of its own",
            "2040-01-06",
            "kappa",
            "Its [table]({attach}costs.csv), [the shared one](../shared.csv).\n\n"
            "![A photo](photo.png)\n",
            tags="安装",
            image="/images/bars.svg",
            image_alt="Bars",
            modified="2040-02-01",
        ),
        "results/omicron": _post(
            "Omicron, in the folder of a topic",
            "2040-01-06",
            "omicron",
            "Its category is the folder.\n\n{% form guide %}\n\nText below the form.\n",
            author="Ann Lee",
        ),
        "zeta": _post(
            "Zeta calls to action",
            "2040-01-07",
            "zeta",
            "A card:\n\n{% cta guide %}\n\nand a link to [eta](eta.md).\n",
            category="Pricing",
            tags="SEO",
            author="Ann Lee",
            campaign="guide",
        ),
        "eta": _post(
            "Eta in English",
            "2040-01-08",
            "eta",
            "English, with [omicron](results/omicron.md).\n\n```python\nx = 1  # one\n```\n",
            category="Pricing",
            tags="SEO",
            author="Bo Kim",
            summary="The English text of a pair.",
        ),
        "eta-de": _post(
            "Eta auf Deutsch",
            "2040-01-09",
            "eta",
            "Deutsch, mit [Alpha](alpha.md).\n",
            category="Pricing",
            tags="SEO",
            author="Bo Kim",
            lang="de",
            summary="Der deutsche Text.",
        ),
        "eta-fr": _post(
            "Eta en français",
            "2040-01-09",
            "eta",
            "Français.\n",
            category="Pricing",
            author="Bo Kim",
            lang="fr",
            summary="Le texte français.",
        ),
        "iota": _post(
            "Iota is for others",
            "2040-01-08",
            "iota",
            "> [!NOTE]\n> Elsewhere first.\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n",
            category="R&D",
            tags=["C#", "C++"],
            noindex=True,
            canonical="https://www.example.org/iota/",
            summary="It appeared elsewhere first.",
        ),
        "lambda": _post(
            "Lambda, a draft",
            "2040-01-10",
            "lambda",
            "Not yet, see [mu](mu.md).\n",
            category="Pricing",
            status="draft",
            preview="lambda-preview-000000000",
        ),
        "mu": _post(
            "Mu, scheduled",
            "2040-03-06 08:00",
            "mu",
            "On the sixth, see [alpha](alpha.md).\n",
            category="R&D",
            tags="costs, review window",
            author="Cy Öhm",
            preview="mu-preview-0000000000000",
        ),
        "nu": _post(
            "Nu, hidden",
            "2040-01-11",
            "nu",
            "On no list. [Beta](beta.md).\n",
            category="Results",
            tags="SEO",
            status="hidden",
        ),
        "xi": _post("Xi, skipped", "2040-01-12", "xi", "Nothing.\n", status="skip"),
        "pi": _post("Pi", "2039-12-31", "pi", "Last year, see [nu](nu.md).\n", tags="costs"),
    }


def _page(title: str, body: str, **keys: Any) -> Text:
    return Text({"title": title, **keys}, body)


def _pages() -> dict[str, Text]:
    return {
        "home": _page(
            "Home",
            "Start with [alpha](../posts/alpha.md).\n\n{% cta guide %}\n",
            slug="home",
            summary="What this site is about, for everybody who comes here for the first time.",
        ),
        "about": _page("About", "About, with ![Line](../images/line.svg).\n", slug="about"),
        "about-de": _page("Über uns", "Über uns.\n", slug="about", lang="de"),
        "guide/index": _page("Guide", "See [start](start/index.md).\n", slug="guide"),
        "guide/start/index": _page(
            "Start", "Up to [the guide](../index.md).\n", slug="start", url="guide/start/"
        ),
        "guide/start/install/index": _page(
            "Install", "Then [start](../index.md).\n", slug="install", url="guide/start/install/"
        ),
        "hidden": _page("Hidden", "On no list.\n", slug="hidden-page", status="hidden"),
        "draft": _page(
            "Draft",
            "Not yet.\n",
            slug="draft-page",
            status="draft",
            preview="page-preview-00000000",
        ),
    }
