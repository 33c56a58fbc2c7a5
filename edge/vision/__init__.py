"""Model bundles, the interpreter, finding faces and estimating what they show."""
