"""What a page says to search engines as data: schema.org types in JSON-LD 1.1, plain dictionaries.

Google asks for these properties: https://developers.google.com/search/docs/appearance/structured-data
Nothing here is text of a page: the theme writes it with Jinja's `tojson`, which escapes `<`, `>`,
`&` and `'`, so that no title can end the script element it stands in.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from capture.site import Site

Node: TypeAlias = Mapping[str, Any]


def graph(nodes: Iterable[Node]) -> Node:
    """The nodes of one page as one document."""
    return {"@context": "https://schema.org", "@graph": list(nodes)}


def organization(site: Site) -> Node:
    """Who publishes the site."""
    return {
        "@type": "Organization",
        "@id": f"{site.url}/#publisher",
        "name": site.publisher,
        "url": f"{site.url}/",
        "logo": site.assets.get("favicon.svg", f"{site.url}/favicon.ico"),
    }


def website(site: Site) -> Node:
    """The site itself."""
    return {
        "@type": "WebSite",
        "@id": f"{site.url}/#site",
        "name": site.name,
        "url": f"{site.url}/",
        "description": site.tagline,
        "inLanguage": site.language,
        "publisher": _publisher(site),
    }


def posting(site: Site, *, url: str, authors: Sequence[tuple[str, str]], **facts: Any) -> Node:
    """One article. `authors`: name and address of each; `facts`: further properties, empty ones
    are left out."""
    return {
        "@type": "BlogPosting",
        "@id": f"{url}#article",
        "mainEntityOfPage": url,
        "url": url,
        "author": [{"@type": "Person", "name": name, "url": page} for name, page in authors]
        or _publisher(site),
        "publisher": _publisher(site),
        "isPartOf": {"@id": f"{site.url}/#site"},
        **{name: value for name, value in facts.items() if value},
    }


def breadcrumbs(trail: Sequence[tuple[str, str]]) -> Node:
    """The way from the start to this page: name and full address of each step."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": url}
            for place, (name, url) in enumerate(trail, start=1)
        ],
    }


def faq_page(questions: Iterable[tuple[str, str]]) -> Node:
    """Questions, each with its answer as plain text."""
    return {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": question,
                "acceptedAnswer": {"@type": "Answer", "text": answer},
            }
            for question, answer in questions
        ],
    }


def _publisher(site: Site) -> Node:
    return {"@type": "Organization", "@id": f"{site.url}/#publisher", "name": site.publisher}
