"""What a client sees and does by itself: its own qualified leads, and its word on them."""

from capture.sharing.once import KeyReused, Once, once
from capture.sharing.open import OpenLead, Page, hand_over, take_up

__all__ = ["KeyReused", "Once", "OpenLead", "Page", "hand_over", "once", "take_up"]
