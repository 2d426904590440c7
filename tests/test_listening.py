import numpy as np
import pytest
from songs import tone, write, write_reference

from diffmst.layout import DEFAULT
from diffmst.listening import listen
from diffmst.prior import NOMINAL_LUFS
from diffmst.progress import SILENT
from diffmst.task import prepare


@pytest.fixture
def heard(tmp_path):
    """The same sound in one channel and in two equal ones, 6 dB quieter."""
    sound = tone(440, 3.0)
    write(tmp_path / "song" / "one.wav", sound)
    write(tmp_path / "song" / "two.wav", np.stack([sound, sound]) / 2)
    return listen([tmp_path / "song"], write_reference(tmp_path / "reference.wav", 3.0), SILENT)


def test_two_equal_channels_are_as_loud_as_the_one_that_is_mixed(heard):
    assert heard.song.channels == (1, 1)
    one, two = heard.stems
    assert one.loudness_lufs - two.loudness_lufs == pytest.approx(20 * np.log10(2), abs=0.01)


def test_a_sound_is_balanced_alike_in_one_channel_and_in_two_equal_ones(heard):
    prior = prepare(heard, DEFAULT).prior
    gains_db = DEFAULT.from_unit(prior.mean).tracks[0, :, list(DEFAULT.track.params).index("input.gain_db")]
    levels_lufs = [
        float(gain_db) + survey.loudness_lufs - 10 * np.log10(survey.info.channels)
        for gain_db, survey in zip(gains_db, heard.surveys, strict=True)
    ]
    assert levels_lufs == pytest.approx([NOMINAL_LUFS] * 2, abs=0.01)
