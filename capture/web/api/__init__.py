"""The HTTP API by which a client's CRM reads its leads and says what became of them."""

from capture.web.api.app import create_api

__all__ = ["create_api"]
