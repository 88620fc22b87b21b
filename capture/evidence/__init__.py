"""One SQLite file that proves one statement to the client: its leads, and nobody else's."""

from capture.evidence.file import is_evidence, write_evidence

__all__ = ["is_evidence", "write_evidence"]
