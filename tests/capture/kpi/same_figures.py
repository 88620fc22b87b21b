"""Compares the overview with `kpi`, which scans every lead."""

from collections.abc import Sequence
from datetime import datetime

from capture.campaign.model import Campaign
from capture.kpi.formulas import client_figures
from capture.kpi.gathering import KpiQuery, gather_figures
from capture.kpi.grouping import Grouping, month_before
from capture.kpi.overview import MONTHS_BEFORE, Overview, gather_overview
from capture.kpi.sums import Sums
from capture.ledger.protocol import ReadTransaction


def assert_overview_has_the_figures_of_kpi(
    reading: ReadTransaction, campaigns: Sequence[Campaign], month: str, now: datetime
) -> Overview:
    """Asserts that all gauges and counts of a month are those that `kpi` computes."""
    overview = gather_overview(reading, campaigns, month, now)
    scanned = gather_figures(reading, KpiQuery(campaigns, now, grouping=Grouping.MONTH))
    months = [month_before(month, count) for count in range(MONTHS_BEFORE, -1, -1)]
    of_month = []
    assert len(overview.currencies) == len(scanned)
    for currency, figures in zip(overview.currencies, scanned, strict=True):
        assert currency.currency == figures.currency
        by_month = {
            name: figures.tables["month"].get(name, Sums(currency.currency)) for name in months
        }
        of_month.append(by_month[month])
        year = Sums(currency.currency)
        for name in months[:-1]:
            year.add(by_month[name])
        for gauge in currency.gauges:
            for name, figure in gauge.trend:
                assert figure == _figure(by_month[name], figure.key), name
            assert gauge.year == _figure(year, gauge.year.key)
    assert overview.leads == sum(sums.leads for sums in of_month)
    assert overview.qualified == sum(sums.qualified for sums in of_month)
    assert overview.accepted == sum(sums.accepted for sums in of_month)
    assert overview.won == sum(sums.deals for sums in of_month)
    return overview


def _figure(sums: Sums, key: str) -> object:
    return {item.key: item for item in client_figures(sums)}[key]
