"""The song maker: multitrack songs without end, from a seed, that know what each of their stems is."""
