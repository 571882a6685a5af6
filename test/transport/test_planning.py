from __future__ import annotations

import os
from pathlib import Path

import pytest

from segmentation_node.transport import TransportPlan, plan, prepare_process
from segmentation_node.transport import planning as subject
from segmentation_node.transport.profiles import LARGE, NEW_VARIABLE, OLD_VARIABLE, SMALL
from segmentation_node.transport.shm import Room

MIB = 1 << 20
AMPLE = Room(8192 * MIB, 8000 * MIB)
CONTAINER = Room(64 * MIB, 64 * MIB)


def test_an_untouched_machine_gets_the_large_profile_under_both_names() -> None:
    chosen = plan({}, AMPLE)
    assert chosen.profile == LARGE.path
    assert chosen.variables[OLD_VARIABLE] == chosen.variables[NEW_VARIABLE] == str(LARGE.path)
    assert chosen.warnings == ()


@pytest.mark.parametrize("distribution", ["humble", "jazzy"])
def test_old_distributions_get_the_name_that_they_read(distribution: str) -> None:
    assert OLD_VARIABLE in plan({"ROS_DISTRO": distribution}, AMPLE).variables


def test_kilted_is_not_given_the_name_that_it_warns_of() -> None:
    variables = plan({"ROS_DISTRO": "kilted"}, AMPLE).variables
    assert NEW_VARIABLE in variables
    assert OLD_VARIABLE not in variables


def test_the_allocator_is_told_to_keep_the_memory_of_images() -> None:
    variables = plan({}, AMPLE).variables
    image_bytes = 3840 * 2160 * 3
    assert int(variables["MALLOC_MMAP_THRESHOLD_"]) > image_bytes
    assert int(variables["MALLOC_TRIM_THRESHOLD_"]) > image_bytes


@pytest.mark.parametrize(
    "own",
    [
        {OLD_VARIABLE: "/home/me/profile.xml"},
        {NEW_VARIABLE: "/home/me/profile.xml"},
        {"FASTDDS_BUILTIN_TRANSPORTS": "UDPv4"},
        {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"},
        {"RMW_IMPLEMENTATION": "rmw_zenoh_cpp"},
    ],
)
def test_the_users_own_dds_settings_win_and_are_named(own: dict[str, str]) -> None:
    chosen = plan(own, AMPLE)
    assert not {OLD_VARIABLE, NEW_VARIABLE} & set(chosen.variables)
    assert next(iter(own.values())) in " ".join(chosen.notes)
    assert chosen.warnings == ()


@pytest.mark.parametrize("rmw", ["rmw_fastrtps_cpp", "rmw_fastrtps_dynamic_cpp"])
def test_both_fast_dds_layers_get_the_profile(rmw: str) -> None:
    assert plan({"RMW_IMPLEMENTATION": rmw}, AMPLE).profile == LARGE.path


def test_a_profile_in_the_working_folder_is_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "DEFAULT_FASTRTPS_PROFILES.xml").write_text("<profiles/>")
    monkeypatch.chdir(tmp_path)
    assert OLD_VARIABLE not in plan({}, AMPLE).variables
    assert OLD_VARIABLE in plan({"SKIP_DEFAULT_XML_FILE": "1"}, AMPLE).variables


@pytest.mark.parametrize(
    "own", [{"MALLOC_ARENA_MAX": "2"}, {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}]
)
def test_the_users_own_malloc_settings_win(own: dict[str, str]) -> None:
    chosen = plan(own, AMPLE)
    assert not any(name.startswith("MALLOC_") for name in chosen.variables)
    assert next(iter(own)) in " ".join(chosen.notes)


def test_a_container_gets_the_small_profile_and_is_told_how_to_get_more() -> None:
    chosen = plan({}, CONTAINER)
    assert chosen.profile == SMALL.path
    assert any("--shm-size" in note for note in chosen.notes)
    assert chosen.warnings == ()


def test_four_processes_fit_into_a_container_one_after_the_other() -> None:
    free = CONTAINER.free_bytes
    for _ in range(4):
        assert plan({}, Room(CONTAINER.total_bytes, free)).profile == SMALL.path
        free -= SMALL.process_bytes


@pytest.mark.parametrize("room", [Room(8 * MIB, 8 * MIB), Room(64 * MIB, 1 * MIB)])
def test_too_little_shared_memory_is_a_warning_with_a_remedy_and_no_profile(room: Room) -> None:
    chosen = plan({}, room)
    assert chosen.profile is None
    assert OLD_VARIABLE not in chosen.variables
    assert "doctor --clean-shm" in chosen.warnings[0]


def test_no_shared_memory_at_all_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject.shm, "room", lambda: None)
    assert "no /dev/shm" in plan({}).warnings[0]


def test_our_own_profile_in_the_environment_is_checked_for_room() -> None:
    ours = {OLD_VARIABLE: str(LARGE.path)}
    assert plan(ours, AMPLE).warnings == ()
    assert "64 MiB free" in plan(ours, CONTAINER).warnings[0]


def test_a_second_look_at_a_prepared_environment_changes_nothing() -> None:
    prepared = dict(plan({}, AMPLE).variables)
    again = plan(prepared, AMPLE)
    assert {**prepared, **again.variables} == prepared
    assert again.profile == LARGE.path


def test_prepare_process_sets_this_process_and_its_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (OLD_VARIABLE, NEW_VARIABLE, "FASTDDS_BUILTIN_TRANSPORTS", "RMW_IMPLEMENTATION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(subject, "tidy_plan", lambda: plan({}, AMPLE))
    chosen = prepare_process()
    assert isinstance(chosen, TransportPlan)
    assert os.environ[OLD_VARIABLE] == str(LARGE.path)
