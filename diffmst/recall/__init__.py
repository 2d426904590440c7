"""Recall: the settings of a finished mix, found from its stems."""
