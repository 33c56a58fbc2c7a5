"""The device's figures in words, and which of them are a reason to worry."""

from __future__ import annotations

from edge.dashboard import formatting
from edge.dashboard.reader import Now
from edge.dashboard.status import Status
from edge.store import Health
from edge.system.machine import HOT_C, WARM_C, Disk, resident_mb
from edge.system.redaction import redact

CAMERA_LEVELS = {"running": "ok", "opening": "warn", "failed": "bad", "ended": "ok"}
UPLINK_LEVELS = {"retrying": "warn", "stopped": "bad"}
CLOCK_WORDS = {
    "synchronised": "set by a time server",
    "unsynchronised": "not set yet",
    "unknown": "no time service says how good it is",
}
TILES = (
    ("camera", "Camera"),
    ("fps", "Frame rate"),
    ("latency", "Latency"),
    ("temperature", "Temperature"),
    ("memory", "Agent memory"),
    ("disk", "Disk free"),
    ("queue", "Waiting to be sent"),
    ("upload", "Last upload"),
)
"""Key and heading of the device's figures that are on both the day's and the device's page."""
DETAILS = (
    ("source", "Camera source"),
    ("model", "Model"),
    ("started", "Agent started"),
    ("heartbeat", "Last heartbeat"),
    ("frames", "Frames"),
    ("clock", "Clock"),
    ("uplink", "Upload"),
    ("delivered", "Events delivered"),
    ("rejected", "Events refused"),
    ("dropped", "Events dropped"),
    ("upload_error", "Last upload error"),
    ("dashboard", "Dashboard memory"),
)
"""Key and heading of the figures that only the device's page has."""
FEW_FPS = 4.0
"""Frames per second below which visits are missed or split (docs/counting.md)."""


def figures(now: Now, disk: Disk, *, sends: bool) -> tuple[dict[str, str], dict[str, str]]:
    """The texts and the levels ("ok", "warn", "bad" or "") of the figures, by the keys of TILES and DETAILS."""
    zone, outbox = now.day.zone, now.outbox
    health, live = now.health, Status(now.health, now.at).live
    memory = resident_mb() * 1e6
    text = {
        "camera": formatting.DASH if live is None else live.camera,
        "fps": formatting.DASH if live is None else _rate(live),
        "latency": formatting.DASH if live is None else f"{live.latency_ms:.0f} ms",
        "temperature": formatting.DASH if live is None else _temperature(live.temperature_c, live.throttled),
        "memory": formatting.DASH if live is None else formatting.size(live.memory_mb * 1e6),
        "disk": formatting.size(disk.free),
        "queue": f"{outbox.queued:,}",
        "upload": formatting.moment(outbox.last_delivered_at, now.at, zone) if sends else "off",
        "source": formatting.DASH if health is None else redact(health.camera_source),
        "model": formatting.DASH if health is None else health.model,
        "started": formatting.DASH if health is None else formatting.moment(health.started_at, now.at, zone),
        "heartbeat": "never" if health is None else formatting.moment(health.at, now.at, zone),
        "frames": formatting.DASH if health is None else f"{health.frames:,} looked at, {health.dropped:,} left out",
        "clock": formatting.DASH if live is None else CLOCK_WORDS.get(live.clock, live.clock),
        "uplink": _uplink(now, sends=sends),
        "delivered": f"{outbox.delivered:,}",
        "rejected": f"{outbox.rejected:,}",
        "dropped": f"{outbox.dropped:,}",
        "upload_error": redact(outbox.last_error or "none"),
        "dashboard": formatting.size(memory) if memory else formatting.DASH,
    }
    level = {
        "camera": "" if live is None else CAMERA_LEVELS.get(live.camera, "warn"),
        "fps": "warn" if live is not None and missed_visits_warning(live) else "",
        "temperature": "" if live is None else _temperature_level(live.temperature_c),
        "disk": "bad" if disk.free < 0.05 * disk.total else "warn" if disk.free < 0.1 * disk.total else "",
        "queue": "" if live is None else UPLINK_LEVELS.get(live.uplink, ""),
    }
    return text, level


def missed_visits_warning(live: Health) -> str:
    """A warning that too few frames are looked at, with the reason and what helps; empty if there are enough."""
    if live.camera != "running" or live.fps >= FEW_FPS or not (live.throttled or live.looks_at_every > 1):
        return ""
    seldom = (
        f"fewer than {FEW_FPS:.0f} frames a second are looked at, so people who pass quickly are missed or counted"
        " twice."
    )
    if live.throttled:
        return f"{seldom} The processor is too hot: it needs air, shade or a heat sink."
    return (
        f"{seldom} The processor is too slow: fewer pixels or tiles help ([camera], [detection]), or a faster device."
    )


def _rate(live: Health) -> str:
    return f"{live.fps:.1f} fps" + (f", 1 in {live.looks_at_every}" if live.looks_at_every > 1 else "")


def _temperature(celsius: float | None, throttled: bool) -> str:
    if celsius is None:
        return "not known"
    return f"{celsius:.0f} °C" + (", slowed down" if throttled else "")


def _temperature_level(celsius: float | None) -> str:
    if celsius is None:
        return ""
    return "bad" if celsius >= HOT_C else "warn" if celsius >= WARM_C else ""


def _uplink(now: Now, *, sends: bool) -> str:
    live = Status(now.health, now.at).live
    if not sends:
        return "off"
    return "agent not running" if live is None else live.uplink
