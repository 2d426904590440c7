"""Soul with a hip-hop beat: slow, swung sixteenths, ninth chords on an electric piano, a snare that drags."""

from diffmst.data.composition.style import Feel, Style, Voicing

INTRO = {
    "hats": ("x.x.x.x.x.x.x.x.",),
    "keys": ("x-----..x--.....", "x------x--......"),
    "percussion": ("....i.......i...",),
    "pad": ("x---------------",),
}
VERSE = {
    "kick": ("X......x..X.....", "X..x......X..x..", "X.....x...x..X.."),
    "snare": ("....X..g.g..X...", "....X..g....X..g"),
    "hats": ("X.x.X.xxX.x.X.x.", "X.xxX.x.X.xxX.o.", "X.x.X.x.XxX.x.o."),
    "percussion": ("..s...s...s...s.", "s.s.S.s.s.s.S.s."),
    "bass": ("R--.r..o..f-.ra-", "R-----r...o-f.a-", "R--r..r-..r-f-a-"),
    "keys": ("x-----..x--.....", "x------x--......", "x--...x-----...."),
    "guitar": ("......x.......x.", "....x.....x...x."),
    "lead": (
        "..xxx-x-x-x---....x-xx-x---.....",
        "....x-xxx-x-x---..x-x-x---......",
        "..x-x-xx--x-x-----..x-x---......",
    ),
}
CHORUS = {
    "kick": ("X..x..X...X..x..", "X......xX.X.....", "X..X......x..X.."),
    "snare": ("....X..g.g..X..g", "....X..g.g.gX..."),
    "hats": ("X.xxX.xxX.xxX.o.", "XxX.XxX.XxX.X.o."),
    "cymbals": ("r...............", "r.......r......."),
    "percussion": ("s.shS.s.s.slS.h.", "sshsS.lss.shS.l."),
    "bass": ("R--.r..o..f-.ra-", "R-.r..o-r.r.f-a-", "R--r..r-o.r-f-a-"),
    "keys": ("x---..x-..x-....", "x------x--..x---", "x-.x------x-...."),
    "pad": ("x---------------",),
    "guitar": ("..x...x..x....x.", "....x..x..x.x..."),
    "lead": (
        "x---x--x--x-x---....x-x-x-x-----",
        "x-----x-xx-x----..x-x-x-x---....",
        "x--x--x---x-x---..xxx-x-x---....",
    ),
    "backing": (
        "....a--a-----.......a--a-----...",
        "u---------......u-------a---....",
        "a-----------....a-------u---....",
    ),
}
SOUL = Style(
    name="soul",
    tempo_bpm=(88, 96),
    swing=0.585,
    modes=("minor", "dorian"),
    chord_size=5,
    progressions={
        "verse": ((0, 3, 0, 3), (5, 6, 0, 0), (0, 2, 3, 3), (0, 6, 3, 0)),
        "chorus": ((3, 6, 2, 0), (5, 4, 0, 2), (2, 6, 3, 0), (3, 0, 6, 0)),
    },
    patterns={"intro": INTRO, "verse": VERSE, "chorus": CHORUS},
    fills=(
        {"snare": "..x.gxxX", "kick": "x.......", "toms": "......ml"},
        {"snare": "X..gx...", "toms": ".....hml", "hats": "x......."},
        {"snare": "..X..X.x", "hats": "x.......", "percussion": "...hhll.", "toms": "....h..l"},
    ),
    voicings={
        "keys": Voicing(4, 53, 74, "rootless"),
        "pad": Voicing(4, 58, 82, "rootless"),
        "guitar": Voicing(3, 60, 79, "rootless"),
        "backing": Voicing(3, 60, 77, "rootless"),
    },
    feels={
        "kick": Feel(0, 3),
        "snare": Feel(14, 3),
        "hats": Feel(4, 4),
        "bass": Feel(8, 5),
        "keys": Feel(10, 7),
        "guitar": Feel(4, 6),
        "lead": Feel(18, 12),
        "backing": Feel(14, 8),
    },
    registers={"verse": (57, 70), "chorus": (60, 74)},
)
