"""Keeping a live camera running: its newest frame on request, and a new start whenever the camera fails."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from edge.cameras.camera import Camera
from edge.cameras.frame import Frame
from edge.system.backoff import Backoff

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReopenPolicy:
    """When a camera counts as failed, and when it is opened again.

    Attributes:
        stall_s: seconds without a frame after which a camera counts as stalled.
        open_s: seconds that opening may take.
        first_s: longest wait before the first new attempt, in seconds; it doubles with every failure in a row.
        cap_s: longest wait of all, in seconds.
        jitter: share of the wait that is random, 0..1, so that many devices do not connect all at once.
        max_hung: how many reads may hang in native code at the same time; then no further one is started.
    """

    stall_s: float = 10.0
    open_s: float = 30.0
    first_s: float = 0.5
    cap_s: float = 60.0
    jitter: float = 0.5
    max_hung: int = 4

    def backoff(self) -> Backoff:
        """The waits between attempts, from the shortest on."""
        return Backoff(self.cap_s, random.SystemRandom().random, first_s=self.first_s, jitter=self.jitter)


class CameraState(StrEnum):
    """What a supervised camera is doing."""

    OPENING = "opening"
    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"
    STOPPED = "stopped"


@dataclass(frozen=True)
class CameraStatus:
    """How a supervised camera has been doing.

    Attributes:
        state: opening, running (frames arrive), waiting (failed, will be opened again), ended (of a recording),
            stopped.
        frames: frames captured.
        dropped: how many of these were replaced by a newer one before they were used.
        reopened: attempts to open the camera again.
        hung: abandoned reads that still hang in native code. At the policy's `max_hung` only a restart helps.
        last_error: why the camera failed last, None if it never did.
        last_frame_s: when the newest frame arrived, in seconds of `time.monotonic`; None if none did.
    """

    state: CameraState
    frames: int
    dropped: int
    reopened: int
    hung: int
    last_error: str | None
    last_frame_s: float | None


class _Reader(threading.Thread):
    """Opens one camera, reads it to its end, closes it. The lock that guards its fields is the owner's."""

    def __init__(self, owner: LatestFrame) -> None:
        # A daemon: a thread that hangs in a driver must not keep the program from ending.
        super().__init__(name=f"camera {owner.name}", daemon=True)
        self._owner = owner
        self.progress_s = time.monotonic()
        self.first_frame_s: float | None = None
        self.opened = False
        self.error: str | None = None
        self.finished = False

    @property
    def streamed_s(self) -> float:
        """Seconds between the first frame and the last sign of life."""
        return 0.0 if self.first_frame_s is None else self.progress_s - self.first_frame_s

    def run(self) -> None:
        """Read until the end, until a failure, or until another reader has replaced this one."""
        camera: Camera | None = None
        try:
            camera = self._owner.open_camera()
            self._note(opened=True)
            while (frame := camera.read()) is not None and self._owner._publish(self, frame):
                pass
        except Exception as error:
            # Whatever went wrong, the reaction is the same: report it and open the camera again.
            self._note(error=str(error) or type(error).__name__)
        try:
            if camera is not None:
                camera.close()
        except Exception as error:
            self._note(error=self.error or f"closing failed: {error}")
        finally:
            self._note(finished=True)

    def _note(self, *, opened: bool = False, error: str | None = None, finished: bool = False) -> None:
        with self._owner._changed:
            self.opened |= opened
            self.error = error or self.error
            self.finished |= finished
            self.progress_s = time.monotonic()
            self._owner._changed.notify_all()


class LatestFrame:
    """Captures in its own thread and returns only the newest frame.

    A camera that raises an error, or delivers no frame for a while, is reported in the log, closed and opened again,
    for ever; the consumer only notices that `wait` returns None. A read that hangs in native code cannot be
    interrupted: its thread is abandoned, can never deliver a frame again, and closes its camera if it ever returns.

    Args:
        open_camera: opens the camera; called again after every failure.
        name: what to call the camera in the log.
        policy: when a camera counts as failed, and when it is opened again.
    """

    def __init__(self, open_camera: Callable[[], Camera], *, name: str, policy: ReopenPolicy | None = None) -> None:
        self.open_camera = open_camera
        self.name = name
        self._policy = policy or ReopenPolicy()
        self._changed = threading.Condition()  # guards everything below
        self._supervisor: threading.Thread | None = None
        self._stopping = False
        self._reader: _Reader | None = None
        self._hung: list[_Reader] = []
        self._newest: Frame | None = None
        self._state = CameraState.STOPPED
        self._frames = self._dropped = self._reopened = 0
        self._last_error: str | None = None
        self._last_frame_s: float | None = None

    def start(self) -> None:
        """Begin to capture in the background.

        Raises:
            RuntimeError: it was started before.
        """
        if self._supervisor is not None:
            raise RuntimeError(f"{self.name} was started before")
        self._state = CameraState.OPENING
        self._supervisor = threading.Thread(target=self._supervise, name=f"watch {self.name}", daemon=True)
        self._supervisor.start()

    def wait(self, timeout_s: float) -> Frame | None:
        """Wait for a frame that was not returned yet.

        Returns:
            The newest frame, or None if none arrived in time, a recording is over, or capturing was stopped.
        """
        over = (CameraState.ENDED, CameraState.STOPPED)
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._state in over, timeout_s)
            frame, self._newest = self._newest, None
            return frame

    def stop(self) -> None:
        """Stop capturing and close the camera; a read in progress may take `stall_s`. Stopping twice is fine."""
        with self._changed:
            self._stopping = True
            reader, self._reader = self._reader, None
            self._newest = None
            self._state = CameraState.STOPPED
            self._changed.notify_all()
        if self._supervisor is not None:
            self._supervisor.join()
        if reader is not None:
            reader.join(self._policy.stall_s)

    @property
    def status(self) -> CameraStatus:
        """How the camera has been doing since the start."""
        with self._changed:
            hung = sum(not reader.finished for reader in self._hung)
            return CameraStatus(
                self._state, self._frames, self._dropped, self._reopened, hung, self._last_error, self._last_frame_s
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _publish(self, reader: _Reader, frame: Frame) -> bool:
        """Accept a frame from the reader; False if the reader has been replaced and should end."""
        with self._changed:
            if reader is not self._reader:
                return False
            now_s = time.monotonic()
            reader.progress_s = now_s
            reader.first_frame_s = reader.first_frame_s or now_s
            self._dropped += self._newest is not None
            self._newest = frame
            self._frames += 1
            self._last_frame_s = now_s
            self._state = CameraState.RUNNING
            self._changed.notify_all()
        return True

    def _supervise(self) -> None:
        backoff = self._policy.backoff()
        while (reason := self._run_once()) is not None:
            if reason.recovered:
                backoff.reset()
            delay_s = backoff.next()
            log.warning("camera %s: %s; opening it again in %.1f s", self.name, reason.text, delay_s)
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, delay_s):
                    return
                self._reopened += 1
                self._state = CameraState.OPENING

    def _run_once(self) -> _Failure | None:
        """Run one reader until it fails; None if it came to its end or capturing was stopped."""
        with self._changed:
            self._hung = [reader for reader in self._hung if not reader.finished]
            if self._stopping:
                return None
            if len(self._hung) >= self._policy.max_hung:
                text = f"{len(self._hung)} reads hang in the driver; replug the camera or restart the service"
                return self._failed(text, recovered=False)
            self._reader = reader = _Reader(self)
            reader.start()
            while self._reader is reader and not reader.finished:
                limit_s = self._policy.stall_s if reader.opened else self._policy.open_s
                left_s = reader.progress_s + limit_s - time.monotonic()
                if left_s <= 0:
                    self._hung.append(reader)
                    what = "gave no frame" if reader.opened else "did not open"
                    text = reader.error or f"the camera {what} for {limit_s:g} s"
                    return self._failed(text, recovered=reader.streamed_s >= self._policy.stall_s)
                self._changed.wait(left_s)
            if self._stopping:
                return None
            if reader.error is not None:
                return self._failed(reader.error, recovered=reader.streamed_s >= self._policy.stall_s)
            self._reader = None
            self._state = CameraState.ENDED
            self._changed.notify_all()
            return None

    def _failed(self, text: str, *, recovered: bool) -> _Failure:
        self._reader = None  # from now on its frames are ignored
        self._newest = None
        self._last_error = text
        self._state = CameraState.WAITING
        return _Failure(text, recovered)


@dataclass(frozen=True)
class _Failure:
    """Why a reader failed, and whether it had worked for so long that the waits begin with the shortest again."""

    text: str
    recovered: bool
