"""The conditions of a simulated scene: size of the crowd, light, lens, sensor and lost frames."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from edge.errors import BadInput
from training.rendering.canvas import PinholeCamera

LIMITS = {
    "crowd": (1, 12), "fps": (5, 30), "width": (320, 1920), "height": (180, 1080), "light": (0.05, 1.5),
    "flicker": (0, 0.9), "blur": (0, 6), "shutter_s": (0, 0.2), "noise": (0, 40), "dropped": (0, 0.9),
}  # fmt: skip
"""Lowest and highest value of each condition."""


@dataclass(frozen=True)
class Conditions:
    """What makes a scene easy or hard.

    Attributes:
        crowd: largest number of patrons at a time; the next ones come as soon as there is room for them.
        fps: frames a second.
        width, height: pixels of a frame.
        light: brightness as a factor.
        flicker: share (0..1) by which the light changes, slowly and at times suddenly.
        blur: blur of the lens, standard deviation in pixels.
        shutter_s: seconds for which a frame is exposed; what moves meanwhile is smeared.
        noise: noise of the sensor, standard deviation in grey levels.
        dropped: share (0..1) of the frames that are lost.
    """

    crowd: int = 2
    fps: int = 15
    width: int = 960
    height: int = 540
    light: float = 1.0
    flicker: float = 0.1
    blur: float = 0.6
    shutter_s: float = 0.0
    noise: float = 2.0
    dropped: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            low, high = LIMITS[field.name]
            value = getattr(self, field.name)
            if not low <= value <= high:
                raise BadInput(f"{field.name} = {value}: must be between {low:g} and {high:g}")
        if self.width % 2 or self.height % 2:
            raise BadInput(f"{self.width}x{self.height}: video needs an even width and height")

    @property
    def camera(self) -> PinholeCamera:
        """The camera: eye level, about 56 degrees wide."""
        return PinholeCamera(self.width, self.height, 0.9375 * self.width, 0.4 * self.height)


PRESETS = {
    "calm": Conditions(),
    "busy": Conditions(crowd=6, width=1280, height=720, noise=3, flicker=0.15, blur=0.7),
    "rough": Conditions(
        crowd=3, fps=8, width=1280, height=720, light=0.4, flicker=0.3, blur=1.2, shutter_s=0.04, noise=8, dropped=0.1
    ),
}
"""Scenes by name."""


def conditions_of(scene: str, **changes: float | int | None) -> Conditions:
    """A preset by name with some conditions changed; a value of None keeps the preset's.

    Raises:
        BadInput: there is no such preset, or a value is outside :data:`LIMITS`.
    """
    if scene not in PRESETS:
        raise BadInput(f"{scene}: no such scene; there are {', '.join(PRESETS)}")
    return replace(PRESETS[scene], **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]
