"""Settings for tests that ask something else of a site than how its posts are written."""

from publish.checks.finding import LEVELS

LENIENT = {"WRITING_RULES": dict.fromkeys(LEVELS, "off")}
