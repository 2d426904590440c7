"""Electronic dance music: four to the floor, synthesisers, a pluck that runs in sixteenths, a lead without words."""

from diffmst.data.composition.style import Feel, Style, Voicing

INTRO = {
    "hats": ("..x...x...x...x.",),
    "pluck": ("x.x.x.x.x.x.x.x.", "x..x..x.x..x..x."),
    "pad": ("x---------------",),
}
VERSE = {
    "kick": ("X...X...X...X...",),
    "snare": ("....X.......X...",),
    "hats": ("..x...x...x...x.", "..o...o...o...o."),
    "percussion": ("...i..i....i..i.", "...i...i..i...i."),
    "bass": ("r..r..r.r..r..o.", "r-.r-.r-..r-..a-"),
    "pluck": ("xxxxxxxxxxxxxxxx", "x.xx.xx.x.xx.xx."),
    "pad": ("x---------------",),
    "lead": (
        "x---..x-x---....x-x-x---........",
        "x-----x-----x---x---............",
        "..x-x---..x-x---..x-x-----......",
    ),
}
CHORUS = {
    "kick": ("X...X...X...X...",),
    "snare": ("....X.......X...", "....X.......X..x"),
    "hats": ("xxoxxxoxxxoxxxox", "x.oxx.oxx.oxx.ox"),
    "cymbals": ("..r...r...r...r.",),
    "percussion": ("ssSsssSsssSsssSs", "stSsstSsstSsstSs"),
    "bass": ("r.rr.rr.r.rr.ra-", "..r-..r-..r-..o-", "rrrrrrrrrrrrooa-"),
    "keys": ("x--x--x---x--x--", "..x-..x-..x-..x-", "x--x--x-..x-x---"),
    "pluck": ("xxxxxxxxxxxxxxxx",),
    "pad": ("x---------------",),
    "lead": (
        "x---x-x---x-x---x---x-x-----....",
        "x-----x-x---x---x-----x-x---....",
        "x--x--x---x-x---x--x--x-----....",
    ),
    "backing": ("a-.a-...a-a-....a-.a-...a---....", "..a-..a-..a-....a-------........"),
}
ELECTRONIC = Style(
    name="electronic",
    tempo_bpm=(120, 128),
    swing=0.5,
    modes=("minor",),
    chord_size=4,
    progressions={
        "verse": ((0, 5, 2, 6), (0, 3, 5, 6), (0, 0, 5, 6)),
        "chorus": ((5, 6, 0, 2), (0, 5, 2, 6), (5, 2, 6, 0)),
    },
    patterns={"intro": INTRO, "verse": VERSE, "chorus": CHORUS},
    fills=(
        {"snare": "x.x.xxxx", "kick": "X...X...", "toms": "....m.l.", "hats": "........"},
        {"snare": "X..x..X.", "toms": ".h.m.l.l", "kick": "X......."},
        {"snare": "....xxXX", "toms": "hhmm....", "hats": "x......."},
    ),
    voicings={
        "keys": Voicing(4, 55, 76),
        "pad": Voicing(4, 52, 76),
        "pluck": Voicing(4, 64, 86, "broken"),
        "backing": Voicing(3, 60, 77),
    },
    feels={part: Feel(0, 0.6) for part in ("kick", "snare", "hats", "percussion", "bass", "keys", "pluck", "toms")}
    | {"lead": Feel(0, 3), "backing": Feel(3, 4)},
    registers={"verse": (62, 76), "chorus": (67, 81)},
)
