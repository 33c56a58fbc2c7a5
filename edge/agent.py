"""The agent: camera -> pipeline -> store -> outbox, supervised."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from dataclasses import replace
from statistics import median

from edge.cameras import Camera, CameraState, Frame, LatestFrame, Playback, ReopenPolicy, open_camera
from edge.cameras.open import redact
from edge.census.closing import WindowCloser
from edge.census.shares import ShareEstimator
from edge.census.window import Traffic, Window
from edge.clock import clock_quality, wall_time
from edge.config.settings import Settings
from edge.counting.pipeline import Eyes, Pipeline
from edge.counting.visit import Visit
from edge.machine import resident_mb, temperature_c
from edge.store import Health, Store
from edge.store.store import Event
from edge.systemd import notify
from edge.uplink import ModelIdentity, Sender, census_event

log = logging.getLogger(__name__)
HEARTBEAT_S = 2.0
PRUNE_S = 3600.0
WAIT_S = 0.5
"""Longest wait for a frame before the other duties get their turn."""
RATE_S = 10.0
"""Frame rate and latency are those of the last seconds."""
# Well-formed names of what may be away now and come back later; all others are judged before anything starts.
DEVICE = re.compile(r"picamera2:\d*|v4l2:/.+|(rtsps?|https?)://[^/].*")


class Agent:
    """Runs until :meth:`stop`, or until a recording is over.

    Raises (when made):
        BadInput: camera, models or secret cannot be used as configured.
        StoreError: the database cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        if not DEVICE.fullmatch(settings.camera.source):
            open_source(settings).close()
        self._settings = settings
        self._eyes = Eyes.open(settings)
        self._pipeline = Pipeline(settings, self._eyes)
        self._store = Store.open(settings.store.path)
        self._sender = Sender(settings.uplink, settings.store.path)
        self._camera = LatestFrame(
            lambda: open_source(settings),
            name=redact(settings.camera.source),
            policy=ReopenPolicy(stall_s=settings.camera.stall_s),
        )
        card = self._eyes.demographics.card
        self._shares = ShareEstimator.of(card, settings.census)
        self._model = ModelIdentity(card.name, card.version, self._eyes.demographics.sha256)
        self._closer = WindowCloser(settings, self._store, self._event_of, time.time())
        self._stopping = threading.Event()
        self._started_at = time.time()
        self._frames = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=1000)
        self._beaten_s = self._pruned_s = -PRUNE_S

    def stop(self) -> None:
        """Ask the loop to end; may be called from a signal handler or another thread."""
        self._stopping.set()

    def run(self) -> None:
        """The frame loop. Visits in progress are counted before it returns."""
        self._closer.catch_up()
        self._camera.start()
        self._sender.start()
        notify("READY=1")
        log.info("counting at %s", self._camera.name)
        try:
            while not self._stopping.is_set() and self._camera.status.state != CameraState.ENDED:
                self._turn(self._camera.wait(WAIT_S))
        finally:
            notify("STOPPING=1")
            self._camera.stop()
            self._record(self._pipeline.finish())
            self._duties(last=True)
            self._sender.stop()
            self._store.close()

    def _turn(self, frame: Frame | None) -> None:
        if frame is not None:
            visits = self._pipeline.process(frame)
            self._frames += 1
            now_s = time.monotonic()
            self._recent.append((now_s, now_s - frame.time_s))
            self._record(visits)
            notify("WATCHDOG=1")
        elif self._camera_is_away():
            self._record(self._pipeline.finish())
            # The supervisor is at work on the camera and says so: killing the agent would not bring it back sooner.
            # Reads that hang in a driver are what only a restart cures: then the watchdog shall bite.
            if not self._camera.status.hung:
                notify("WATCHDOG=1")
        self._duties()

    def _camera_is_away(self) -> bool:
        status = self._camera.status
        lost = status.last_frame_s is None or time.monotonic() - status.last_frame_s > self._settings.counting.lost_s
        return lost and status.state in (CameraState.WAITING, CameraState.OPENING)

    def _record(self, visits: list[Visit]) -> None:
        if visits:
            at_wall = [
                replace(visit, started_at=wall_time(visit.started_at), ended_at=wall_time(visit.ended_at))
                for visit in visits
            ]
            self._store.record(at_wall, time.time())
            log.info("counted %d, in view %d", len(visits), self._pipeline.in_view)

    def _duties(self, *, last: bool = False) -> None:
        now, now_s = time.time(), time.monotonic()
        if self._closer.tick(now, Traffic(self._frames, self._camera.status.dropped)):
            self._sender.wake()
        if last or now_s - self._beaten_s >= HEARTBEAT_S:
            self._beaten_s = now_s
            self._store.heartbeat.write(self._health(now, now_s))
        if now_s - self._pruned_s >= PRUNE_S:
            self._pruned_s = now_s
            dropped = self._store.prune(now, self._settings.store)
            if dropped:
                log.warning("dropped %d events that could not be delivered in time", dropped)

    def _health(self, now: float, now_s: float) -> Health:
        camera = self._camera.status
        recent = [latency for at_s, latency in self._recent if at_s > now_s - RATE_S]
        return Health(
            at=now, started_at=self._started_at,
            camera={CameraState.WAITING: "failed", CameraState.STOPPED: "ended"}.get(camera.state, str(camera.state)),
            camera_source=self._camera.name,
            camera_error=None if camera.state == CameraState.RUNNING else camera.last_error,
            frames=self._frames, dropped=camera.dropped,
            fps=len(recent) / min(RATE_S, max(now - self._started_at, 1.0)),
            latency_ms=1000 * median(recent) if recent else 0.0,
            temperature_c=temperature_c(), memory_mb=resident_mb(),
            model=f"{self._model.name} {self._model.version}", uplink=self._sender.state,
            people_in_view=self._pipeline.in_view,
        )  # fmt: skip

    def _event_of(self, window: Window) -> Event | None:
        if not self._settings.uplink.url:
            return None
        return census_event(window, self._settings, self._model, clock_quality(), self._shares)


def open_source(settings: Settings) -> Camera:
    """The configured camera; a recording is played in real time, as if it happened now.

    Raises:
        BadInput: the source has no known form, or the recording cannot be used.
        CameraError: the device or stream does not answer now.
    """
    wanted = settings.camera

    def opened() -> Camera:
        return open_camera(wanted.source, size=(wanted.width, wanted.height), fps=wanted.fps)

    camera = opened()
    if camera.live:
        return camera
    camera.close()
    return Playback(opened, loop=wanted.loop)
