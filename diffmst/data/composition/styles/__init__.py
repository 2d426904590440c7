"""The styles that songs are composed in, by name."""

from diffmst.data.composition.style import Style
from diffmst.data.composition.styles.acoustic import BALLAD, FOLK
from diffmst.data.composition.styles.electronic import ELECTRONIC
from diffmst.data.composition.styles.groove import FUNK, REGGAE, TRAP
from diffmst.data.composition.styles.heavy import HEAVY
from diffmst.data.composition.styles.pop_rock import POP_ROCK
from diffmst.data.composition.styles.soul import SOUL

STYLES: dict[str, Style] = {
    style.name: style for style in (POP_ROCK, SOUL, ELECTRONIC, FOLK, BALLAD, FUNK, TRAP, REGGAE, HEAVY)
}
