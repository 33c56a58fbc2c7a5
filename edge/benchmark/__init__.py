"""How fast this machine is: each model, and each stage of the agent, measured where it will run."""
