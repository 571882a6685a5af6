"""Brings together again what three processes saw of each frame, joined on its stamp."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation_node.bags.images import decode_frame
from segmentation_node.bags.reader import BagReader, Message
from segmentation_node.bags.types import typestore
from segmentation_node.core.encodings import to_bgr
from segmentation_node.demo.session import LABELS, Outcome
from segmentation_node.demo.source import Source
from segmentation_node.media.codec import decode_labels


@dataclass(frozen=True, eq=False)
class DemoFrame:
    """One frame that was sent.

    Attributes:
        index: Its number among those sent.
        time_s: When it was sent, seconds after the first.
        image: (H, W, 3) uint8 BGR, the camera image.
        labels: (H, W) uint8 class ids that the node answered with; None where it did not.
        truth: (H, W) uint8 true class ids; None where there are none.
        latency_ms: From being published to its label image being received; None without one.
    """

    index: int
    time_s: float
    image: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    truth: NDArray[np.uint8] | None
    latency_ms: float | None


class Stepper:
    """Walks through messages in step with ascending keys.

    Args:
        messages: The messages, in ascending order of their keys.
        key: Gives the key of a message.
    """

    def __init__(self, messages: Iterator[Message], key: Callable[[Message], int]) -> None:
        self._messages, self._key = messages, key
        self._next = next(messages, None)

    def at(self, wanted: int) -> Message | None:
        """The message with a key, or None; those before it are passed over for good."""
        while self._next is not None and self._key(self._next) < wanted:
            self._next = next(self._messages, None)
        if self._next is None or self._key(self._next) != wanted:
            return None
        return self._next


def frames(source: Source, outcome: Outcome) -> Iterator[DemoFrame]:
    """Yield every frame that was sent, with its answer.

    Args:
        source: The bag that was replayed.
        outcome: What the session left behind.
    """
    with ExitStack() as stack:
        images = Stepper(_messages(stack, source, source.topic), _bag_time)
        truths = Stepper(_messages(stack, source, source.labels_topic), _bag_time)
        recording = stack.enter_context(BagReader(outcome.recording))
        answers = Stepper(_recorded(recording), header_stamp_ns)
        for index, (bag_ns, stamp_ns, _) in enumerate(outcome.sent):
            image, truth = images.at(bag_ns), truths.at(bag_ns)
            answer = answers.at(stamp_ns)
            if image is not None:
                yield DemoFrame(
                    index=index,
                    time_s=(stamp_ns - outcome.sent[0][1]) / 1e9,
                    image=to_bgr(decode_frame(image)),
                    labels=None if answer is None else _label_image(answer),
                    truth=None if truth is None else _true_labels(truth),
                    latency_ms=None if answer is None else (answer.time_ns - stamp_ns) / 1e6,
                )


def header_stamp_ns(message: Message) -> int:
    """The stamp of a serialised message that begins with a header, without decoding the rest."""
    seconds = int.from_bytes(message.data[4:8], "little", signed=True)
    return seconds * 1_000_000_000 + int.from_bytes(message.data[8:12], "little")


def _recorded(recording: BagReader) -> Iterator[Message]:
    return recording.messages([LABELS]) if LABELS in recording.topics else iter(())


def _messages(stack: ExitStack, source: Source, topic: str | None) -> Iterator[Message]:
    if topic is None:
        return iter(())
    # Each walks on its own, so that none has to hold what another has not come to yet.
    return stack.enter_context(BagReader(source.bag)).messages([topic])


def _bag_time(message: Message) -> int:
    return message.time_ns


def _label_image(message: Message) -> NDArray[np.uint8]:
    image: Any = typestore().deserialize_cdr(message.data, message.type)
    rows = np.asarray(image.data, np.uint8).reshape(image.height, image.step)
    return rows[:, : image.width]


def _true_labels(message: Message) -> NDArray[np.uint8]:
    image: Any = typestore().deserialize_cdr(message.data, message.type)
    return decode_labels(bytes(image.data))
