"""The tables of the paper that Diff-MST comes from, laid out again with our systems beside its figures.

Reference: Vanka, Steinmetz, Rolland, Reiss, Fazekas, "Diff-MST: Differentiable Mixing Style Transfer", ISMIR 2024,
arXiv:2407.08889.
"""
