"""What the tests of training share: they need torch."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import pytest


class Skipped(pytest.Module):
    """A file of tests that cannot even be imported here."""

    def collect(self):
        pytest.skip("torch is not installed", allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    """Skip this folder, and say why, where there is no torch."""
    if find_spec("torch") is None:
        return Skipped.from_parent(parent, path=module_path)
    return None


@pytest.fixture
def narrow_networks(monkeypatch):
    """The paper's and the article's networks with a sixteenth of their channels, for seconds."""
    from segmentation_node.training.networks import registry  # noqa: PLC0415 - needs torch

    rows = {
        name: replace(entry, create=partial(entry.create, width=1 / 16))
        if entry.published.name
        else entry
        for name, entry in registry.NETWORKS.items()
    }
    monkeypatch.setattr(registry, "NETWORKS", rows)
