"""The figures of a campaign from counts and sums: each a number or a sentence. Pure."""

from capture.metrics.figure import Figure, Unit, show
from capture.metrics.figures import agency_figures, client_figures
from capture.metrics.lifetime import ENOUGH_DAYS
from capture.metrics.sums import Sums
from capture.metrics.words import DEFINITIONS

__all__ = [
    "DEFINITIONS",
    "ENOUGH_DAYS",
    "Figure",
    "Sums",
    "Unit",
    "agency_figures",
    "client_figures",
    "show",
]
