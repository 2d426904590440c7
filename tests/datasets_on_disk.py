"""Small songs laid out on disk exactly as each data set lays them out."""

import json
from pathlib import Path

import numpy as np
import songs
import yaml

SECONDS = 1.2
RATE = 22_050


def sound(path: Path, seed=0, channels=1, seconds=SECONDS, rate=RATE, level=0.1):
    """Noise, loud enough to be heard."""
    audio = np.stack([songs.noise(seconds, seed + side, rate, level) for side in range(channels)])
    return songs.write(path, audio, rate, "MPEG_LAYER_III" if path.suffix == ".mp3" else "PCM_16")


def medleydb_song(root: Path, name: str, stems, metadata_in: Path | None = None, **fields):
    """`stems`: instrument, component and the instruments of the raw tracks, of each stem."""
    song = root / name
    entries = {}
    for number, (instrument, component, raw) in enumerate(stems, 1):
        stem = sound(song / f"{name}_STEMS" / f"{name}_STEM_{number:02}.wav", number, 2)
        entries[f"S{number:02}"] = {"component": component, "filename": stem.name, "instrument": instrument, "raw": {}}
        for track, own in enumerate(raw, 1):
            path = sound(song / f"{name}_RAW" / f"{name}_RAW_{number:02}_{track:02}.wav", 10 * number + track)
            entries[f"S{number:02}"]["raw"][f"R{track:02}"] = {"filename": path.name, "instrument": own}
    sound(song / f"{name}_MIX.wav", 99, 2)
    metadata = {
        "artist": name.partition("_")[0],
        "has_bleed": "no",
        "mix_filename": f"{name}_MIX.wav",
        "raw_dir": f"{name}_RAW",
        "stem_dir": f"{name}_STEMS",
        "stems": entries,
        "title": name.partition("_")[2],
    } | fields
    folder = metadata_in or song
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}_METADATA.yaml").write_text(yaml.safe_dump(metadata))
    return song


MEDLEYDB_STEMS = (
    ("female singer", "melody", ["female singer"]),
    ("male singer", "", ["male singer"]),
    ("drum set", "", ["kick drum", "snare drum", "drum set"]),
    ("electric bass", "bass", ["electric bass", "Unlabeled"]),
)


def medleydb_1(root: Path):
    """The first release: metadata beside the audio."""
    medleydb_song(root / "Audio", "LizNelson_Rainfall", MEDLEYDB_STEMS)
    return root


def medleydb_2(root: Path):
    """As it unpacks today: a folder for each release, metadata in a folder of its own."""
    medleydb_song(root / "V2", "Torres_NewSkin", MEDLEYDB_STEMS, root / "Metadata", has_bleed="yes")
    return root


def cambridge_mt(root: Path):
    """Unpacked archives, one with a folder in the folder and what macOS leaves; previews beside them."""
    song = root / "AngelsInAmplifiers_ImAlright_Full" / "AngelsInAmplifiers_ImAlright_Full"
    for number, name in enumerate(("KickIn", "SnareUp", "Overheads", "BassDI", "ElecGtr1", "LeadVox"), 1):
        sound(song / f"{number:02}_{name}.wav", number, 2 if name == "Overheads" else 1)
    sound(song.parent / "__MACOSX" / song.name / "._01_KickIn.wav")
    sound(root / "ImAlright_Full_Preview.mp3", 7, 2)
    for number, name in enumerate(("Loop", "Synth"), 1):
        sound(root / "3DMARCo_ACapella" / f"{number:02}_{name}.wav", number)
    sound(root / "3DMARCoACapella_Preview.mp3", 8, 2)
    return root


def musdb18_hq(root: Path):
    """Two songs to train on, one of which its reader keeps for validation, and one to test on."""
    for place in ("train/ANiMAL - Clinic A", "train/Leaf - Summerghost", "test/AM Contra - Heart Peripheral"):
        for number, name in enumerate(("mixture", "vocals", "drums", "bass", "other")):
            sound(root / place / f"{name}.wav", number, 2)
    return root


def moisesdb(root: Path):
    """One song, with stems by the identities of their tracks."""
    song = root / "moisesdb_v0.1" / "0a589d65-50a3-4999-8f16-b5b6199bceee"
    tracks = {
        "vocals": [("lead female singer", False), ("background vocals", False)],
        "bass": [("bass synthesizer (moog etc)", False)],
        "other_keys": [("other sounds (hapischord, melotron etc)", True)],
        "wind": [("brass (trumpet, trombone, french horn, brass etc)", False)],
    }
    groups = []
    for name, kinds in tracks.items():
        entries = []
        for number, (kind, bleeds) in enumerate(kinds):
            identity = f"{len(groups)}{number}c4fb4b-1f6c-44e4-a93c-16968536bb58"
            sound(song / name / f"{identity}.wav", number, 2)
            entries.append({"id": identity, "trackType": kind, "extension": "wav", "has_bleed": bleeds})
        groups.append({"id": name, "stemName": name, "tracks": entries})
    document = {"artist": "Thirteen Minutes", "song": "Forever", "genre": "rock", "stems": groups}
    (song / "data.json").write_text(json.dumps(document))
    return root


def slakh_song(song: Path):
    stems = {
        "S00": {"inst_class": "Guitar", "is_drum": False, "midi_program_name": "Distortion Guitar"},
        "S01": {"inst_class": "Drums", "is_drum": True, "midi_program_name": "Drums"},
        "S02": {"inst_class": "Strings (continued)", "is_drum": False, "midi_program_name": "String Ensemble 1"},
        "S03": {"inst_class": "Ethnic", "is_drum": False, "midi_program_name": "Koto", "audio_rendered": False},
    }
    for number, name in enumerate(("S00", "S01", "S02")):
        sound(song / "stems" / f"{name}.flac", number)
    sound(song / "stems" / "band" / "residuals.wav")
    sound(song / "mix.flac", 9)
    (song / "metadata.yaml").write_text(yaml.safe_dump({"UUID": "1a81ae", "audio_dir": "stems", "stems": stems}))


def slakh2100(root: Path):
    """`redux`: folders of splits, and one of songs that are there twice."""
    for place in ("train/Track00001", "validation/Track01501", "test/Track01876", "omitted/Track00049"):
        slakh_song(root / "slakh2100_flac_redux" / place)
    return root


def babyslakh(root: Path):
    slakh_song(root / "Track00001")
    slakh_song(root / "Track01600")
    return root


def mtg_jamendo(root: Path):
    """Two songs, and the authors' splits for one of them."""
    for place in ("14/214.mp3", "00/1376400.low.mp3"):
        sound(root / "audio" / place, 3, 2)
    header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
    rows = "track_0000214\tartist_14\talbum_31\t14/214.mp3\t124.6\tgenre---punk\tgenre---rock\n"
    tables = root / "data" / "splits" / "split-0"
    tables.mkdir(parents=True)
    for split, below in {"train": "", "validation": rows, "test": ""}.items():
        (tables / f"autotagging-{split}.tsv").write_text(header + below)
    return root


def stems(root: Path):
    """Two songs of anybody's, one with its mix."""
    for number, name in enumerate(("Kick", "Bass DI", "Pad")):
        sound(root / "Song 2" / f"{name}.wav", number, 1 + (name == "Pad"))
    sound(root / "Song 2" / "Song 2 - Mixdown.wav", 5, 2)
    for number, name in enumerate(("Audio 1", "Audio 2")):
        sound(root / "Song 10" / "takes" / f"{name}.flac", number)
    return root


def references(root: Path):
    sound(root / "First.wav", 1, 2)
    sound(root / "Album" / "Second.flac", 2, 1)
    return root


LAYOUTS = {
    "medleydb": (medleydb_1, medleydb_2),
    "cambridge-mt": (cambridge_mt,),
    "musdb18-hq": (musdb18_hq,),
    "moisesdb": (moisesdb,),
    "slakh2100": (slakh2100, babyslakh),
    "mtg-jamendo": (mtg_jamendo,),
    "stems": (stems,),
    "references": (references,),
}
