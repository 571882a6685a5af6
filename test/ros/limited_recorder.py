"""The recorder's own program on a disk that is full from the first message on.

Not from the start: the middleware's shared memory lies in files as well.
"""

from __future__ import annotations

import resource
import sys
from typing import Any

from segmentation_node.bags.writer import BagWriter
from segmentation_node.ros.recorder import main

LIMIT = 100_000
write = BagWriter.write


def limited(self: BagWriter, *words: Any) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    write(self, *words)


if __name__ == "__main__":
    BagWriter.write = limited  # type: ignore[method-assign]
    sys.exit(main())
