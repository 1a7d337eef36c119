"""The kill loop: every write of the state is cut off, and the state must stand after it."""
