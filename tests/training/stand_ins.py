"""A model of a few weights and examples of a few tones, for what does not depend on either."""

import torch
from torch import nn

from diffmst.excerpts import Excerpts
from diffmst.layout import LAYOUTS, Settings
from diffmst.models.prediction import MixModel, Prediction
from diffmst.models.scene import ROLE_NAMES, Hearing, Scene
from diffmst.training.datamodule import ExampleData
from diffmst.training.example import Example

SAMPLE_RATE = 22_050
HEARING = Hearing(-24.0, -16.0, window_s=0.5, song_windows=2, reference_windows=2)


class TinyModel(MixModel):
    """Levels in, settings out, one linear layer each; permutation-equivariant by construction."""

    def __init__(self, layout="default"):
        super().__init__()
        self.layout, self.hearing = LAYOUTS[layout], HEARING
        self.track = nn.Linear(3, len(self.layout.track))
        self.fx, self.master = nn.Linear(2, len(self.layout.fx)), nn.Linear(2, len(self.layout.master))
        self.widths = nn.Parameter(torch.full((3,), -1.5))

    def forward(self, scenes):
        most = max(scene.tracks for scene in scenes)
        tracks, references = [], []
        for scene in scenes:
            levels = scene.excerpts.audio.square().mean((0, 2)).split(scene.excerpts.channels)
            own = torch.stack([part.mean() for part in levels]).add(1e-6).log10()
            both = scene.reference.square().mean((0, 2)).add(1e-6).log10()
            tracks.append(torch.cat([own[:, None], both.expand(len(own), 2)], 1))
            tracks[-1] = nn.functional.pad(tracks[-1], (0, 0, 0, most - len(own)))
            references.append(both)
        heard, reference = torch.stack(tracks), torch.stack(references)
        mean = Settings(*(layer(x).sigmoid() for layer, x in self._heads(heard, reference)))
        width = Settings(*(w.sigmoid().expand(part.shape) for w, part in zip(self.widths, mean, strict=True)))
        return Prediction(mean, width)

    def _heads(self, heard, reference):
        return (self.track, heard), (self.fx, reference), (self.master, reference)


class TinyMaker:
    """Tones with noise, mixed with settings near the middle of their ranges; a function of the seed and the index."""

    def __init__(self, methods, layout, seed=0, tracks=2):
        self.methods, self.layout, self.seed, self.tracks = tuple(methods), layout, seed, tracks

    def make(self, index, progress=1.0):
        generator = torch.Generator().manual_seed(1_000_003 * self.seed + index)
        method = self.methods[index % len(self.methods)]
        tracks = self.tracks + index % 2
        channels = tuple(1 + track % 2 for track in range(tracks))
        lead, time = SAMPLE_RATE // 10, SAMPLE_RATE // 2
        audio = 0.02 * torch.randn(4, sum(channels), lead + time, generator=generator)
        hz = 100 * 2 ** (5 * torch.rand(sum(channels), 1, generator=generator))
        audio += 0.1 * torch.sin(2 * torch.pi * hz * torch.arange(lead + time) / SAMPLE_RATE)
        unit = Settings(
            *(
                0.35 + 0.3 * torch.rand(1, *rows, len(section), generator=generator, dtype=torch.float64)
                for (_, section), rows in zip(self.layout.sections(), ((tracks,), (), ()), strict=True)
            )
        )
        settings = self.layout.from_unit(unit)
        excerpts = Excerpts(audio, channels, lead, SAMPLE_RATE)
        mix = excerpts.mixed(settings, self.layout).float()
        roles = torch.zeros(tracks, len(ROLE_NAMES))
        roles[:, -1] = 1
        scene = Scene(excerpts._replace(audio=audio[:2].clone()), roles, torch.zeros(tracks), mix[2:].clone())
        true = method != "real-reference"
        return Example(
            scene,
            method,
            seed=index,
            settings=settings if true else None,
            target=mix[:2].clone() if true else None,
        )


class TinyData(ExampleData):
    """Examples of `TinyMaker`."""

    def __init__(self, methods=("same-song",), batch=2, workers=0, validation=2, layout="default"):
        super().__init__(dict.fromkeys(methods, 1.0), batch, workers, validation)
        self.layout = LAYOUTS[layout]

    def maker(self, split, methods, network):
        return TinyMaker(methods, self.layout, seed=int(split == "validation"))
