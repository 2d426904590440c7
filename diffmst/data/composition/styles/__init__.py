"""The styles a demo song may have, by name."""

from diffmst.data.composition.style import Style
from diffmst.data.composition.styles.electronic import ELECTRONIC
from diffmst.data.composition.styles.pop_rock import POP_ROCK
from diffmst.data.composition.styles.soul import SOUL

STYLES: dict[str, Style] = {style.name: style for style in (POP_ROCK, SOUL, ELECTRONIC)}
