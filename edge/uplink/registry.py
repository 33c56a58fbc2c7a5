"""The sinks that are installed: entry points of the group `maitred.sinks`."""

from __future__ import annotations

from edge.errors import BadInput, MaitredError
from edge.system import plugins
from edge.system.redaction import redact
from edge.uplink.sink import Sink, SinkContext, SinkKind


def open_sink(name: str, context: SinkContext) -> Sink:
    """Make the sink that is called ``name``, without connecting it.

    Raises:
        BadInput: there is none of that name (the message lists those that are installed), its plug-in is broken, or it
            cannot use its options.
    """
    entry = plugins.installed(plugins.SINKS).get(name)
    if entry is None:
        raise BadInput(f"[sink] name: {plugins.unknown(plugins.SINKS, name)}")
    kind = plugins.load(entry, SinkKind)
    try:
        sink = kind.open(context)
    except MaitredError:
        raise
    except Exception as error:  # a plug-in may raise anything
        reason = redact(f"{type(error).__name__}: {error}")
        raise BadInput(f"[sink] {name}: it cannot be used as [sink.options] has it: {reason}") from error
    if not isinstance(sink, Sink):
        raise BadInput(f"[sink] {name}: its plug-in made a {type(sink).__name__}, which is no edge.uplink.Sink")
    return sink
