"""The equalizer of the master, fitted to spectra."""

import pytest
import torch

from diffmst.dsp.filters import equalizer
from diffmst.dsp.stereo import image
from diffmst.excerpts import Excerpts
from diffmst.features import audio_features
from diffmst.layout import DEFAULT, Settings
from diffmst.master_tone import with_fitted_tone, with_width_held
from diffmst.prior import Stem, sane_prior
from diffmst.refine import believing_costs
from diffmst.task import TaskReference

RATE = 44_100
NEARER = 0.4  # of the error, at most, is left: six bands in other places, held back a little by the prior
WIDTH = "image.width"
WIDTH_COLUMN = DEFAULT.master.column(WIDTH)
EQ = [name for name in DEFAULT.master.params if name.startswith("eq.")]


@pytest.fixture
def excerpts(generator):
    return Excerpts(0.05 * torch.randn(2, 3, RATE, generator=generator), (1, 2), 0, RATE)


@pytest.fixture
def prior():
    prior = sane_prior(DEFAULT, [Stem(-30.0, 1, 0.0), Stem(-30.0, 2, 0.0)])
    return prior._replace(start=prior.mean)


def equalized(audio, **gains_db):
    """A mix with other gains of the bands at their usual places."""
    defaults = DEFAULT.master.controls(torch.from_numpy(DEFAULT.master.defaults())[None], "eq")
    bands = list(dict.fromkeys(name.split(".")[1] for name in EQ))
    gain_db = torch.tensor([[gains_db.get(band, 0.0) for band in bands]])
    bands = {"gain_db": gain_db, "freq_hz": defaults["freq_hz"], "q": defaults["q"]}
    return equalizer(audio, RATE, **{name: values.expand(len(audio), -1) for name, values in bands.items()})


def fitted(prior, excerpts, *references):
    return with_fitted_tone(prior, excerpts, references, DEFAULT, believing_costs(DEFAULT))


def width_of(prior):
    """The width of the mix where a prior starts."""
    return float(DEFAULT.from_unit(prior.start).master[0, DEFAULT.master.column(WIDTH)])


def reference(audio, **told):
    return TaskReference(audio, (0.0,), 1.0, **told)


def bark(audio):
    """Log Bark spectra of middle and side at one level, [2, bands]."""
    spectrum = audio_features(audio, RATE).mean().bark_spectrum[0]
    return spectrum - spectrum[0].mean()


def mixed(excerpts, prior):
    return excerpts.mixed(DEFAULT.from_unit(prior.start), DEFAULT)


def apart(one, other):
    return float((bark(one) - bark(other)).square().mean().sqrt())


def test_the_mix_gets_the_tone_of_the_reference(excerpts, prior):
    """Measured on what the console plays, where the fit has only seen spectra."""
    wanted = equalized(mixed(excerpts, prior), low_shelf=8.0, peak_2=-6.0, high_shelf=-8.0)
    found = fitted(prior, excerpts, reference(wanted))
    assert apart(mixed(excerpts, found), wanted) < NEARER * apart(mixed(excerpts, prior), wanted)


def test_nothing_but_tone_and_width_of_the_master_moves_and_the_mean_stays(excerpts, prior):
    found = fitted(prior, excerpts, reference(equalized(mixed(excerpts, prior), low_shelf=6.0)))
    assert all(map(torch.equal, found.mean, prior.mean))
    assert all(map(torch.equal, with_width_held(found, DEFAULT).width, with_width_held(prior, DEFAULT).width))
    assert torch.equal(found.start.tracks, prior.start.tracks) and torch.equal(found.start.fx, prior.start.fx)
    moved = (found.start.master != prior.start.master)[0]
    names = [name for name, has_moved in zip(DEFAULT.master.params, moved, strict=True) if has_moved]
    assert names and set(names) <= {*EQ, WIDTH}


def test_the_mix_is_as_loud_as_before(excerpts, prior):
    """A tilt could be had by cutting nearly everything, and the compressor behind it would do nothing any more."""
    wanted = equalized(mixed(excerpts, prior), low_shelf=9.0, peak_1=6.0)
    found = fitted(prior, excerpts, reference(wanted))
    before, after = (mixed(excerpts, one).square().mean().log10() * 10 for one in (prior, found))
    assert abs(float(after - before)) < 3.0


def test_a_reference_of_the_same_tone_leaves_the_start(excerpts, prior):
    found = fitted(prior, excerpts, reference(3 * mixed(excerpts, prior)))
    unit = (found.start.master - prior.start.master).abs()
    assert float(unit.max()) < 0.01


def test_an_equalizer_that_must_not_move_does_not(excerpts, prior):
    widths = prior.width._replace(master=torch.zeros_like(prior.width.master))
    locked = prior._replace(width=widths)
    assert fitted(locked, excerpts, reference(equalized(mixed(excerpts, prior), low_shelf=6.0))) is locked


def test_the_tone_of_several_references_is_taken_from_those_that_it_is_to_be_taken_from(excerpts, prior):
    dark = reference(equalized(mixed(excerpts, prior), high_shelf=-8.0), aspects=("tone", "width"))
    bright = reference(equalized(mixed(excerpts, prior), high_shelf=8.0), aspects=("level",))
    alone, both = fitted(prior, excerpts, dark), fitted(prior, excerpts, dark, bright)
    assert all(map(torch.equal, alone.start, both.start))
    equal = [reference(one.audio) for one in (dark, bright)]
    between = DEFAULT.from_unit(fitted(prior, excerpts, *equal).start).master[
        0, DEFAULT.master.column("eq.high_shelf.gain_db")
    ]
    assert abs(float(between)) < 1.0


def of_width(excerpts, prior, width):
    """The mix, wider or narrower."""
    return image(mixed(excerpts, prior), RATE, width=torch.full((2,), width))


def may_widen(prior):
    return bool(prior.width.master[0, WIDTH_COLUMN] > 0)


def test_the_width_is_held_where_the_equalizer_comes_so_near_that_the_song_must_be_the_same(excerpts, prior):
    found = fitted(prior, excerpts, reference(of_width(excerpts, prior, 1.2)))
    assert width_of(found) == width_of(prior) and may_widen(prior) and not may_widen(found)
    others = [name != WIDTH for name in DEFAULT.master.params]
    assert torch.equal(found.width.master[0, others], prior.width.master[0, others])


@pytest.mark.parametrize("width", [0.5, 1.95])
def test_the_mix_gets_the_width_of_another_song(excerpts, prior, width):
    wanted = of_width(excerpts, prior, width)
    found = fitted(prior, excerpts, reference(wanted))
    assert not may_widen(found) and found.mean.master[0, WIDTH_COLUMN] == found.start.master[0, WIDTH_COLUMN]
    assert abs(width_of(found) - width) < 0.5 * abs(width - 1)
    assert apart(mixed(excerpts, found), wanted) < NEARER * apart(mixed(excerpts, prior), wanted)


def test_where_width_is_taken_from_another_reference_it_is_not_fitted_with_the_tone(excerpts, prior):
    wide = of_width(excerpts, prior, 1.95)
    found = fitted(prior, excerpts, *(reference(wide, aspects=(aspect,)) for aspect in ("tone", "width")))
    assert width_of(found) == width_of(prior) and may_widen(found)


def test_a_mono_reference_tells_the_middle(excerpts, prior):
    wanted = equalized(mixed(excerpts, prior), low_shelf=8.0, peak_2=-6.0, high_shelf=-8.0)
    mono = wanted.mean(1, keepdim=True).expand_as(wanted)
    found = fitted(prior, excerpts, reference(mono))
    before, after = ((bark(mixed(excerpts, one)) - bark(wanted))[0].norm() for one in (prior, found))
    assert after < NEARER * before
    assert width_of(found) == width_of(prior)


def test_silence_does_no_harm(prior):
    silence = Excerpts(torch.zeros(1, 3, RATE), (1, 2), 0, RATE)
    found = fitted(prior, silence, reference(torch.full((1, 2, RATE), 0.1)))
    assert isinstance(found.start, Settings) and found.start.master.isfinite().all()
