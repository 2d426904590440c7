"""Models that hear a song and a reference and predict the settings of the console."""
