"""The whole race: who can keep which rate, then all contenders in turns, round after round."""

from __future__ import annotations

import datetime
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.race.contenders import CONTENDERS, RACERS
from benchmarks.race.course import Course, Run, Setting, drive
from benchmarks.race.goals import judge, to_mapping
from benchmarks.race.plan import Plan, judged_rate, paces
from benchmarks.race.results import result_of
from segmentation_node.bench.benchmark.machine import OtherLoad, machine, versions
from segmentation_node.bench.camera_images import read_frames
from segmentation_node.core.geometry import NetworkSize
from segmentation_node.errors import TransportError

IMAGES = 8
"""Different images that are sent in turns."""

Tell = Callable[[str], None]
Runs = dict[tuple[Setting, str], list[Run]]


def race(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Race.

    Args:
        plan: What is raced. Contenders whose packages are missing are left out.
        tell: Is told what is done next.

    Returns:
        The figures of each contender on each course, the goals, and what they depend on.

    Raises:
        TransportError: A program ended in the trial that should not have, or hung. Later this is
            noted, and the race goes on.
        ConfigError: A contender answered nothing in the trial.
        MediaError: The folder of images cannot be read.
    """
    begun, load = datetime.datetime.now(datetime.timezone.utc), OtherLoad()
    plan, left_out = _present(plan, tell)
    with courses(plan) as course_of:
        trials = {camera: _trial(plan, camera, course_of, tell) for camera in plan.cameras}
        runs, failures = _all_turns(plan, trials, course_of, tell)
    results = [
        result_of(name, CONTENDERS[name].title, setting, of_one)
        for (setting, name), of_one in runs.items()
    ]
    judged = {str(camera): trial.judged_hz for camera, trial in trials.items()}
    return {
        "format": 1,
        "date": begun.isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "other_load": load.to_mapping(),
        "computation": asdict(plan.computation),
        "seconds": plan.seconds,
        "rounds": plan.rounds,
        "left_out": left_out,
        "failures": failures,
        "judged_rate_hz": judged,
        "answers_hz": {str(camera): trial.answers_hz for camera, trial in trials.items()},
        "results": results,
        "goals": [to_mapping(goal) for goal in judge(results, judged)],
    }


@contextmanager
def courses(plan: Plan) -> Iterator[Callable[[Setting, float], Course]]:
    """What makes a course of a setting and its length in seconds, while the block lasts.

    Args:
        plan: Names the images.
    """
    with tempfile.TemporaryDirectory(prefix="race_") as folder:
        files = {camera: Path(folder) / f"{camera}.npy" for camera in plan.cameras}
        for camera, file in files.items():
            np.save(file, np.stack(read_frames(plan.images, camera, IMAGES)))

        def course(setting: Setting, seconds: float) -> Course:
            return Course(setting, files[setting.camera], seconds, plan.warm_up_s, plan.domain_id)

        yield course


def _present(plan: Plan, tell: Tell) -> tuple[Plan, dict[str, str]]:
    """The plan with those contenders whose packages are installed, and why the others are out."""
    missing = {name: ", ".join(CONTENDERS[name].missing) for name in plan.names}
    left_out = {name: f"not installed: {lacking}" for name, lacking in missing.items() if lacking}
    for name, reason in left_out.items():
        tell(f"{CONTENDERS[name].title} is left out: {reason}")
    return replace(plan, names=tuple(n for n in plan.names if n not in left_out)), left_out


@dataclass(frozen=True)
class _Trial:
    """What was found before the race, for one camera.

    Args:
        answers_hz: What each contender answered per second under load; empty without a trial.
        judged_hz: The rate at which the goals are judged.
    """

    answers_hz: dict[str, float]
    judged_hz: float


def _trial(
    plan: Plan, camera: NetworkSize, course_of: Callable[[Setting, float], Course], tell: Tell
) -> _Trial:
    racers = [name for name in plan.names if name in RACERS]
    if plan.slow_rate_hz is not None or not racers:
        return _Trial({}, min(plan.slow_rate_hz or plan.rate_hz, plan.rate_hz))
    course = course_of(Setting(camera, plan.rate_hz, reliable=True), plan.trial_s)
    answers_hz: dict[str, float] = {}
    for name in racers:
        tell(f"trial: {CONTENDERS[name].title}, {course.setting}")
        answers_hz[name] = drive(CONTENDERS[name], plan.computation, course).answers_hz
    return _Trial(answers_hz, judged_rate(answers_hz, plan.rate_hz))


def _all_turns(
    plan: Plan,
    trials: dict[NetworkSize, _Trial],
    course_of: Callable[[Setting, float], Course],
    tell: Tell,
) -> tuple[Runs, list[str]]:
    """What each contender did on each course, and what went wrong."""
    runs: Runs = defaultdict(list)
    failures = []
    for number, setting, name in _turns(plan, trials):
        what = f"round {number} of {plan.rounds}, {setting}: {CONTENDERS[name].title}"
        tell(what)
        try:
            run = drive(CONTENDERS[name], plan.computation, course_of(setting, plan.turn_s))
        except TransportError as error:
            # An hour of figures is not to be lost with one turn.
            failures.append(f"{what}: {error}")
            tell(failures[-1])
        else:
            runs[setting, name].append(run)
    return runs, failures


def _turns(plan: Plan, trials: dict[NetworkSize, _Trial]) -> Iterator[tuple[int, Setting, str]]:
    courses = [
        (setting, names)
        for camera, trial in trials.items()
        for rate_hz, names in paces(
            plan.names, trial.answers_hz, trial.judged_hz, plan.rate_hz
        ).items()
        for setting in plan.settings(camera, rate_hz)
    ]
    for number, order in enumerate(plan.turns(), start=1):
        for setting, names in courses:
            yield from ((number, setting, name) for name in order if name in names)
