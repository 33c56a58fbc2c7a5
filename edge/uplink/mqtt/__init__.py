"""The way to an MQTT broker: the same events as over HTTPS, and what Home Assistant shows."""

from edge.uplink.mqtt.sink import MqttSink

__all__ = ["MqttSink"]
