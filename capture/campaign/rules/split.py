"""A number in a criterion must not cut a choice in two: whoever chose it would half qualify."""

import math
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from capture.campaign.problems import listed, shown
from capture.campaign.ranges import Range

Spans = Mapping[str, Range]
"""Each choice with the numbers that it stands for."""


def takes(operator: str, operand: Any, span: Range) -> bool | None:
    """Whether `at_least`, `at_most` or `between` takes every number of a span; None: only some."""
    least, most = _bounds(operator, operand)
    low, high = span
    last = math.inf if high is None else high
    if low > most or last < least:
        return False
    return True if least <= low and last <= most else None


def taken(operator: str, operand: Any, spans: Spans) -> list[str]:
    """The choices that the criterion takes whole."""
    return [choice for choice, span in spans.items() if takes(operator, operand, span)]


def split_choices(operator: str, operand: Any, spans: Spans) -> list[str]:
    """The choices that the criterion would cut in two."""
    return [choice for choice, span in spans.items() if takes(operator, operand, span) is None]


def split_message(operator: str, operand: Any, spans: Spans) -> str:
    """What to do about a criterion that splits: bounds that do not, or choices that end there."""
    split = split_choices(operator, operand, spans)
    bounds = [
        f"{operator} = {shown(other)} (takes {listed(taken(operator, other, spans))})"
        for other in whole_bounds(operator, operand, spans)
    ]
    offers = [
        f"{listed(cut(operator, operand, spans[choice]), ' and ')} instead of {shown(choice)}"
        for choice in split
    ]
    mends = [f"use {' or '.join(bounds)}"] if bounds else []
    mends.append(f"offer {', and '.join(offers)}")
    noun = "choice" if len(split) == 1 else "choices"
    return f"would split the {noun} {listed(split, ' and ')}; {', or '.join(mends)}"


def whole_bounds(operator: str, operand: Any, spans: Spans) -> list[Any]:
    """The nearest operands, one below and one above where there are, that split no choice."""
    lows = sorted({low for low, _ in spans.values()})
    highs = sorted({high for _, high in spans.values() if high is not None})
    if operator == "between":
        pairs = [(low, high) for low, high in product(lows, highs) if low <= high]
        fitting = _unsplit(operator, pairs, spans)
        return sorted(sorted(fitting, key=lambda pair: _distance(pair, operand))[:2])
    fitting = _unsplit(operator, lows if operator == "at_least" else highs, spans)
    below = [bound for bound in fitting if bound < operand]
    above = [bound for bound in fitting if bound > operand]
    return below[-1:] + above[:1]


def _unsplit(operator: str, operands: Iterable[Any], spans: Spans) -> list[Any]:
    return [operand for operand in operands if not split_choices(operator, operand, spans)]


def _distance(pair: tuple[int, int], wanted: tuple[int, int]) -> int:
    return abs(pair[0] - wanted[0]) + abs(pair[1] - wanted[1])


def _bounds(operator: str, operand: Any) -> tuple[float, float]:
    if operator == "between":
        low, high = operand
        return low, high
    return (operand, math.inf) if operator == "at_least" else (-math.inf, operand)


def cut(operator: str, operand: Any, span: Range) -> list[str]:
    """The span's words once it is cut where the criterion cuts it."""
    least, most = _bounds(operator, operand)
    low, high = span
    last = math.inf if high is None else high
    cuts = [int(least)] if low < least <= last else []
    cuts += [int(most) + 1] if low <= most < last else []
    return [
        _words(start, end)
        for start, end in zip([low, *cuts], [*(cut - 1 for cut in cuts), high], strict=True)
    ]


def _words(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"
