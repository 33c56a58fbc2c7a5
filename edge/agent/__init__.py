"""The agent: it counts patrons, writes visits, closes windows, skips frames under load, and checks itself.

Start with :mod:`edge.agent.agent`.
"""
