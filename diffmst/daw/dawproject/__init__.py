"""DAWproject: the exchange format that Bitwig Studio, Studio One, Cubase and others open.

Reference: Bitwig, "DAWproject", version 1.0, https://github.com/bitwig/dawproject.
"""
