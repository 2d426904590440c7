"""Recording: what rooms, microphones, wires and engineers do to a sound before anybody mixes it."""
