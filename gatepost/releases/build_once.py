"""Builds the site of three pushed folders with the installed code and theme, and tells how it went.

Runs in a process that does nothing else.
"""

import os
import traceback
from collections.abc import Mapping
from pathlib import Path

from capture.errors import FileErrors, GatepostError
from gatepost.releases.order import SITE, Answer
from gatepost.settings import PREFIX, Settings
from publish.now_reading import NOW_READING


def build_once(settings: Settings, published: str | None, folder: Path) -> Answer:
    """Builds `folder`/output. Never raises."""
    installed = Path.cwd()
    try:
        os.chdir(folder)  # so that a mistake is told as content/posts/..., as writers know it
        os.environ["PYTHONSAFEPATH"] = "1"  # no program that a build starts looks for code here
        os.environ["GATEPOST_SITE_URL"] = settings.site_url  # where publishconf.py looks for it
        return _build(installed, _given(settings, installed, published, folder))
    except FileErrors as error:
        return Answer(problems=error.problems)
    except MemoryError:
        most = f"{PREFIX}BUILD_MEMORY_MB={settings.build_memory_mb}"
        return Answer(unavailable=f"the build needs more memory than {most} gives it")
    except GatepostError as error:  # settings, programs, the disk: nothing that was pushed
        return Answer(unavailable=str(error).replace(f"{folder}/", ""))
    except Exception:
        return Answer(broken=traceback.format_exc())


def _build(installed: Path, given: Mapping[str, object]) -> Answer:
    from publish.build import build  # noqa: PLC0415 - in bounds of memory, and not by who waits
    from publish.commands import counted_parts  # noqa: PLC0415
    from publish.release import finish  # noqa: PLC0415

    outcome = build(installed / "publishconf.py", given, finish=finish).outcome
    return Answer(warnings=outcome.warnings, counted=counted_parts(outcome), due=outcome.due)


def _given(
    settings: Settings, installed: Path, published: str | None, folder: Path
) -> Mapping[str, object]:
    from publish.writing.layout import PUBLISHED  # noqa: PLC0415

    given: dict[str, object] = {
        "PATH": str(folder / "content"),
        "GATED_PATH": str(folder / "content" / "gated"),
        "CAMPAIGNS_PATH": str(folder / "campaigns"),
        "CLIENTS_PATH": str(folder / "clients"),
        "OUTPUT_PATH": str(folder / SITE / "www"),
        "CACHE_PATH": str(installed / settings.cache_dir),
        "THEME": str(installed / settings.theme_dir),
        "CAPTURE_URL": settings.capture_url,
        NOW_READING: str(folder / ".work/reading"),
    }
    if published is not None:  # so that no address which readers know is lost without a word
        before = folder / ".work/published.json"
        before.write_text(published, encoding="utf-8")
        given[PUBLISHED] = str(before)
    return given
