"""Pop-rock: straight eighths, driven guitars, a sung melody, a chorus that opens up."""

from diffmst.data.composition.style import Feel, Style, Voicing

INTRO = {
    "hats": ("X...x...X...x...",),
    "keys": ("x---x---x---x---", "x-----x-----x---"),
    "guitar": ("X---------------",),
    "bass": ("................ r-------r-----a-",),
}
VERSE = {
    "kick": ("X.......x.x.....", "X.....x.x.......", "X.......X.....x."),
    "snare": ("....X.......X...", "....X.......X..g"),
    "hats": ("X.x.X.x.X.x.X.x.",),
    "percussion": ("........t.......",),
    "bass": ("r-r-r-r-r-r-r-a-", "R---..r-r---r-a-", "r-r-r-r-r-r-f-a-"),
    "guitar": ("m-m-m-m-M-m-m-m-", "M-m-m-M-m-m-m-m-"),
    "keys": ("x-------x-------", "x---------x-x---"),
    "lead": (
        "..x-x-x-x---x---x-----..........",
        "x-x-x---x-x-x---..x-x-----......",
        "....x-x-x-x-x---x---x---........",
        "..x-x---x-x-x-x-x-------........",
    ),
}
CHORUS = {
    "kick": ("X.....x.X.x.....", "X.x.....X.x...x.", "X.....X.x.x....."),
    "snare": ("....X.......X...", "....X..g....X..."),
    "hats": ("X.o.X.o.X.o.X.o.", "o...o...o...o..."),
    "cymbals": ("r...r...r...r...", "r.r.r.r.r.r.r.r."),
    "percussion": ("t.t.T.t.t.t.T.t.",),
    "bass": ("R-r-r-r-R-r-r-a-", "r-r-r-r-f-r-r-a-", "R-r-r-o-r-r-f-a-"),
    "guitar": ("X---x-x-x---x-x-", "X-----x-x---x-x-", "X---x---x-x-x-x-"),
    "keys": ("x-x-x-x-x-x-x-x-", "x---x---x---x---"),
    "pad": ("x---------------",),
    "lead": (
        "x-----x-x---x---x-------x-x-....",
        "x---x---x-x-x---x-----x-x---....",
        "x-------x---x-x-x---x---x---....",
    ),
    "backing": (
        "a-----------....a-----------....",
        "....a-----------....a-------a---",
        "a---------------a-------u-------",
    ),
}
POP_ROCK = Style(
    name="pop-rock",
    tempo_bpm=(112, 130),
    swing=0.5,
    modes=("major",),
    chord_size=3,
    progressions={
        "verse": ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 5, 4)),
        "chorus": ((3, 0, 4, 5), (0, 4, 5, 3), (3, 4, 0, 5), (5, 3, 0, 4)),
    },
    patterns={"intro": INTRO, "verse": VERSE, "chorus": CHORUS},
    fills=(
        {"snare": "X.xx....", "toms": "....hhml", "hats": "x......."},
        {"snare": "..x.X...", "toms": "H.h.m.ll", "hats": "........"},
        {"snare": "xxX.xxX.", "toms": "...m...L", "hats": "x......."},
    ),
    voicings={
        "keys": Voicing(4, 53, 76),
        "pad": Voicing(4, 55, 79),
        "guitar": Voicing(3, 40, 51, "power"),
        "backing": Voicing(3, 60, 77),
    },
    feels={
        "kick": Feel(0, 2.5),
        "snare": Feel(2, 3),
        "bass": Feel(1, 4),
        "guitar": Feel(0, 6),
        "lead": Feel(8, 9),
        "backing": Feel(6, 8),
    },
    registers={"verse": (57, 69), "chorus": (62, 76)},
)
