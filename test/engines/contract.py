"""What every engine must do, whatever its runtime; each engine's tests run all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_network import expected_logits, onnx_bytes, write_network

from segmentation_node.core.geometry import NetworkSize
from segmentation_node.core.preprocess import normalise
from segmentation_node.engines import CpuEngine, open_engine
from segmentation_node.errors import EngineError, ModelError
from segmentation_node.model import Model, load_model

SIZE = NetworkSize(64, 96)


def picture(seed: int = 0, size: NetworkSize = SIZE) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (size.height, size.width, 3), np.uint8)


class EngineContract:
    """Derive from this, and name the engine."""

    engine: str
    exact = 2e-5
    """Largest error of a logit in FP32, next to values of a few units."""

    @pytest.fixture
    def model(self, tmp_path: Path) -> Model:
        return load_model(write_network(tmp_path))

    def open(
        self, model: Model, precision: str = "fp32", size: NetworkSize | None = None
    ) -> CpuEngine:
        return open_engine(model, engine=self.engine, precision=precision, size=size)

    def test_it_says_what_it_is(self, model: Model) -> None:
        with self.open(model) as engine:
            assert engine.name == self.engine
            assert engine.precision == "fp32"
            assert engine.device
            assert any(character.isdigit() for character in engine.runtime)

    def test_shapes_are_those_of_the_size_asked_for(self, model: Model) -> None:
        with self.open(model, size=NetworkSize(32, 64)) as engine:
            assert engine.input.shape == (1, 3, 32, 64)
            assert engine.output.shape == (1, 4, 4, 8)
            assert engine.input_array.shape == (1, 32, 64, 3)
            assert engine.infer().shape == (1, 4, 4, 8)

    def test_without_a_size_the_models_default_is_taken(self, model: Model) -> None:
        with self.open(model) as engine:
            assert engine.input_array.shape == (1, SIZE.height, SIZE.width, 3)

    @pytest.mark.parametrize("order", ["rgb", "bgr"])
    def test_logits_are_those_of_the_defined_preprocessing(
        self, tmp_path: Path, order: str
    ) -> None:
        model = load_model(write_network(tmp_path, order=order))
        with self.open(model) as engine:
            logits = engine.infer(picture())
        wanted = expected_logits(normalise(picture(), model.input), 4, 8)
        assert logits.dtype == np.float32
        assert np.abs(logits - wanted).max() < self.exact

    def test_the_input_may_be_filled_in_place(self, model: Model) -> None:
        with self.open(model) as engine:
            given = engine.infer(picture(1)).copy()
            engine.input_array[:] = 0
            engine.infer()
            engine.input_array[0] = picture(1)
            assert (engine.infer() == given).all()

    def test_input_and_output_keep_their_place_in_memory(self, model: Model) -> None:
        with self.open(model) as engine:
            places = {(engine.input_array.ctypes.data, engine.infer().ctypes.data)}
            places |= {(engine.input_array.ctypes.data, engine.infer().ctypes.data)}
            assert len(places) == 1

    def test_the_same_image_gives_the_same_logits(self, model: Model) -> None:
        with self.open(model) as engine:
            first = engine.infer(picture(1)).copy()
            engine.infer(picture(2))
            assert (engine.infer(picture(1)) == first).all()

    def test_two_engines_do_not_disturb_each_other(self, model: Model) -> None:
        with self.open(model) as one, self.open(model, size=NetworkSize(32, 32)) as other:
            alone = one.infer(picture(1)).copy()
            other.infer(picture(2, NetworkSize(32, 32)))
            assert (one.infer() == alone).all()

    @pytest.mark.parametrize(
        "image",
        [np.zeros((32, 32, 3), np.uint8), np.zeros((*picture().shape,), np.float32)],
        ids=["shape", "type"],
    )
    def test_an_image_that_does_not_fit_is_refused(
        self, model: Model, image: NDArray[np.uint8]
    ) -> None:
        with self.open(model) as engine, pytest.raises(EngineError, match=r"uint8 \(64, 96, 3\)"):
            engine.infer(image)

    def test_closing_twice_is_safe_and_use_afterwards_is_an_error(self, model: Model) -> None:
        engine = self.open(model)
        engine.close()
        engine.close()
        with pytest.raises(EngineError, match="closed"):
            engine.infer()

    @pytest.mark.parametrize("size", [NetworkSize(50, 96), NetworkSize(64, 33)])
    def test_a_size_that_the_network_cannot_take_is_refused(
        self, model: Model, size: NetworkSize
    ) -> None:
        with pytest.raises(ModelError, match="multiples of 32"):
            self.open(model, size=size)

    def test_other_channels_than_labels_are_found_at_load(self, tmp_path: Path) -> None:
        path = write_network(tmp_path, onnx_bytes(classes=5))
        with pytest.raises(ModelError, match=r"'logits' 1x5.*1x4"):
            self.open(load_model(path))

    def test_another_stride_than_the_sidecars_is_found_at_load(self, tmp_path: Path) -> None:
        path = write_network(tmp_path, onnx_bytes(stride=16))
        with pytest.raises(ModelError, match="stride 8"):
            self.open(load_model(path))

    def test_channels_last_are_found_at_load(self, tmp_path: Path) -> None:
        path = write_network(tmp_path, onnx_bytes(channels_last=True))
        with pytest.raises(ModelError, match=r"small\.onnx"):
            self.open(load_model(path))

    def test_a_second_output_is_refused(self, tmp_path: Path) -> None:
        path = write_network(tmp_path, onnx_bytes(outputs=2))
        with pytest.raises(ModelError, match="2 outputs"):
            self.open(load_model(path))

    def test_a_network_of_one_size_runs_at_that_size(self, tmp_path: Path) -> None:
        path = write_network(tmp_path, onnx_bytes(size=(64, 96)), height=64, width=96)
        with self.open(load_model(path)) as engine:
            assert engine.infer(picture()).shape == (1, 4, 8, 12)

    def test_a_network_of_one_size_that_its_sidecar_calls_dynamic_is_refused(
        self, tmp_path: Path
    ) -> None:
        path = write_network(tmp_path, onnx_bytes(size=(64, 96)))
        with pytest.raises(ModelError, match=r"small\.yaml"):
            self.open(load_model(path))

    def test_a_damaged_graph_is_named(self, model: Model) -> None:
        whole = model.path.read_bytes()
        model.path.write_bytes(whole.replace(b"Conv", b"Vonc"))
        with pytest.raises(ModelError, match=r"small\.onnx"):
            self.open(model)

    def test_a_file_that_has_gone_is_named(self, model: Model) -> None:
        gone = replace(model, path=model.path.with_name("gone.onnx"))
        with pytest.raises(ModelError, match=r"gone\.onnx"):
            self.open(gone)
