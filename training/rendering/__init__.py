"""Drawing people who do not exist, in a room that does not exist: the demo clip and the simulator are made of it."""
