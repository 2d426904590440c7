"""Settings found for a task, where the reference asks for more than the song bears."""

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt
from songs import RATE, noise, tone, write

from diffmst.dsp.loudness import pooled_loudness
from diffmst.held import Held, held_prior
from diffmst.layout import Settings
from diffmst.listening import listen
from diffmst.mix_parts import RenderSettings
from diffmst.outgoing import OutgoingDistance
from diffmst.predict import predicted_prior
from diffmst.progress import SILENT
from diffmst.restraint import MOST_LOWERED_LU, QUIETEST_LEAD_LU
from diffmst.shared_distance import distance_to
from diffmst.solving import solve
from diffmst.task import prepare
from diffmst.trained import load_model

OUTPUT = RenderSettings(loudness_lufs=-9.0)
APPROXIMATELY_LU = 1.5  # that the console in band powers is off by, where a tone is all that is in its band
LEAD = "lead vocal"


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """A song with a lead, and a reference that is low end and little else."""
    home = tmp_path_factory.mktemp("extreme")
    beat = np.exp(-6 * (np.arange(4 * RATE) / RATE % 0.5))
    voice = sosfilt(butter(2, (400, 4_000), "band", fs=RATE, output="sos"), noise(4.0, seed=1))
    write(home / "song" / f"{LEAD}.wav", voice)
    write(home / "song" / "bass.wav", tone(60, 4.0) * beat)
    write(home / "song" / "pad.wav", 0.3 * noise(4.0, seed=2))
    low = sosfilt(butter(4, 90, fs=RATE, output="sos"), noise(5.0, seed=3))
    write(home / "reference.wav", np.clip(2 * low / np.abs(low).max(), -0.9, 0.9) + 0.001 * noise(5.0, seed=4))
    return listen([home / "song"], home / "reference.wav", SILENT)


@pytest.fixture(scope="module")
def network():
    return load_model().network


@pytest.fixture(scope="module")
def task(heard, network):
    return prepare(heard, network.layout)


@pytest.fixture(scope="module")
def predicted(heard, task, network):
    return task.ties.share_prior(predicted_prior(network, heard, task))


def lead_lu(heard, task, settings):
    """Loudness of the lead against all tracks together, behind the equalizer of the master."""
    lead = [track.name for track in heard.song.tracks].index(LEAD)
    off = settings._replace(master=settings.master.clone())
    off.master[0, task.layout.master.column("compressor.ratio")] = 1.0

    def energy(track):
        audio = task.excerpts.audio.clone()
        for row in range(audio.shape[1]):
            if row != track:
                audio[:, row] = 0
        return 10 ** (float(pooled_loudness(task.excerpts._replace(audio=audio).mixed(off, task.layout), RATE)) / 10)

    return 10 * np.log10(energy(lead) / sum(energy(track) for track in range(3)))


def flat(task, settings):
    """The settings without the equalizer of the master."""
    gains = [task.layout.master.column(name) for name in task.layout.master.params if name.endswith("gain_db")]
    gains = [column for column in gains if list(task.layout.master.params)[column].startswith("eq.")]
    found = settings._replace(master=settings.master.clone())
    found.master[0, gains] = 0
    return found


@pytest.mark.parametrize("steps", [0, 10])
def test_no_reference_buries_the_lead(heard, task, predicted, steps):
    found = solve(task, predicted, output=OUTPUT, steps=steps).settings
    lowest_lu = min(QUIETEST_LEAD_LU, lead_lu(heard, task, flat(task, found)) - MOST_LOWERED_LU)
    assert lead_lu(heard, task, found) > lowest_lu - APPROXIMATELY_LU


@pytest.mark.parametrize(("predicts", "steps"), [(True, 0), (True, 3), (False, 3)])
def test_the_distance_told_is_that_of_the_settings_returned(task, predicted, predicts, steps):
    found = solve(task, predicted if predicts else None, output=OUTPUT, steps=steps)
    distance = OutgoingDistance(distance_to(task.references, RATE), RATE, OUTPUT)
    with torch.no_grad():
        terms = distance(task.excerpts.mixed(found.settings, task.layout))
    assert found.after == pytest.approx({name: float(term) for name, term in terms.items()})


def test_what_is_locked_of_the_master_stays(task, predicted):
    settings = task.layout.from_unit(task.prior.mean)
    locked = Settings(*(torch.zeros_like(part, dtype=torch.bool) for part in settings))
    column = task.layout.master.column("eq.low_shelf.gain_db")
    settings.master[0, column], locked.master[0, column] = 9.0, True
    held = Held(locked, settings)
    prior = held_prior(predicted, held, task.excerpts, task.stems, task.layout)
    found = solve(task, prior, held=held, output=OUTPUT, steps=4).settings
    assert found.master[0, column] == 9.0
