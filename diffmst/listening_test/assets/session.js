// What one participant has done so far, kept in the browser until the results are saved.

const STEPS = { welcome: "welcome", training: "training", page: "page", questions: "questions", done: "done" };

class Session {
  constructor(test) {
    this.test = test;
    this.place = `diffmst-listening-test-${test.id}`;
    this.stored = true;
    this.state = this.restored() || this.fresh();
  }

  /** A participant who has not begun. The address may name participant and seed: index.html?participant=P07&seed=7 */
  fresh() {
    const asked = new URLSearchParams(location.search);
    const seed = Number.parseInt(asked.get("seed") ?? "", 10);
    return {
      session: drawnSeed().toString(16).padStart(8, "0"),
      participant: asked.get("participant") ?? "",
      seed: Number.isFinite(seed) ? seed >>> 0 : drawnSeed(),
      step: STEPS.welcome,
      page: 0,
      started: "",
      finished: "",
      volumeDb: -12,
      pages: [],
      draft: null,
      answers: {},
      saved: false,
    };
  }

  restored() {
    try {
      return JSON.parse(localStorage.getItem(this.place));
    } catch {
      return null;
    }
  }

  keep(changes = {}) {
    Object.assign(this.state, changes);
    try {
      localStorage.setItem(this.place, JSON.stringify(this.state));
    } catch {
      this.stored = false; // a private window, or no room: the page must not be left then
    }
  }

  restart() {
    try {
      localStorage.removeItem(this.place);
    } catch {
      this.stored = false;
    }
    this.state = this.fresh();
  }

  /** Whether leaving the page now would lose something. */
  get atRisk() {
    const { step, saved } = this.state;
    return step === STEPS.done ? !saved : step !== STEPS.welcome && !this.stored;
  }

  get fileName() {
    const { participant, session } = this.state;
    return `${[this.test.id, participant, session]
      .filter(Boolean)
      .join("-")
      .replace(/[^\p{L}\p{N}_.-]+/gu, "_")}.csv`;
  }

  /** One line per rating; what holds for the participant stands in each. */
  get csv() {
    const { state, test } = this;
    const about = { experience: "", device: "", age: "", remarks: "", ...state.answers };
    const lines = state.pages.flatMap((page, index) =>
      page.ratings.map((rating) => ({
        test: test.id,
        participant: state.participant,
        session: state.session,
        seed: state.seed,
        page: index + 1,
        trial: page.trial,
        repeat: page.repeat,
        position: rating.position,
        stimulus: rating.stimulus,
        score: rating.score,
        heard: rating.heard.toFixed(2),
        seconds: page.seconds.toFixed(1),
        volume_db: state.volumeDb,
        experience: about.experience,
        device: about.device,
        age: about.age,
        remarks: about.remarks.replace(/\s+/g, " ").trim(),
        started: state.started,
        finished: state.finished,
      })),
    );
    const cell = (value) => (/[",\r\n;]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
    const rows = [Object.keys(lines[0]), ...lines.map((line) => Object.values(line))];
    return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
  }
}
