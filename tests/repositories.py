"""Real git repositories for tests."""

import os
import subprocess
from pathlib import Path

from tests.samples import NOW


def git(folder: Path, *command: str) -> str:
    """Runs git there, as a person, at a fixed time. Returns what it prints."""
    person = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@northgate.example"}
    person |= {key.replace("AUTHOR", "COMMITTER"): text for key, text in person.items()}
    times = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), NOW.isoformat())
    done = subprocess.run(
        ["git", *command],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | person | times,
    )
    return done.stdout.strip()


def commit_file(folder: Path, path: str, text: str) -> str:
    """Commits one file with this text. Returns the commit."""
    (folder / path).write_text(text)
    git(folder, "add", path)
    git(folder, "commit", "-q", "-m", "change", "--", path)
    return git(folder, "rev-parse", "HEAD")
