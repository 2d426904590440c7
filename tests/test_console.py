import numpy as np
import pytest
import torch

from diffmst.console import Console, mix
from diffmst.dsp import stereo
from diffmst.dsp.loudness import integrated_loudness
from diffmst.layout import DEFAULT, LAYOUTS, PAPER, Settings
from diffmst.stream import ConsoleStream

RATE = 22_050
CHANNELS = (1, 2, 1)
# The fused kernels hold float32 audio between float64 stages; the composed effects round at every stage.
FUSED_TOLERANCE = 2e-6
# Blocks carry float64 state; what differs is the order of float32 sums in the reverb.
BLOCK_TOLERANCE = 1e-6


@pytest.fixture
def song(generator):
    return 0.1 * torch.randn(1, sum(CHANNELS), 5_001, generator=generator)


@pytest.fixture
def settings(generator):
    return draw_settings(generator, DEFAULT, len(CHANNELS))


def draw_settings(generator, layout, tracks, batch=1):
    """Settings from the middle half of every range, but levels, which stay within 12 dB of their default."""
    unit = layout.to_unit(layout.defaults(tracks))
    shapes = [(batch, *part.shape[1:]) for part in unit]
    drawn = Settings(*(0.25 + 0.5 * torch.rand(shape, generator=generator, dtype=torch.float64) for shape in shapes))
    settings = layout.from_unit(drawn)
    for (_, section), values in zip(layout.sections(), settings, strict=True):
        for column, name in enumerate(section.params):
            if name in ("input.gain_db", "fader.gain_db"):
                values[..., column] /= 4
    return settings


def composed(x, settings, layout):
    """The console out of the effects that the declarations name, one track at a time."""
    dry = sends = 0
    row = 0
    for track, count in enumerate(CHANNELS):
        signal = x[:, row : row + count]
        row += count
        for effect in layout.track.effects:
            controls = layout.track.controls(settings.tracks[:, track], effect.name)
            if effect.name == "send":
                sends = sends + effect.process(signal, RATE, **controls)
            else:
                signal = effect.process(signal, RATE, **controls)
        dry = dry + signal
    for section, values in ((layout.fx, settings.fx),):
        for effect in section.effects:
            sends = effect.process(sends, RATE, **section.controls(values, effect.name))
    bus = dry + sends
    for effect in layout.master.effects:
        bus = effect.process(bus, RATE, **layout.master.controls(settings.master, effect.name))
    return bus


def test_the_console_is_its_effects_in_order(song, settings):
    torch.testing.assert_close(
        mix(song, RATE, settings, CHANNELS), composed(song, settings, DEFAULT), atol=FUSED_TOLERANCE, rtol=1e-5
    )


def test_compiled_and_plain_torch_paths_agree(song, settings):
    compiled, plain = (mix(song.to(dtype), RATE, settings, CHANNELS) for dtype in (torch.float32, torch.float64))
    torch.testing.assert_close(compiled.double(), plain, atol=FUSED_TOLERANCE, rtol=1e-5)


@pytest.mark.parametrize("sizes", [(1, 127, 129, 1021, 3723), (5001,), (2500, 2501), (64,) * 78 + (9,)])
def test_blocks_of_any_size_give_what_one_piece_gives(song, settings, sizes):
    stream = ConsoleStream(RATE, settings, CHANNELS)
    blocks = np.concatenate([stream.process(block.numpy()).mix for block in song[0].split(sizes, -1)], -1)
    np.testing.assert_allclose(blocks, mix(song, RATE, settings, CHANNELS)[0], atol=BLOCK_TOLERANCE, rtol=0)


def test_stems_and_reverb_return_add_up_to_the_bus(song, settings):
    """With a neutral master the mix is the bus."""
    neutral = settings._replace(master=DEFAULT.defaults(3).master)
    block = ConsoleStream(RATE, neutral, CHANNELS, stems=True).process(song[0].numpy())
    assert block.stems.shape == (3, 2, 5_001)
    np.testing.assert_allclose(block.stems.sum(0) + block.reverb, block.mix, atol=1e-5, rtol=0)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_an_untouched_console_passes_a_stereo_track_as_it_is(layout, song):
    stereo_track = song[:, :2]
    mixed = mix(stereo_track, RATE, layout.defaults(1), (2,), layout=layout)
    torch.testing.assert_close(mixed, stereo_track, atol=1e-6, rtol=1e-5)


def test_an_untouched_console_puts_a_mono_track_in_the_middle_at_minus_3_db(song):
    mixed = mix(song[:, :1], RATE, DEFAULT.defaults(1), (1,))
    torch.testing.assert_close(mixed, (0.5**0.5 * song[:, :1]).expand(-1, 2, -1), atol=1e-6, rtol=1e-5)


def test_a_muted_track_sends_nothing_anywhere(song, settings):
    muted = mix(song, RATE, settings, CHANNELS, muted=torch.tensor([False, True, False]))
    without = mix(song[:, [0, 3]], RATE, settings._replace(tracks=settings.tracks[:, [0, 2]]), (1, 1))
    torch.testing.assert_close(muted, without, atol=1e-6, rtol=0)


def test_fader_and_input_gain_add_in_db_while_the_compressor_rests(song):
    settings = DEFAULT.defaults(1)
    names = list(DEFAULT.track.params)
    settings.tracks[..., names.index("input.gain_db")] = 3.0
    settings.tracks[..., names.index("fader.gain_db")] = -5.0
    plain = mix(song[:, :1], RATE, DEFAULT.defaults(1), (1,))
    torch.testing.assert_close(mix(song[:, :1], RATE, settings, (1,)), plain * 10 ** (-2 / 20), atol=1e-6, rtol=1e-5)


def test_one_set_of_settings_serves_a_batch_of_windows(song, settings):
    windows = torch.cat([song[..., :2000], song[..., 2000:4000]])
    together = mix(windows, RATE, settings, CHANNELS)
    apart = torch.cat([mix(window[None], RATE, settings, CHANNELS) for window in windows])
    torch.testing.assert_close(together, apart, atol=1e-7, rtol=0)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_song_rate_is_mixed(rate, generator):
    tone = 0.1 * torch.sin(2 * torch.pi * 440 / rate * torch.arange(rate // 2))[None, None]
    mixed = mix(tone, rate, DEFAULT.defaults(1), (1,))
    assert integrated_loudness(mixed, rate).item() == pytest.approx(-23.7, abs=0.1)


@pytest.mark.parametrize("tracks", [1, 33, 200])
def test_any_number_of_tracks_is_mixed(tracks, generator):
    x = 0.01 * torch.randn(1, tracks, 300, generator=generator)
    mixed = mix(x, RATE, DEFAULT.defaults(tracks), (1,) * tracks)
    torch.testing.assert_close(mixed[:, 0], 0.5**0.5 * x.sum(1), atol=1e-5, rtol=0)


def test_gradients_of_all_settings_are_right(generator):
    x = 0.3 * torch.randn(1, sum(CHANNELS), 64, generator=generator, dtype=torch.float64)
    settings = draw_settings(generator, DEFAULT, len(CHANNELS))
    parts = [part.clone().requires_grad_() for part in settings]

    def mixed(*parts):
        return mix(x, RATE, Settings(*parts), CHANNELS)

    assert torch.autograd.gradcheck(mixed, parts, eps=1e-6, atol=1e-6, rtol=1e-4, fast_mode=True)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
@pytest.mark.parametrize("end", [0.0, 1.0])
@pytest.mark.parametrize(
    ("signal", "dtype"),
    [
        ("noise", torch.float32),
        ("noise", torch.float64),
        ("silence", torch.float32),
        ("silence", torch.float64),
        ("centred", torch.float32),
    ],
)
def test_gradients_are_finite_at_both_ends_of_every_range(layout, end, signal, dtype, generator):
    x = {
        "noise": lambda: 0.1 * torch.randn(1, 4, 600, generator=generator, dtype=dtype),
        "silence": lambda: torch.zeros(1, 4, 600, dtype=dtype),
        "centred": lambda: 0.1 * torch.randn(1, 1, 600, generator=generator, dtype=dtype).repeat(1, 4, 1),
    }[signal]()
    ends = (torch.full_like(part, end).requires_grad_() for part in layout.defaults(len(CHANNELS)))
    unit = Settings(*ends)
    mixed = Console(RATE, layout)(x, unit, CHANNELS)
    assert mixed.isfinite().all()
    for gradient in torch.autograd.grad(mixed.square().sum(), list(unit)):
        assert gradient.isfinite().all()


def test_the_paper_console_has_no_fx_bus_when_it_is_off(song):
    settings = PAPER.from_unit(Settings(*(torch.full_like(part, 0.6) for part in PAPER.defaults(3))))
    off = mix(song, RATE, settings, CHANNELS, layout=PAPER, fx=False)
    names = list(PAPER.track.params)
    settings.tracks[..., names.index("send.gain_db")] = stereo.SEND_OFF_DB
    torch.testing.assert_close(off, mix(song, RATE, settings, CHANNELS, layout=PAPER), atol=1e-6, rtol=1e-5)


def test_shapes_that_do_not_fit_are_refused(song, settings):
    with pytest.raises(ValueError, match="audio has 4 rows, its tracks have 3 channels"):
        mix(song, RATE, settings, (1, 2))
    with pytest.raises(ValueError, match="settings are for 3 tracks, the audio has 2"):
        mix(song[:, :3], RATE, settings, (1, 2))
