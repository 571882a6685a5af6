"""The README's commands and snippets run as written, so that a newcomer can trust them.

A fenced block is run when the line before it says `<!-- tested -->`. Shell blocks run in one
temporary folder, in the order of the file; Python blocks run after them, in the same folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"<!-- tested -->\n```(bash|python)\n(.*?)```", re.DOTALL)


def blocks(language: str) -> list[str]:
    return [code for kind, code in BLOCK.findall(README.read_text("utf-8")) if kind == language]


def run(command: list[str], folder: Path) -> None:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


def test_readme_has_blocks_to_test() -> None:
    assert blocks("bash")
    assert blocks("python")


@pytest.mark.dds
@pytest.mark.usefixtures("domain_id")
def test_shell_blocks_run(folder: Path) -> None:
    for code in blocks("bash"):
        run(["bash", "-euo", "pipefail", "-c", code], folder)


def test_python_blocks_run(folder: Path) -> None:
    for code in blocks("python"):
        run([sys.executable, "-c", code], folder)


def test_every_relative_link_leads_somewhere() -> None:
    for page in [README, *README.parent.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
