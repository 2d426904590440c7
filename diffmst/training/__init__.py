"""Training: examples of songs, references and known mixes, and the system that learns from them."""
