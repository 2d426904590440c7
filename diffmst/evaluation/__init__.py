"""Systems that mix, on the same work: how near each comes to what is known, and whether its mixes are sane ones."""
