"""The preview stops a build that takes too long; the next build works as usual."""

import shutil
from pathlib import Path

import pytest

from gatepost.preview.build_loop import Builder
from gatepost.preview.state import PreviewOrder
from publish.plugins.current_file import CURRENT_FILE
from tests.service import ROOT

pytestmark = pytest.mark.slow

POST = """\
title: A post
slug: a-post
date: 2026-11-01
category: Pricing
tags: cpl
author: Marta Lindqvist
summary: What a reader gets of this post, in a few words for lists.

{text}
"""
SLOW = """
import time
from publish.plugins.front_matter import FrontMatterReader

_convert = FrontMatterReader._convert
def convert(self, text):
    if "wait" in text:
        open("began", "w").close()
        time.sleep(600)
    return _convert(self, text)
FrontMatterReader._convert = convert
"""


def test_a_build_that_takes_too_long_is_stopped_and_its_file_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("theme", "campaigns", "clients"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("posts", "pages", "images"):
        (tmp_path / "content" / name).mkdir(parents=True)
    shutil.copytree(ROOT / "content/gated", tmp_path / "content/gated")
    (tmp_path / "pelicanconf.py").write_text((ROOT / "pelicanconf.py").read_text() + SLOW)
    monkeypatch.chdir(tmp_path)
    post = tmp_path / "content/posts/a-post.md"
    overrides = {
        "OUTPUT_PATH": "output/www",
        "PATH": "content",
        CURRENT_FILE: str(tmp_path / "note"),
    }
    current_file = tmp_path / "note"
    with Builder() as builder:
        post.write_text(POST.format(text="wait"))
        for seconds in (2, 8, 32, 128):  # a busy machine needs longer to reach the post
            (problem,) = builder.build(
                PreviewOrder(Path("pelicanconf.py"), overrides, seconds, current_file)
            ).problems
            if (tmp_path / "began").exists():
                break
        assert problem.path == "content/posts/a-post.md"
        assert problem.message.startswith("the build was stopped while it read this file: ")
        assert f"{seconds} seconds (the limit is GATEPOST_BUILD_SECONDS)" in problem.message
        post.write_text(POST.format(text="quick"))
        assert (
            builder.build(
                PreviewOrder(Path("pelicanconf.py"), overrides, 300, current_file)
            ).problems
            == ()
        )
