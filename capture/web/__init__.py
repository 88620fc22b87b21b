"""The lead service over HTTP: translates in, calls one use case, translates out."""

from capture.web.app import create_app
from capture.web.config import WebConfig

__all__ = ["WebConfig", "create_app"]
