"""Sessions of Ardour: channel strips with their plugins, sends, and the reverb as audio beside a bus for another."""
