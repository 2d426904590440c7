"""The record of a random mix: a few numbers from which it can be drawn again, for the same stems bit by bit."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from diffmst.layout import Layout, Settings
from diffmst.random_mix.amounts import FULL, Amounts
from diffmst.random_mix.dice import Dice
from diffmst.random_mix.mixing import random_settings, settings_in_style
from diffmst.random_mix.song_sound import SongSound
from diffmst.random_mix.style import draw_style

VERSION = 3
"""Of the drawing: records of another version would give other mixes."""

Kind = Literal["sane", "uniform"]


class MixDraw(NamedTuple):
    """How the settings of one mix were drawn.

    Attributes:
        kind: as an engineer mixes (sane), or every control anywhere in its range (uniform).
        seed: of this mix.
        style_seed: of the style, which other mixes may share; uniform mixes have none.
        amounts: how much of each kind of processing there is.
    """

    kind: Kind
    seed: int
    style_seed: int
    amounts: Amounts = FULL

    def settings(self, sound: SongSound, layout: Layout) -> Settings:
        """What was drawn for these stems: physical, batch of one, numpy."""
        dice = Dice(self.seed)
        if self.kind == "uniform":
            return random_settings(len(sound.stems), layout, dice, self.amounts)
        return settings_in_style(draw_style(Dice(self.style_seed)), sound, layout, dice, self.amounts)

    def to_json(self) -> str:
        """The record as a line of JSON."""
        return json.dumps({"version": VERSION, **self._asdict(), "amounts": self.amounts._asdict()})

    @staticmethod
    def from_json(text: str) -> MixDraw:
        """The record that `to_json` has written.

        Raises:
            ValueError: it is of another version.
        """
        record: dict[str, Any] = json.loads(text)
        if (version := record.pop("version", None)) != VERSION:
            raise ValueError(f"version of a drawn mix must be {VERSION}, got {version}")
        return MixDraw(**{**record, "amounts": Amounts(**record["amounts"])})
