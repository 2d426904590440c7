"""Folk and ballads: guitars and pianos with air around them, drums that keep back."""

from diffmst.data.composition.style import Feel, Style, Voicing

FOLK = Style(
    name="folk",
    tempo_bpm=(84, 120),
    swing=0.5,
    modes=("major", "dorian"),
    chord_size=3,
    progressions={
        "verse": ((0, 3, 0, 4), (0, 4, 5, 3), (0, 0, 3, 4), (0, 2, 3, 4)),
        "chorus": ((3, 4, 0, 0), (3, 0, 4, 5), (0, 3, 4, 0)),
    },
    patterns={
        "intro": {"acoustic": ("x.x.x.x.x.x.x.x.", "x--.x.x-x--.x.x-"), "bass": ("................ r-------f-------",)},
        "verse": {
            "kick": ("X.......x.......",),
            "percussion": ("s.s.S.s.s.s.S.s.", "....t.......t..."),
            "bass": ("r-------f-------", "r---....f-----a-"),
            "acoustic": ("x.x.x.x.x.x.x.x.", "x--.x.x-x--.x.x-", "x-xxx-xxx-xxx-xx"),
            "lead": ("..x-x---x-x-x---x-----..........", "x---x-x-x---x---..x-x-----......"),
        },
        "chorus": {
            "kick": ("X...x...X...x...", "X.......X.x....."),
            "snare": ("....x.......x...", "....g..g....g..g"),
            "hats": ("x...x...x...x...",),
            "percussion": ("s.sst.s.s.sst.s.", "t.t.T.t.t.t.T.t."),
            "bass": ("r---f---r---a---", "R-----r-f-----a-"),
            "acoustic": ("X-x-X-xxX-x-X-xx", "X--xx-x-X--xx-x-"),
            "keys": ("x-------x-------",),
            "pad": ("x---------------",),
            "lead": ("x---x-x-x---x---x-x-x-----......", "x-----x-x---x-x-x---x---x---...."),
            "backing": ("a---------------u---------------", "....a-----------....a-------u---"),
        },
    },
    fills=({"snare": "x.xxx.X.", "kick": "X......."}, {"percussion": "t.t.tttt"}),
    voicings={
        "acoustic": Voicing(4, 45, 67),
        "keys": Voicing(4, 50, 74),
        "pad": Voicing(3, 55, 79),
        "backing": Voicing(2, 60, 77),
    },
    feels={part: Feel(3, 9) for part in ("kick", "snare", "hats", "percussion", "bass", "acoustic", "keys")}
    | {"lead": Feel(10, 14), "backing": Feel(8, 12)},
    registers={"verse": (57, 69), "chorus": (60, 74)},
)
BALLAD = Style(
    name="ballad",
    tempo_bpm=(60, 84),
    swing=0.5,
    modes=("major", "minor"),
    chord_size=4,
    progressions={
        "verse": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 2, 5, 3)),
        "chorus": ((3, 4, 0, 5), (5, 3, 0, 4), (0, 4, 3, 3)),
    },
    patterns={
        "intro": {"keys": ("x---x---x---x---", "x-x-x-x-x-x-x-x-"), "pad": ("x---------------",)},
        "verse": {
            "hats": ("x.x.x.x.x.x.x.x.", "x...x...x...x..."),
            "percussion": ("........i.......", "....i.......i..."),
            "bass": ("r---------------", "r-------r-----a-"),
            "keys": ("x---x---x---x---", "x-x-x-x-x-x-x-x-"),
            "acoustic": ("x.x.x.x.x.x.x.x.",),
            "pad": ("x---------------",),
            "lead": ("....x-x-x-x-x-----..............", "..x-x---x-x---....x-x-x---......"),
        },
        "chorus": {
            "kick": ("X.......x.X.....", "X.....x.X......."),
            "snare": ("....X.......X...",),
            "hats": ("x.x.x.x.x.x.x.x.", "X.xxX.x.X.xxX.o."),
            "cymbals": ("r...r...r...r...", "r.r.r.r.r.r.r.r."),
            "percussion": ("s.s.t.s.s.s.t.s.",),
            "bass": ("R-------r---r-a-", "R-----r-r-----a-"),
            "keys": ("x---x---x---x---", "x-x-x-x-x-x-x-x-"),
            "guitar": ("X---------------", "X-------x-------"),
            "acoustic": ("X-x-X-xxX-x-X-xx",),
            "strings": ("x---------------", "x-------x-------"),
            "pad": ("x---------------",),
            "lead": ("x-----x-x-----x-x-------........", "x-------x---x---x-----x-x---...."),
            "backing": ("a---------------u---------------", "a-----------....a-----------...."),
        },
    },
    fills=(
        {"snare": "x...xxxX", "toms": "....hhml"},
        {"snare": "X......x", "toms": "..h.m.ll", "hats": "x......."},
    ),
    voicings={
        "keys": Voicing(4, 50, 74, "broken"),
        "acoustic": Voicing(4, 45, 69, "broken"),
        "pad": Voicing(4, 52, 79),
        "strings": Voicing(3, 55, 84),
        "guitar": Voicing(3, 40, 55, "power"),
        "backing": Voicing(3, 58, 77),
    },
    feels={"snare": Feel(12, 5), "keys": Feel(4, 8), "bass": Feel(5, 6), "lead": Feel(16, 14)},
    registers={"verse": (55, 69), "chorus": (60, 76)},
)
