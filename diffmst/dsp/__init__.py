"""Signal processing: pure functions on tensors in physical units."""
