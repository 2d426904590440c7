"""Songs: stems on disk, and songs made from a seed."""
