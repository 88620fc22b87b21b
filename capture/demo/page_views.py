"""How often the pages and forms of the demonstration were seen: a year of counts."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from capture.campaign.model import Campaign
from capture.demo.people import article_weights
from capture.ledger.page_views import PageViews, ViewKind

_VIEWS_OF_A_LEAD: Final = 55
"""Views of articles for each form that is sent."""
_SHARE_WITH_FORM: Final = 0.13
"""Of the views of an article, how many see its form."""
_VIEWS_OF_A_FORM_PAGE: Final = 2
"""Views of each campaign's own page for ten forms that are sent."""
_LEAST_WEIGHT: Final = 0.15
"""Articles that lead nobody to a form are read as well."""


def page_views(
    chance: random.Random,
    articles: Sequence[str],
    campaigns: Sequence[Campaign],
    last: date,
    leads: int,
) -> Iterator[PageViews]:
    """The views of each day of the year that ends on `last`, more in each month."""
    weights = [max(weight, _LEAST_WEIGHT) for weight in article_weights(len(articles))]
    for number in range(365):
        day = last - timedelta(days=364 - number)
        forms = leads / 365 * (0.55 + number / 365) * (0.4 if day.weekday() >= 5 else 1.2)
        for path, weight in zip(articles, weights, strict=True):
            share = forms * weight / sum(weights) * chance.uniform(0.7, 1.3)
            yield from _of_page(day, path, share * _VIEWS_OF_A_LEAD, _SHARE_WITH_FORM)
        for campaign in campaigns:
            share = forms * _VIEWS_OF_A_FORM_PAGE / 10 * chance.uniform(0.7, 1.3)
            yield from _of_page(day, f"/f/{campaign.slug}", share, 1)


def _of_page(day: date, path: str, views: float, share: float) -> Iterator[PageViews]:
    for kind, count in ((ViewKind.PAGE, round(views)), (ViewKind.FORM, round(views * share))):
        if count:
            yield PageViews(day, path, kind, count)
