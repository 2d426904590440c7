import pytest
import torch

from diffmst.effects import Effect
from diffmst.layout import DEFAULT, LAYOUTS, PAPER, Settings
from diffmst.params import Param


def test_the_paper_layout_has_the_published_number_of_controls():
    assert (len(PAPER.track), len(PAPER.fx), len(PAPER.master)) == (27, 25, 26)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("input.gain_db", -48, 48),
        ("eq.low_shelf.freq_hz", 20, 2000),
        ("eq.peak_1.freq_hz", 80, 2000),
        ("eq.peak_2.freq_hz", 2000, 8000),
        ("eq.peak_3.freq_hz", 8000, 12000),
        ("eq.peak_4.freq_hz", 12000, 21050),
        ("eq.high_shelf.freq_hz", 6000, 21050),
        ("eq.peak_1.gain_db", -12, 12),
        ("eq.peak_1.q", 0.1, 5),
        ("compressor.threshold_db", -60, 0),
        ("compressor.ratio", 1, 10),
        ("compressor.attack_ms", 5, 250),
        ("compressor.release_ms", 10, 250),
        ("compressor.knee_db", 3, 12),
        ("compressor.makeup_db", 0, 6),
        ("send.gain_db", -80, 12),
    ],
)
def test_the_paper_layout_has_the_published_linear_ranges(name, low, high):
    param = PAPER.track.params[name]
    assert (param.low, param.high, param.scale) == (low, high, "linear")


def test_the_default_layout_scales_frequency_time_ratio_and_q_by_ratio():
    for name, param in DEFAULT.track.params.items():
        expected = "log" if param.unit in ("Hz", "ms", "s") or param.keyword in ("ratio", "q") else "linear"
        assert param.scale == expected, name


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_settings_survive_the_unit_interval(layout):
    generator = torch.Generator().manual_seed(7)
    unit = Settings(
        torch.rand(2, 3, len(layout.track), generator=generator, dtype=torch.float64),
        torch.rand(2, len(layout.fx), generator=generator, dtype=torch.float64),
        torch.rand(2, len(layout.master), generator=generator, dtype=torch.float64),
    )
    for back, there in zip(layout.to_unit(layout.from_unit(unit)), unit, strict=True):
        torch.testing.assert_close(back, there, atol=1e-9, rtol=0)


def test_bands_of_a_control_are_stacked_in_order():
    values = torch.arange(len(DEFAULT.track), dtype=torch.float64)
    controls = DEFAULT.track.controls(values, "eq")
    names = list(DEFAULT.track.params)
    assert set(controls) == {"gain_db", "freq_hz", "q"}
    assert controls["freq_hz"].tolist() == [index for index, name in enumerate(names) if name.endswith("freq_hz")]


def test_a_section_without_an_effect_has_no_controls_of_it():
    assert PAPER.track.controls(PAPER.track.defaults(), "fader") == {}


def test_a_vector_takes_defaults_for_what_is_left_out():
    vector = DEFAULT.track.vector({"panner.pan": -0.5})
    named = DEFAULT.track.named(vector)
    assert named.pop("panner.pan") == -0.5
    assert all(value == DEFAULT.track.params[name].default for name, value in named.items())


def test_an_effect_whose_controls_are_not_its_keywords_is_refused():
    def process(x, sample_rate, *, gain_db):
        return x

    with pytest.raises(ValueError, match=r"tremolo declares \['depth_db'\], its function takes \['gain_db'\]"):
        Effect("tremolo", process, (Param("depth_db", 0, 1, 0),))


def test_a_vector_refuses_a_control_that_does_not_exist():
    with pytest.raises(ValueError, match=r"there is no control 'fader\.gan_db'"):
        DEFAULT.track.vector({"fader.gan_db": 1.0})


def test_one_control_is_moved_within_its_range():
    values = torch.as_tensor(DEFAULT.track.defaults()).repeat(2, 1)
    moved = DEFAULT.track.moved(values, "fader.gain_db", torch.tensor([-1.5, 1000.0]))
    column = DEFAULT.track.column("fader.gain_db")
    assert moved[:, column].tolist() == [-1.5, DEFAULT.track.params["fader.gain_db"].high]
    others = torch.arange(len(DEFAULT.track)) != column
    assert torch.equal(moved[:, others], values[:, others]) and values[:, column].eq(0).all()
