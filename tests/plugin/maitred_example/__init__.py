"""A plug-in for maitred: a kind of camera, a sink and a command. docs/extending.md explains it."""
