"""Settings that turn the writing rules off, for tests of other things."""

from publish.checks.finding import LEVELS

LENIENT = {"WRITING_RULES": dict.fromkeys(LEVELS, "off")}
