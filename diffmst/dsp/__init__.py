"""Signal processing: pure functions in physical units, on tensors and, where rendering needs them, on arrays."""
