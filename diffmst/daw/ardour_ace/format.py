"""The format `ardour-ace`: sessions of Ardour that need no other plugins than its own."""

from diffmst.daw.ardour.format import ArdourFormat

FORMAT = ArdourFormat("ace")
