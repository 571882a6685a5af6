"""What a plan depends on: the key of the engine cache.

A plan holds code for one GPU, one TensorRT and one shape. Loaded anywhere else it is refused at
best, so everything that it depends on is in the key, and a change of any of it is another engine.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from segmentation_node.errors import ConfigError, EngineError
from segmentation_node.fields import Fields

FORMAT = 2
"""Version of the key's and the manifest's form; a plan of another form is built again."""

NAME_LENGTH = 16
"""Hexadecimal digits of a key that name its files: enough for all engines of a machine."""

PORTABLE = "portable"
"""Target of a plan that TensorRT for RTX compiles for the GPU when it is loaded."""

_EXTERNAL = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Gpu:
    """The GPU and the driver that a plan is built on.

    Args:
        name: As the driver gives it, such as `Orin`.
        compute_capability: Such as `8.7`.
        memory_mib: All of its memory.
        driver: Version of the kernel's driver; empty where the system does not say it.
        cuda: Newest CUDA that the driver can run, such as `12.6`.
    """

    name: str
    compute_capability: str
    memory_mib: int
    driver: str
    cuda: str

    def __str__(self) -> str:
        return f"{self.name} (compute capability {self.compute_capability})"


@dataclass(frozen=True)
class EngineKey:
    """Everything that can make a plan wrong.

    Args:
        model_sha256: Hash of the ONNX, with the weights that it keeps in files of their own.
        precision: `fp32`, `fp16` or `int8`.
        shape: (batch, channels, height, width): the largest shape of its input; it takes any
            batch from 1 up to that.
        flavour: `tensorrt` or `rtx`.
        version: TensorRT's version.
        target: `SM86` and the like, or `portable`; empty for the GPU that built it.
        gpu: The GPU that built it; None for a target.
        workspace_mib: Limit on the memory of its layers; None for the GPU's.
        level: Builder optimisation level, 0 to 5.
        tf32: Whether float32 layers may round their inputs to TF32.
    """

    model_sha256: str
    precision: str
    shape: tuple[int, int, int, int]
    flavour: str
    version: str
    target: str
    gpu: Gpu | None
    workspace_mib: int | None
    level: int
    tf32: bool

    def __post_init__(self) -> None:
        if bool(self.target) == (self.gpu is not None):
            raise ConfigError(
                received=f"the target {self.target!r} with the GPU {self.gpu}",
                expected="a target, or the GPU that builds the engine",
                fix="give one of the two",
            )

    @property
    def digest(self) -> str:
        """(64,) hexadecimal digits over all fields."""
        content = json.dumps([FORMAT, asdict(self)], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def name(self) -> str:
        """The key as files and people name it."""
        return self.digest[:NAME_LENGTH]

    @property
    def size(self) -> str:
        """Height x width of the input, in pixels."""
        return f"{self.shape[2]}x{self.shape[3]}"

    @property
    def made_for(self) -> str:
        """The GPU or the target, as a table shows it."""
        return self.target if self.gpu is None else self.gpu.name

    @property
    def words(self) -> dict[str, str]:
        """Every field as people say it; what a plan for a target does not depend on is empty."""
        gpu = self.gpu or Gpu("", "", 0, "", "")
        workspace = "all memory" if self.workspace_mib is None else f"{self.workspace_mib} MiB"
        return {
            "model": self.model_sha256[:12],
            "precision": self.precision,
            "input": "x".join(map(str, self.shape)),
            "flavour": self.flavour,
            "version": self.version,
            "target": self.target,
            "GPU": gpu.name,
            "compute capability": gpu.compute_capability,
            "GPU memory": f"{gpu.memory_mib} MiB" if self.gpu else "",
            "driver": gpu.driver,
            "CUDA": gpu.cuda,
            "workspace": workspace,
            "level": str(self.level),
            "TF32": "allowed" if self.tf32 else "off",
        }

    def differences(self, other: EngineKey) -> list[str]:
        """In what another key differs from this one, as `version 10.3.0, not 10.13.0`."""
        pairs = zip(self.words.items(), other.words.values(), strict=True)
        return [
            f"{word} {theirs or 'none'}, not {ours or 'none'}"
            for (word, ours), theirs in pairs
            if ours != theirs
        ]

    @classmethod
    def read(cls, fields: Fields) -> EngineKey:
        """Read a key out of a manifest.

        Raises:
            EngineError: A value is missing or of the wrong kind.
        """
        shape = fields.integers("shape", 4, 1, 2**31)
        key = cls(
            model_sha256=fields.text("model_sha256"),
            precision=fields.text("precision"),
            shape=(shape[0], shape[1], shape[2], shape[3]),
            flavour=fields.text("flavour"),
            version=fields.text("version"),
            target=fields.text("target", ""),
            gpu=_gpu(fields.child("gpu")) if fields.has("gpu") else None,
            workspace_mib=fields.optional_integer("workspace_mib", 1, 2**31),
            level=fields.integer("level", 0, 5),
            tf32=fields.flag("tf32", False),
        )
        fields.close()
        return key


def _gpu(fields: Fields) -> Gpu:
    gpu = Gpu(
        name=fields.text("name"),
        compute_capability=fields.text("compute_capability"),
        memory_mib=fields.integer("memory_mib", 0, 2**31),
        driver=fields.text("driver", ""),
        cuda=fields.text("cuda", ""),
    )
    fields.close()
    return gpu


def model_sha256(path: Path) -> str:
    """Hash an ONNX file, and the files that it keeps its large weights in.

    Raises:
        EngineError: A file cannot be read, or lies elsewhere than in the ONNX's folder.
    """
    found = hashlib.sha256()
    try:
        data = path.read_bytes()
        found.update(data)
        for name in sorted(set(_external_files(data))):
            with _beside(path, name).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    found.update(chunk)
    except OSError as error:
        raise EngineError(
            received=f"{error.filename or path} ({error.strerror})",
            expected="the ONNX with all files of its weights beside it",
            fix="copy or export the model again",
        ) from error
    return found.hexdigest()


def _beside(path: Path, name: str) -> Path:
    """A file of weights; a network from anywhere must not have any file of the machine read."""
    file = path.parent / name
    is_inside = not Path(name).is_absolute() and ".." not in Path(name).parts
    if not is_inside or (file.exists() and not file.is_file()):
        raise EngineError(
            received=f"{path.name}, which says that its weights are in {name!r}",
            expected="files in the folder of the ONNX",
            fix="export the model again with its weights beside it",
        )
    return file


def _external_files(data: bytes) -> Iterator[str]:
    # In onnx.proto3, TensorProto.external_data lists pairs of texts; the one named "location" is
    # the file. Read as bytes, since the node runs without the onnx package.
    for match in _EXTERNAL.finditer(data):
        yield data[match.end() : match.end() + match[1][0]].decode("utf-8", "replace")
