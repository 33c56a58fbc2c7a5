"""The card in a model bundle: everything that the agent must know about a model, and where the model comes from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

Point = tuple[float, float]
Count = Annotated[int, Field(ge=1, le=1024)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Input(_Part):
    """The image tensor: NHWC, batch of 1. The real value of a pixel p in 0..255 is p * scale + offset."""

    width: int = Field(ge=16, le=1024)
    height: int = Field(ge=16, le=1024)
    dtype: Literal["uint8", "int8", "float32"]
    colour: Literal["RGB", "BGR"]
    scale: float = Field(gt=0)
    offset: float


class Output(_Part):
    """An output tensor by its index among the outputs. A ``scale`` of 0 means float; see Tensor.dequantise.

    The value that the name stands for is ``factor`` times the tensor's real value: this keeps the real values within
    limits that suit the runtime's eight bits.
    """

    name: Literal["age_logits", "gender_logit", "boxes", "scores", "centres", "sizes", "landmarks"]
    index: int = Field(ge=0, le=15)
    shape: tuple[int, ...] = Field(max_length=8)
    dtype: Literal["uint8", "int8", "float32"]
    scale: float = Field(ge=0)
    zero_point: int
    factor: float = Field(1.0, gt=0)

    @model_serializer(mode="wrap")
    def _without_a_factor_of_one(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = serialise(self)
        if values["factor"] == 1:
            del values["factor"]  # bundles without one keep their bytes
        return values


class Crop(_Part):
    """How a face is cut out.

    Attributes:
        landmarks: where the detector's landmarks lie in the crop, in fractions of its side: the eye on the image's
            left, the eye on its right, the nose tip, the mouth.
        margin: without usable landmarks the detector's box is cut out, with this share of it added on each side.
    """

    landmarks: tuple[Point, ...] = Field(min_length=2, max_length=6)
    margin: float = Field(ge=0, le=2)


class Anchors(_Part):
    """Grid of an anchor-based detector: for each layer, the number of cells per side and of anchors in each cell."""

    cells: tuple[Count, ...] = Field(min_length=1, max_length=8)
    per_cell: tuple[Count, ...] = Field(min_length=1, max_length=8)

    @property
    def count(self) -> int:
        """Number of anchors in all layers."""
        return sum(cells**2 * anchors for cells, anchors in zip(self.cells, self.per_cell, strict=True))

    @model_validator(mode="after")
    def _paired(self) -> Anchors:
        if len(self.cells) != len(self.per_cell):
            raise ValueError("cells and per_cell must have one value for each layer")
        return self


class Training(_Part):
    """The data that the weights were trained on, and their source."""

    data: str
    licence: str
    split: str = ""
    source: str = ""


class Card(_Part):
    """The content of ``card.json``."""

    schema_version: Literal[1] = 1
    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    version: str
    task: Literal["demographics", "face-detection"]
    input: Input
    outputs: tuple[Output, ...] = Field(max_length=16)
    crop: Crop | None = None
    anchors: Anchors | None = None
    training: Training
    metrics: dict[str, Any] = Field(default_factory=dict)
    """Figures of the float and the INT8 network on the validation split."""
    calibration: dict[str, Any] = Field(default_factory=dict)
    """Confusion matrices and age errors on the validation split. Age intervals and the census use them."""
    verification: dict[str, Any] = Field(default_factory=dict)
    """Results of comparing INT8 with float during conversion: tolerances, agreement, layers, runtimes."""
    macs: int | None = None
    source_sha256: str = ""
    """SHA-256 of the Keras file, or of the file that was imported."""
    model_sha256: str = ""
    """SHA-256 of the TFLite model in front of the card; empty if the bundle was made without it."""

    def output(self, name: str) -> Output:
        """The output of that name.

        Raises:
            KeyError: the card has no such output.
        """
        for output in self.outputs:
            if output.name == name:
                return output
        raise KeyError(name)
