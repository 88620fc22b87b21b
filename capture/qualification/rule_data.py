"""The data behind the criteria, and its version, which every verdict cites (rule 19)."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from capture.email_domains import domain_lists_digest

_TEXT = Path(__file__).with_suffix(".toml").read_bytes()

RULE_DATA: dict[str, Any] = tomllib.loads(_TEXT.decode("utf-8"))
"""The parsed `rule_data.toml`: role accounts and titles."""

RULE_DATA_VERSION = hashlib.sha256(domain_lists_digest() + _TEXT).hexdigest()[:12]
"""Changes with the free-mail list, the disposable list, the role names and the title data."""
