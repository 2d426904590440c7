"""Heavy rock: fast drums, low guitars that are muted and let ring, shouted choruses."""

from diffmst.data.composition.style import Feel, Style, Voicing

HEAVY = Style(
    name="heavy",
    tempo_bpm=(96, 180),
    swing=0.5,
    modes=("minor",),
    chord_size=3,
    progressions={
        "verse": ((0, 0, 5, 6), (0, 0, 0, 5), (0, 2, 5, 4)),
        "chorus": ((0, 5, 2, 6), (5, 6, 0, 0), (0, 3, 5, 6)),
    },
    patterns={
        "intro": {"guitar": ("X-----------m-m-", "m-mmm-mmm-mmX---"), "hats": ("o...o...o...o...",)},
        "verse": {
            "kick": ("X..xX.x.X..xX.x.", "XxxxX...XxxxX...", "X.x.....X.x.x..."),
            "snare": ("....X.......X...", "..X...X...X...X."),
            "hats": ("o...o...o...o...", "x.x.x.x.x.x.x.x."),
            "bass": ("rrrrrrrrrrrrrrra", "r-rrr-rrr-rrr-a-"),
            "guitar": ("m-mmm-mmm-mmm-mm", "mmmmX---mmmmX---", "m-m-X-m-m-m-X-m-"),
            "lead": ("x-x-x---x-x-x---x-x-x-----......", "x---x-x-x---....x---x-x-x---...."),
        },
        "chorus": {
            "kick": ("X.x.X.x.X.x.X.x.", "XxxxXxxxXxxxXxxx", "X...X.x.X...X.x."),
            "snare": ("....X.......X...", "....X..x....X.xx"),
            "hats": ("o...o...o...o...", "o.o.o.o.o.o.o.o."),
            "cymbals": ("r...r...r...r...", "c...r...r...r..."),
            "bass": ("R-r-r-r-r-r-r-a-", "rrrrrrrrrrrrrraa"),
            "guitar": ("X-------X-----X-", "X---------------", "X---X---X---X-X-"),
            "percussion": ("t.t.T.t.t.t.T.t.",),
            "keys": ("x---x---x---x---",),
            "pad": ("x---------------",),
            "lead": ("x-------x---x---x-----x-x---....", "x---x---x-----x-x-------x---...."),
            "backing": ("a-a-a---........a-a-a---........", "a---------------a-------a-------"),
        },
    },
    fills=(
        {"snare": "xxxxXXXX", "toms": "....hhml", "kick": "X.x.X.x."},
        {"snare": "....xxXX", "toms": "hhmm....", "kick": "XxxxXxxx"},
        {"toms": "hhmmllll", "kick": "X...X...", "hats": "........"},
    ),
    voicings={
        "guitar": Voicing(3, 36, 47, "power"),
        "keys": Voicing(4, 52, 76),
        "pad": Voicing(4, 52, 79),
        "backing": Voicing(2, 60, 74),
    },
    feels={"kick": Feel(0, 2), "snare": Feel(1, 2.5), "guitar": Feel(0, 4), "bass": Feel(0, 3), "lead": Feel(4, 9)},
    registers={"verse": (55, 69), "chorus": (60, 74)},
)
