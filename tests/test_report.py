import base64
import io
import re
from dataclasses import replace

import av
import numpy as np
import pytest
import torch
from html_checks import Page
from scipy.signal import butter, sosfilt

from diffmst.effects import DEFAULT_TRACK, Effect
from diffmst.layout import DEFAULT, LAYOUTS, Section
from diffmst.mastering import Output
from diffmst.mix import ComparisonMix, Mix, ReferenceMix, TrackMix
from diffmst.params import Param
from diffmst.profile import Profile
from diffmst.report import build_report, figures, strips, summary, tables, words
from diffmst.report.controls import read_units
from diffmst.report.svg import Axis, Frame, png

RATE = 22_050
SECONDS = 5
SHA = "0" * 64
KIB = 1024


def noise(seed, side=0.5):
    mid, other = 0.1 * np.random.default_rng(seed).standard_normal((2, SECONDS * RATE))
    return np.stack([mid + side * other, mid - side * other]).astype(np.float32)


def heard(seed, side=0.5):
    profile = Profile(RATE)
    profile.add(noise(seed, side))
    return profile


PROFILES = {"reference": heard(0), "before": heard(1, side=0.1), "after": heard(2, side=0.4)}
SILENT = Profile(RATE)
SILENT.add(np.zeros((2, RATE), np.float32))
OUTPUT = Output(
    loudness_lufs=-14.2, true_peak_dbtp=-1.0, gain_db=3.5, limiting_db=1.5, target_lufs=-14.0, frames=SECONDS * RATE
)


def settings(section, seed):
    """Every control somewhere on its way."""
    generator = torch.Generator().manual_seed(seed)
    positions = torch.rand(len(section), generator=generator, dtype=torch.float64)
    return section.named(section.from_unit(positions))


def make_mix(tracks=3, layout="default", names=None, **changes):
    console = LAYOUTS[layout]
    names = names or [f"track {n}" for n in range(tracks)]
    reference = ReferenceMix(
        path="../music/Their Song.flac",
        sha256=SHA,
        loudness_lufs=-9.0,
        window_s=6.0,
        windows_at_s=(1.0, 2.5),
    )
    comparison = ComparisonMix(
        song_window_s=6.0,
        song_windows_at_s=(0.5, 61.25),
        distance_before={"style.tone": 2.0, "style.width": 0.5, "total": 3.0},
        distance_after={"style.tone": 0.5, "style.width": 0.75, "total": 1.0},
    )
    given = {
        "layout": layout,
        "sample_rate": RATE,
        "tracks": [
            TrackMix(
                name=name, path=f"stems/{n}.wav", sha256=SHA, channels=1 + n % 2, settings=settings(console.track, n)
            )
            for n, name in enumerate(names)
        ],
        "fx": settings(console.fx, 1000),
        "master": settings(console.master, 1001),
        "references": (reference,),
        "comparison": comparison,
    }
    return Mix(**given | changes)


def report(mix=None, *, title="A Song", warnings=(), output=OUTPUT, **profiles):
    return build_report(mix or make_mix(), title=title, warnings=warnings, output=output, **PROFILES | profiles)


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_page_is_well_formed_and_loads_nothing(layout):
    page = Page(report(make_mix(layout=layout)))
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    addresses = [value for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "href")]
    assert all(address.startswith("#") for address in addresses)
    assert re.findall(r"url\(([a-z]+):", report(make_mix(layout=layout))) == ["data"] * 6  # three masks, two spellings
    assert "http" not in page.text


def test_every_picture_reused_is_defined_once():
    page = Page(report())
    names = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(names) == len(set(names))
    assert {attrs["href"][1:] for tag, attrs in page.tags if tag == "use"} <= set(names)


def test_report_is_the_same_every_time():
    assert report() == report()


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '" onmouseover="alert(1)',
        "'><img src=x onerror=alert(1)>",
        "{{ 7 * 7 }}{% endraw %}",
        "</style></title>&amp;",
    ],
)
def test_names_cannot_become_markup(name):
    mix = make_mix(names=[name, "b"])
    mix = mix.model_copy(
        update={
            "tracks": tuple(t.model_copy(update={"note": name, "path": name, "mute": True}) for t in mix.tracks),
            "references": (mix.references[0].model_copy(update={"path": name.replace("/", "")}),),
            "software": name,
        }
    )
    plain, page = Page(report()), Page(report(mix, title=name, warnings=[name]))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"ul", "li", "strong", "wbr"}
    assert not any(key.startswith("on") for _, attrs in page.tags for key in attrs)
    assert page.text.count(name) >= 4  # title, heading, warning, note


def test_any_script_and_broken_file_name_can_be_written():
    names = ["שלום עולם", "音の壁", "Ñandú 🎸", "half \udcff character", "turned \u202egpj.exe", "bell\x07\n"]
    html = report(make_mix(names=names))
    html.encode("utf-8")
    page = Page(html)
    assert all(name in page.text for name in names[:3])
    assert "\u202e" not in html
    assert "half � character" in page.text
    assert {"h3", "h1"} <= {tag for tag, attrs in page.tags if attrs.get("dir") == "auto"}


def test_warnings_stand_in_their_order_or_their_absence_is_told():
    html = report(warnings=["first thing", "second thing"])
    assert html.index("first thing") < html.index("second thing") < html.index('id="tone"')
    assert "Nothing stood out" not in html
    assert "Nothing stood out" in report()


def test_headline_tells_song_reference_loudness_and_peak():
    text = " ".join(Page(report(title="Our Song")).text.split())
    assert "Our Song mixed the way of Their Song.flac" in text
    assert "Loudness−14.2 LUFS target −14.0" in text
    assert "True peak−1.0 dBTP ceiling −1.0" in text
    assert "Length5.0 s" in text


def test_verdict_follows_the_distance():
    assert "Very near the reference" in report(after=heard(0), output=_as_dynamic_as_reference())
    hissing = Profile(RATE)
    hiss = np.random.default_rng(3).standard_normal((2, SECONDS * RATE))
    hissing.add(0.05 * np.diff(np.diff(hiss)).astype(np.float32))
    assert "Far from the reference" in report(after=hissing)


def test_the_headline_says_of_peaks_what_it_measures():
    alike = report(after=heard(0), output=_as_dynamic_as_reference())
    assert "The mix is as wide, and its peaks stand as far above its loudness." in alike
    squashed = replace(_as_dynamic_as_reference(), true_peak_dbtp=-14.0 + PROFILES["reference"].plr_db - 4.0)
    assert "its peaks stand 4.0 dB less far above its loudness." in report(after=heard(0), output=squashed)


def _as_dynamic_as_reference():
    reference = PROFILES["reference"]
    return Output(
        loudness_lufs=-14.0,
        true_peak_dbtp=-14.0 + reference.plr_db,
        gain_db=0.0,
        limiting_db=0.0,
        target_lufs=None,
        frames=1,
    )


def test_muted_tracks_say_why():
    mix = make_mix()
    muted = mix.tracks[1].model_copy(update={"mute": True, "note": "silent in the whole song"})
    page = Page(report(mix.model_copy(update={"tracks": (mix.tracks[0], muted, mix.tracks[2])})))
    assert "silent in the whole song" in page.text
    assert sum("muted" in attrs.get("class", "").split() for _, attrs in page.tags) == 1


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_control_stands_in_a_table_with_its_value(layout):
    mix = make_mix(layout=layout)
    tracks = strips.track_strips(mix)
    rows = [row for table in tables.control_tables(tracks, strips.bus_strips(mix)) for row in table.rows]
    found = [control for row in rows for control in row.controls]
    console = LAYOUTS[layout]
    assert len(found) == len(mix.tracks) * len(console.track) + len(console.fx) + len(console.master)
    gains = sorted(c.value for c in found if c.param.name == "peak_2.gain_db")
    wanted = [t.settings["eq.peak_2.gain_db"] for t in mix.tracks] + [mix.master["eq.peak_2.gain_db"]]
    assert gains == pytest.approx(sorted(wanted))


def test_new_effect_is_drawn_without_a_word_here():
    def saturator(x, sample_rate, *, drive_db, bias, tone_hz, mix):
        return x

    params = (Param("drive_db", 0, 30, 0, "dB"), Param("bias", -1, 1, 0), Param("tone_hz", 20, 9000, 900, "Hz", "log"))
    effect = Effect("saturator", saturator, (*params, Param("mix", 0, 1, 0)))
    section = Section((*DEFAULT_TRACK, effect))
    panels = strips.read_panels(section, section.defaults()[None], RATE)[0]
    assert panels[-1].unit.title == "Saturator"
    assert len(panels[-1].pictures) == 4


def test_untouched_console_is_idle_and_unmarked():
    section = DEFAULT.track
    (units,) = read_units(section, section.defaults()[None])
    assert not any(control.moved for unit in units for control in unit.controls)
    (panels,) = strips.read_panels(section, section.defaults()[None], RATE)
    assert [panel.unit.effect.name for panel in panels if panel.idle] == ["eq", "compressor"]


def test_moved_controls_are_marked():
    values = DEFAULT.track.vector({"fader.gain_db": -6.0})
    (units,) = read_units(DEFAULT.track, values[None])
    assert [c.text for unit in units for c in unit.controls if c.moved] == ["−6.0 dB"]


def test_equalizer_curve_passes_through_its_band():
    values = DEFAULT.track.vector({"eq.peak_2.gain_db": 6.0, "eq.peak_2.freq_hz": 1000.0})
    (panels,) = strips.read_panels(DEFAULT.track, values[None], 44_100)
    picture = next(panel for panel in panels if panel.kind == "eq").pictures[0]
    assert "+6.0 dB at 1000 Hz" in picture
    x, y = map(int, re.search(r'class="eq dot" d="M(\d+) (\d+)h0"', picture).groups())
    assert x == pytest.approx(1000 * np.log10(1000 / 20) / 3, abs=1)
    assert y == pytest.approx(1000 * (15 - 6) / 30, abs=5)  # the curve is a polygon of 72 points


def test_no_curve_of_an_equalizer_leaves_its_picture():
    boosted = {
        f"eq.peak_{n}.{key}": value for n in (2, 3) for key, value in {"gain_db": 12.0, "freq_hz": 1000.0}.items()
    }
    plain, loud = make_mix(tracks=1, master={}), make_mix(tracks=1, master=boosted)
    _, master = strips.bus_strips(loud)
    picture = next(panel for panel in master.panels if panel.kind == "eq").pictures[0]
    _, y = map(int, re.search(r'class="eq dot" d="M(\d+) (\d+)', picture).groups())
    assert y == pytest.approx(1000 * (25 - 24) / 50, abs=5)  # 24 dB, on axes of 25
    assert str(strips.symbols(loud)) != str(strips.symbols(plain))


def test_a_difference_to_the_reference_is_drawn_whole_or_told_to_be_cut_off():
    def drawn(after):
        plot = figures.tone_difference(figures.Heard(PROFILES["reference"], PROFILES["before"], after))
        return plot.frame.y.high, plot.note

    dull = Profile(RATE)
    dull.add(sosfilt(butter(1, 500, fs=RATE, output="sos"), noise(0)))
    assert drawn(heard(0)) == (15, "shaded: within 3 dB")
    widened, note = drawn(dull)
    assert 15 < widened < 30 and note == "shaded: within 3 dB"
    assert drawn(SILENT) == (30, "shaded: within 3 dB; cut off beyond 30 dB")


def test_compressor_picture_tells_what_comes_out_of_full_scale():
    values = DEFAULT.track.vector(
        {"compressor.threshold_db": -20.0, "compressor.ratio": 4.0, "compressor.knee_db": 0.0}
    )
    (panels,) = strips.read_panels(DEFAULT.track, values[None], RATE)
    assert "0 dBFS in, −15.0 dBFS out" in next(panel for panel in panels if panel.kind == "compressor").pictures[0]


def test_distances_are_grouped_and_scaled_in_pairs():
    groups = summary.distances(make_mix().comparison)
    assert [(group.name, [term.name for term in group.terms]) for group in groups] == [
        ("Style", ["Tone", "Width"]),
        ("", ["Total"]),
    ]
    tone, width = groups[0].terms
    assert (tone.before_share, tone.after_share, tone.change) == (1.0, 0.25, "−75 %")
    assert (width.before_share, width.after_share, width.change) == (pytest.approx(2 / 3), 1.0, "+50 %")


@pytest.mark.parametrize("silent", ["reference", "before", "after"])
def test_silence_is_drawn(silent):
    output = OUTPUT if silent != "after" else Output(-np.inf, -np.inf, 0.0, 0.0, None, RATE)
    html = report(**{silent: SILENT}, output=output)
    assert not re.search(r"\b(nan|inf)\b", html, re.IGNORECASE)
    assert "−∞" in html


@pytest.mark.parametrize("name", ["reference", "before", "after"])
def test_long_silence_in_a_song_is_drawn(name):
    x = noise(4)
    pause = np.zeros((2, 4 * x.shape[1]), np.float32)  # more than the twentieth that the loudness axis leaves out
    profile = Profile(RATE)
    profile.add(np.concatenate([pause, x], axis=1))
    assert not re.search(r"\b(nan|inf)\b", report(**{name: profile}), re.IGNORECASE)


def test_mix_without_reference_in_its_document_has_a_report():
    page = Page(report(make_mix(references=(), comparison=None)))
    assert "Distance to the reference" not in page.text


@pytest.mark.parametrize(("tracks", "kib"), [(16, 400), (60, 900)])
def test_page_stays_small(tracks, kib):
    assert len(report(make_mix(tracks)).encode()) < kib * KIB


def test_tables_have_headings_and_pictures_have_words():
    page = Page(report())
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    pictures = [attrs for tag, attrs in page.tags if attrs.get("role") == "img"]
    assert len(pictures) > 10
    assert all(re.search(r"\d|flat|off|mono", attrs["aria-label"]) for attrs in pictures)


def test_grey_picture_reads_back():
    grey = np.random.default_rng(0).integers(0, 256, (7, 5), dtype=np.uint8)
    data = base64.b64decode(png(grey).partition(",")[2])
    with av.open(io.BytesIO(data)) as container:
        np.testing.assert_array_equal(next(container.decode(video=0)).to_ndarray(format="gray"), grey)


def test_path_leads_through_the_points():
    x, y = np.array([0, 1, 4, 5, 10]), np.array([0.0, -3.0, 2.0, 2.0, np.nan])
    path = Frame(Axis(0, 10), Axis(-5, 5)).line(x, y, "c")
    start, steps = re.search(r'd="M(\d+ \d+)l([^"]*)"', path).groups()
    moves = np.array(re.findall(r"-?\d+", start + " " + steps), int).reshape(-1, 2)
    np.testing.assert_array_equal(moves.cumsum(0)[:, 0], 100 * x)
    np.testing.assert_array_equal(moves.cumsum(0)[:, 1], [500, 800, 300, 300, 1000])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("panner.pan", -1.0, "L100"),
        ("send.gain_db", -80.0, "off"),
        ("compressor.attack_ms", 0.123, "0.12 ms"),
        ("compressor.release_ms", 1236.0, "1240 ms"),
        ("compressor.threshold_db", -23.4, "−23.4 dB"),
        ("compressor.knee_db", 6.0, "6.0 dB"),
        ("eq.peak_1.gain_db", 0.04, "0.0 dB"),
        ("eq.peak_1.freq_hz", 999.6, "1.00 kHz"),
        ("eq.peak_1.q", 0.7, "0.70"),
    ],
)
def test_values_are_printed_as_on_a_console(name, value, text):
    assert words.setting(DEFAULT.track.params[name], value) == text
