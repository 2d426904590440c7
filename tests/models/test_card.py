import torch
from heard_as_published import small_config

from diffmst.models.card import model_card, write_card
from diffmst.models.checkpoint import record_of
from diffmst.models.diff_mst import DiffMST
from diffmst.models.record import DataSource, TrainingRecord

TRAINING = TrainingRecord(
    licence="CC-BY-4.0",
    data=(
        DataSource(
            name="Generated songs", licence="CC0-1.0", songs=1_200, hours=80.25, url="https://example.org/songs"
        ),
        DataSource(name="Two | of\nours", licence="CC-BY-4.0", songs=2, citation="Doe: Two songs. 2020."),
    ),
    methods={"same-song": 0.75, "shared-style": 0.25},
    steps=100_000,
    examples=800_000,
    seconds=5_400.0,
    hardware="2 cores",
    command="diffmst train fit -c default",
    figures={"loudness error (LU)": 1.5, "EQ error (dB)": None},
    weaknesses=("It takes a choir for a pad.",),
    software={"diffmst": "0.1.0"},
)


def card(training=TRAINING):
    with torch.device("meta"):
        return model_card(record_of(DiffMST(), training))


def test_a_card_tells_what_the_model_is():
    text = card()
    assert text.startswith("# Model card: diff-mst\n\nThe published Diff-MST: ")
    assert "| weights | 190,923,982 |" in text
    assert "| console | layout paper: 27 controls per track, 25 of the FX bus, 26 of the master bus |" in text
    assert "| hears | 1 window of the song and 1 of the reference, 5.94 s each, at 44,100 Hz; " in text
    assert "| loudness | tracks at -48 LUFS, reference at -16 LUFS |" in text


def test_a_card_tells_how_it_was_trained_and_on_what():
    text = card()
    for row in (
        "| steps | 100,000 |",
        "| time | 1.50 h on 2 cores |",
        "| methods | 75% same-song, 25% shared-style |",
        "| command | diffmst train fit -c default |",
        "| [Generated songs](https://example.org/songs) | CC0-1.0 | 1,200 | 80.2 |",
        "| Two &#124; of ours | CC-BY-4.0 | 2 |  |",
    ):
        assert row in text.splitlines(), row


def test_a_card_tells_how_well_it_does_and_where_it_fails():
    text = card()
    assert "| loudness error (LU) | 1.5 |\n| EQ error (dB) | not recorded |" in text
    assert "## Where it fails\n\n- It takes a choir for a pad.\n" in text


def test_a_card_tells_licence_and_citations():
    text = card()
    assert "## Licence\n\nWeights: CC-BY-4.0. Code: Apache-2.0.\n" in text
    citations = text.partition("## Citation\n\n")[2].split("\n\n")
    assert citations[0].startswith("- Vanka, ") and citations[1] == "- Doe: Two songs. 2020.\n"


def test_what_was_not_recorded_is_said():
    text = card(TrainingRecord(licence="CC0-1.0"))
    for sentence in ("Data: not recorded.", "Figures: not recorded.", "Weaknesses: not recorded."):
        assert sentence in text


def test_a_card_is_written_beside_the_model(tmp_path):
    model = DiffMST(small_config())
    write_card(tmp_path / "model.md", model, TRAINING)
    assert (tmp_path / "model.md").read_text(encoding="utf-8") == model_card(record_of(model, TRAINING))
