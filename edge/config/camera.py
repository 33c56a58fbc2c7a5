"""[camera]: where frames come from."""

from __future__ import annotations

from pydantic import Field

from edge.config.section import Section


class Camera(Section):
    """The camera, and the frames that it is asked to deliver."""

    source: str = Field(
        "picamera2:", title="Source",
        description="picamera2: (CSI camera), v4l2:/dev/video0 (USB), rtsp://… , a video file or a folder of images.",
        min_length=1,
    )  # fmt: skip
    width: int = Field(
        1280, title="Width", description="Frame width to ask a live camera for, in pixels.", ge=320, le=1920
    )
    height: int = Field(
        720, title="Height", description="Frame height to ask a live camera for, in pixels.", ge=240, le=1080
    )
    fps: float = Field(15.0, title="Frame rate", description="Frames per second to ask a live camera for.", ge=1, le=60)
    stall_s: float = Field(
        10.0, title="Stall", description="Seconds without a frame after which the camera is reopened.", ge=1, le=50
    )
    loop: bool = Field(
        False, title="Loop", description="Play a recording again from its start when it ends, as the demo does."
    )
