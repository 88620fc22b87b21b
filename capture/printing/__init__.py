"""What is printed for people: pages that stand by themselves, PDF, and the look of both."""

from capture.printing.html import pages
from capture.printing.pdf import to_pdf

__all__ = ["pages", "to_pdf"]
