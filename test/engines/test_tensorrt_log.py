from __future__ import annotations

import logging
import threading

import pytest
from fake_tensorrt import fake_tensorrt

from segmentation_node.engines.tensorrt_log import MESSAGES, MessageLog, logger_of

CUDA = (
    "[checkMacros.cpp::catchCudaError::250] Error Code 1: Cuda Runtime (In catchCudaError at "
    "/_src/common/dispatch/checkMacros.cpp:250 (cudaError 35: CUDA driver version is insufficient "
    "for CUDA runtime version))"
)


def test_errors_are_kept_without_their_places_in_the_sources() -> None:
    log = MessageLog()
    log.add(1, CUDA)
    assert log.last_errors() == (
        "Error Code 1: Cuda Runtime (cudaError 35: CUDA driver version is insufficient for CUDA "
        "runtime version))"
    )


def test_the_last_errors_are_told_in_one_line_each_once() -> None:
    log = MessageLog()
    for text in ("first", "second\n  of two lines", "third", "third"):
        log.add(0, text)
    log.add(2, "a warning")
    assert log.last_errors() == "second of two lines; third"


def test_no_error_is_said_as_well() -> None:
    log = MessageLog()
    log.add(1, "of an earlier build")
    log.clear()
    assert log.last_errors() == "it said nothing"


def test_warnings_reach_pythons_logging_once_a_build(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "segmentation_node.tensorrt")
    log = MessageLog()
    for _ in range(2):
        log.clear()
        for _ in range(3):
            log.add(2, "weights are\nsubnormal")
            log.add(3, "how far it is")
    assert [record.getMessage() for record in caplog.records] == ["weights are subnormal"] * 2


def test_a_process_has_one_logger_for_a_library() -> None:
    library, api = fake_tensorrt()
    logger = logger_of(library)
    assert logger is logger_of(library)
    assert isinstance(logger, api.ILogger)
    MESSAGES.clear()
    logger.log(1, "through TensorRT")
    assert MESSAGES.last_errors() == "through TensorRT"


def test_messages_come_from_any_thread() -> None:
    log = MessageLog()
    threads = [threading.Thread(target=log.add, args=(1, "same")) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert log.last_errors() == "same"
