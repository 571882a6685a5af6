from __future__ import annotations

import threading

import pytest

from segmentation_node.ros.byte_queue import ByteQueue


def test_items_come_out_in_order_until_it_is_closed() -> None:
    queue: ByteQueue[int] = ByteQueue(100)
    assert all(queue.put(number, 10) for number in range(5))
    queue.close()
    assert not queue.put(9, 10)
    assert list(queue) == [0, 1, 2, 3, 4]


def test_whoever_puts_waits_for_room() -> None:
    queue: ByteQueue[int] = ByteQueue(10)
    producer = threading.Thread(target=lambda: [queue.put(n, 6) for n in range(50)])
    producer.start()
    taken = []
    for number in queue:
        taken.append(number)
        if number == 49:
            queue.close()
    producer.join()
    assert taken == list(range(50))


def test_one_item_larger_than_the_queue_is_let_in() -> None:
    queue: ByteQueue[str] = ByteQueue(10)
    assert queue.put("large", 1000)
    queue.wait_until_filled()


def test_closing_frees_whoever_waits_to_put() -> None:
    queue: ByteQueue[int] = ByteQueue(10)
    queue.put(1, 10)
    answers = []
    producer = threading.Thread(target=lambda: answers.append(queue.put(2, 10)))
    producer.start()
    queue.close()
    producer.join()
    assert answers == [False]


def test_an_error_on_the_putting_side_is_raised_where_items_are_taken() -> None:
    queue: ByteQueue[int] = ByteQueue(10)
    queue.put(1, 1)
    queue.close(ValueError("broken"))
    taken = iter(queue)
    assert next(taken) == 1
    with pytest.raises(ValueError, match="broken"):
        next(taken)
