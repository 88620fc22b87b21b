"""Settings that turn the writing rules off, for tests of other things."""

from publish.checks.finding import DEFAULT_LEVELS

LENIENT = {"WRITING_RULES": dict.fromkeys(DEFAULT_LEVELS, "off")}
