"""The settings on real DDS: accepted without a word, no image lost, nothing left behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dds import Observer, Program, wait_until

from segmentation_node.transport import shm
from segmentation_node.transport.profiles import LARGE, SHIPPED, SMALL, VARIABLES, Profile

FRAMES, GREETINGS, TRIES = 60, 60, 3
CAMERA = Path(__file__).with_name("camera.py")
pytestmark = pytest.mark.dds


@pytest.fixture(autouse=True)
def no_settings_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "FASTDDS_BUILTIN_TRANSPORTS", "RMW_IMPLEMENTATION"):
        monkeypatch.delenv(name, raising=False)


def segment_of(pid: int) -> Path:
    """The segment of a process; discovery limited to this machine adds a small one of its own."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    mapped = [one for one in shm.segments() if not one.is_port and str(one.path) in maps]
    return max(mapped, key=lambda one: one.size_bytes).path


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda profile: profile.name)
def test_fast_dds_accepts_the_profile_without_a_word(domain_id: int, profile: Profile) -> None:
    given = dict.fromkeys(VARIABLES, str(profile.path))
    with Program(str(CAMERA), "0", domain_id=domain_id, environment=given) as camera:
        camera.wait_for_line("^ready$")
        segment = segment_of(camera.pid)
        size = segment.stat().st_size
        assert camera.stop() == 0
    said = [line for line in camera.lines if not line.startswith("gave back")]
    assert said == [
        f"images go through shared memory: {profile.name}, as the environment says",
        "ready",
    ]
    assert size < profile.process_bytes < size + 500_000


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda profile: profile.name)
def test_no_best_effort_image_is_lost_at_the_pace_of_a_camera(
    domain_id: int, observer: Observer, profile: Profile
) -> None:
    # With the settings of Fast DDS most are lost every time. With these one may be, where this
    # process gets no time for as long as its memory holds images: a tenth of a second.
    tries = (_received(domain_id, observer, profile) for _ in range(TRIES))
    assert any(numbers == list(reversed(range(FRAMES))) for numbers in tries)


def _received(domain_id: int, observer: Observer, profile: Profile) -> list[int]:
    """The numbers of the images that arrive of those that count, which go down to 0."""
    from sensor_msgs.msg import Image  # noqa: PLC0415

    given = dict.fromkeys(VARIABLES, str(profile.path))
    # The camera may have found the test, and not yet the test the camera: the first may be lost.
    sent = str(GREETINGS + FRAMES)
    with Program(str(CAMERA), sent, domain_id=domain_id, environment=given) as camera:
        quality = _best_effort(FRAMES)
        with observer.listening(Image, "image", quality) as received:
            camera.wait_for_line("^sent$")
            lengths = [-1]

            def is_quiet() -> bool:
                lengths.append(len(received))
                return lengths[-1] == lengths[-2]

            wait_until(is_quiet, "the end of the images", step_s=0.5)
    numbers = [int(message.header.frame_id) for message in received.messages]
    return [number for number in numbers if number < FRAMES]


def _best_effort(depth: int) -> object:
    from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: PLC0415

    return QoSProfile(depth=depth, reliability=ReliabilityPolicy.BEST_EFFORT)


def test_what_a_killed_process_left_is_given_back_by_the_next(domain_id: int) -> None:
    with Program(str(CAMERA), "0", domain_id=domain_id) as camera:
        camera.wait_for_line("^ready$")
        segment = segment_of(camera.pid)
        camera.stop(signal.SIGKILL)
    with Program(str(CAMERA), "0", domain_id=domain_id) as camera:
        camera.wait_for_line("^ready$")
        living = segment_of(camera.pid)
        # Any process of the package may be the one that tidies up.
        wait_until(lambda: not segment.exists(), "the abandoned segment to go")
        assert living.exists()
        camera.stop()
    assert not living.exists()


def test_a_living_process_keeps_its_segment_while_others_tidy_up(
    domain_id: int, observer: Observer
) -> None:
    from sensor_msgs.msg import Image  # noqa: PLC0415

    with Program(str(CAMERA), "100000", domain_id=domain_id) as camera:
        camera.wait_for_line("^ready$")
        segment = segment_of(camera.pid)
        shm.remove_stale(shm.segments())
        assert segment.exists()
        observer.collect(Image, "image", _best_effort(30)).wait(30)


def in_a_container_with(shm_size: str, script: str) -> str:
    """What a shell prints whose /dev/shm is of another size."""
    shell = ["unshare", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size={shm_size} tmpfs /dev/shm"
    may_mount = shutil.which("unshare") is not None
    if not may_mount or subprocess.run([*shell, mount], check=False).returncode:
        pytest.skip("a small /dev/shm needs the right to mount")
    command = [*shell, f"set -e; {mount}; {script}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout


# Four processes at once, as in a container; each writes its own file.
FOUR = """
cd {folder}
trap 'kill -KILL $pids 2> /dev/null || true' EXIT
for i in 1 2 3 4; do {python} {camera} 0 > $i 2>&1 & pids="$pids $!"; done
until [ $(grep -l ready 1 2 3 4 | wc -l) = 4 ]; do sleep 0.05; done
kill -TERM $pids; wait $pids || true
cat 1 2 3 4
"""


def test_four_processes_share_the_64_mb_of_a_container(domain_id: int, tmp_path: Path) -> None:
    script = FOUR.format(python=sys.executable, camera=CAMERA, folder=tmp_path)
    lines = in_a_container_with("64m", script).splitlines()
    assert lines.count(f"images go through shared memory: {SMALL.name}") == 4
    assert "Error" not in "".join(lines)


def test_a_container_with_room_gets_the_large_profile() -> None:
    script = "from segmentation_node.transport import plan; print(*plan().notes)"
    assert LARGE.name in in_a_container_with("512m", f"{sys.executable} -c '{script}'")
