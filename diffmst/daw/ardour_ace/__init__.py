"""Sessions of Ardour with nothing but the plugins that come with it."""
