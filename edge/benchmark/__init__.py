"""Measures how fast this machine runs each model and each stage of the agent."""
