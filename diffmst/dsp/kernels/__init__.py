"""The recursive kernels: one truth (`reference`) and one file per fast backend, reached through `recurrence`."""
