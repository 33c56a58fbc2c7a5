"""The agent: everything that runs on the device. Imports nothing from convert or training, never TensorFlow."""
