from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command import run

from segmentation_node import __version__
from segmentation_node.cli.app import VERBS, load_verb

HEAVY = ("numpy", "cv2", "yaml", "openvino", "torch", "onnx", "rosbags", "matplotlib", "rclpy")


def segmentation(*words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    command = ["-c", code] if code else ["-m", "segmentation_node.cli.app"]
    return subprocess.run(
        [sys.executable, *command, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"COLUMNS": "100", "PATH": "", "LANG": "C.UTF-8"},
    )


def test_help_lists_every_verb_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom segmentation_node.cli.app import main\n"
        "sys.argv = ['segmentation', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print('heavy:', sorted({set(HEAVY)!r} & set(sys.modules)))"
    )
    done = segmentation(code=code)
    assert done.stdout.splitlines()[-1] == "heavy: []"
    for verb in VERBS:
        assert f" {verb} " in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_imports_nothing_heavy_for_it(verb: str) -> None:
    code = (
        "import sys\nfrom segmentation_node.cli.app import main\n"
        f"sys.argv = ['segmentation', {verb!r}, '--help']\n"
        "try: main()\nexcept SystemExit as end: print('code:', end.code)\n"
        f"print('heavy:', sorted({set(HEAVY)!r} & set(sys.modules)))"
    )
    done = segmentation(code=code)
    assert f"Usage: segmentation {verb}" in done.stdout, done.stderr
    assert done.stdout.splitlines()[-2:] == ["code: 0", "heavy: []"]


def test_the_version_is_said() -> None:
    assert segmentation("--version").stdout.strip() == f"segmentation_node {__version__}"


def test_an_unknown_verb_is_named() -> None:
    done = segmentation("fly")
    assert done.returncode == 2
    assert "fly" in done.stderr


def test_an_error_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    done = segmentation("run", str(tmp_path / "none.png"), "-o", str(tmp_path / "out"))
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: received ")
    assert "; expected " in line and "; fix: " in line


INTERRUPTED = """
import signal, sys
from segmentation_node.cli import {module} as verb
from segmentation_node.cli.app import main

def interrupted() -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        {then}

verb.__dict__["{module}"] = interrupted
sys.argv = ["segmentation", "{module}"]
main()
"""


@pytest.mark.parametrize("then", ["raise", "raise RuntimeError('the library was interrupted')"])
def test_ctrl_c_is_one_word_and_the_status_of_an_interrupted_program(then: str) -> None:
    code = INTERRUPTED.format(module="doctor", then=then)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "stopped\n")


def test_a_fault_that_nobody_interrupted_is_shown() -> None:
    code = INTERRUPTED.format(module="doctor", then="pass").replace(
        "signal.raise_signal(signal.SIGINT)", "raise RuntimeError('a fault')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a fault" in done.stderr


def spelt_wrong() -> list[tuple[str, str, str]]:
    """Every option of every verb, with one of its letters left out, or two exchanged."""
    found = []
    for verb in VERBS:
        words = [
            word
            for one in load_verb(verb).params
            for word in one.opts
            if word.startswith("--") and len(word) > 6
        ]
        for place, word in enumerate(words):
            at = 3 + place % (len(word) - 4)
            left_out = word[:at] + word[at + 1 :]
            exchanged = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            found += [(verb, word, one) for one in (left_out, exchanged) if one not in words]
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_a_misspelt_option_is_answered_with_the_one_that_was_meant(verb: str) -> None:
    for _, word, written in (one for one in spelt_wrong() if one[0] == verb):
        done = run(verb, written, "x")
        told = " ".join(done.stderr.replace("│", " ").split())
        assert done.exit_code == 2
        assert f"No such option: {written} (Possible options: {word})" in told, told


def test_an_option_that_is_like_no_other_is_not_guessed_at() -> None:
    assert "Possible" not in run("run", "a", "-o", "b", "--rate", "3").stderr
