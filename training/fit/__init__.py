"""One training run: loss, teachers, several machines, validation, and the folder that a killed run resumes from."""
