"""The card inside a model bundle: everything the agent must know about a model, and where it comes from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

Point = tuple[float, float]
Count = Annotated[int, Field(ge=1, le=1024)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Input(_Part):
    """The image tensor: NHWC, batch 1. Real value of a pixel p in 0..255: p * scale + offset."""

    width: int = Field(ge=16, le=1024)
    height: int = Field(ge=16, le=1024)
    dtype: Literal["uint8", "int8", "float32"]
    colour: Literal["RGB", "BGR"]
    scale: float = Field(gt=0)
    offset: float


class Output(_Part):
    """An output tensor by its index among the outputs; a ``scale`` of 0 means float, see Tensor.dequantise.

    What its name says is ``factor`` times its real value: eight bits have limits that suit the runtime.
    """

    name: Literal["age_logits", "gender_logit", "boxes", "scores", "centres", "sizes", "landmarks"]
    index: int = Field(ge=0, le=15)
    shape: tuple[int, ...] = Field(max_length=8)
    dtype: Literal["uint8", "int8", "float32"]
    scale: float = Field(ge=0)
    zero_point: int
    factor: float = Field(1.0, gt=0)

    @model_serializer(mode="wrap")
    def _without_a_factor_of_one(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = written(self)
        if values["factor"] == 1:
            del values["factor"]  # bundles that have none stay what they are, to the byte
        return values


class Crop(_Part):
    """How a face is cut out: where the detector's landmarks lie in the crop (fractions of its side), and the fallback.

    ``landmarks``: eye on the image's left, eye on its right, nose tip, mouth. ``margin``: share of the detector's box
    added on each side where there are no usable landmarks.
    """

    landmarks: tuple[Point, ...] = Field(min_length=2, max_length=6)
    margin: float = Field(ge=0, le=2)


class Anchors(_Part):
    """Grid of an anchor-based detector: for each layer its cells per side and the anchors in each cell."""

    cells: tuple[Count, ...] = Field(min_length=1, max_length=8)
    per_cell: tuple[Count, ...] = Field(min_length=1, max_length=8)

    @property
    def count(self) -> int:
        """Anchors of all layers."""
        return sum(cells**2 * anchors for cells, anchors in zip(self.cells, self.per_cell, strict=True))

    @model_validator(mode="after")
    def _paired(self) -> Anchors:
        if len(self.cells) != len(self.per_cell):
            raise ValueError("cells and per_cell must have one value for each layer")
        return self


class Training(_Part):
    """What the weights were made from."""

    data: str
    licence: str
    split: str = ""
    source: str = ""


class Card(_Part):
    """``card.json``."""

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
    """Float and INT8 figures on the validation split."""
    calibration: dict[str, Any] = Field(default_factory=dict)
    """Confusion matrices and age errors on the validation split, for intervals and for the census."""
    verification: dict[str, Any] = Field(default_factory=dict)
    """What conversion found when it compared INT8 with float: tolerances, agreement, layers, runtimes."""
    macs: int | None = None
    source_sha256: str = ""
    """Of the Keras file, or of what was imported."""
    model_sha256: str = ""
    """Of the TFLite model in front of the card; empty where whoever made the bundle did not say."""

    def output(self, name: str) -> Output:
        """The output of that name.

        Raises:
            KeyError: the card has none.
        """
        for output in self.outputs:
            if output.name == name:
                return output
        raise KeyError(name)
