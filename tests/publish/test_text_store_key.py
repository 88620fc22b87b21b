"""What is known of texts is found again by another process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
from pathlib import Path
from publish.build.pelican_run import settings_from
from publish.plugins.project_settings import layout_of, text_store
padding = [object() for _ in range({padding})]
settings = settings_from(Path("pelicanconf.py"), {{}})
print(text_store(settings, layout_of(settings))._key)
"""


def test_two_processes_have_the_same_key() -> None:
    keys = {
        subprocess.run(
            [sys.executable, "-c", CODE.format(padding=padding)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout
        for padding in (0, 1_000_000)
    }  # fmt: skip
    assert len(keys) == 1
