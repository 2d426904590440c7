// A row of the scale: a button to hear a sound, a slider to rate it.

const REFERENCE = "reference";
const HEARD_CELLS = 100;

/** How much of a sound was heard, in hundredths of its length. */
class Heard {
  constructor(cells = "") {
    this.cells = Uint8Array.from({ length: HEARD_CELLS }, (_, n) => Number(cells[n] === "1"));
  }

  /** Mark what lies between two points, each from 0 to 1. */
  mark(from, to) {
    this.cells.fill(1, Math.floor(from * HEARD_CELLS), Math.min(Math.floor(to * HEARD_CELLS) + 1, HEARD_CELLS));
  }

  get share() {
    return this.cells.reduce((sum, cell) => sum + cell, 0) / HEARD_CELLS;
  }

  toString() {
    return this.cells.join("");
  }
}

/** The row of the open reference, which is not rated. */
class ReferenceRow {
  constructor({ heard, onselect, text }) {
    this.name = REFERENCE;
    this.label = "reference";
    this.heard = new Heard(heard);
    this.button = playButton({ onclick: onselect, "aria-label": "Play the reference", "aria-keyshortcuts": "R" }, "R");
    this.element = h("li", { class: "row reference" }, this.button, h("p", {}, text));
    this.element.addEventListener("pointerdown", (event) => event.target.closest("button") || onselect(event));
  }

  show(selected, playing) {
    this.element.classList.toggle("selected", selected);
    this.button.showPlaying(selected && playing);
    this.button.style.setProperty("--heard", this.heard.share);
  }
}

/** The row of a sound. Only the sound that is heard can be rated, as ITU-R BS.1534-3 asks. */
class RatingRow {
  constructor({ name, number, labels, score, heard, onselect, onrate }) {
    Object.assign(this, { name, labels, label: String(number), score: score ?? null, onrate });
    this.heard = new Heard(heard);
    this.button = playButton(
      { onclick: onselect, "aria-label": `Play sound ${number}`, "aria-keyshortcuts": number },
      number,
    );
    this.output = h("output", {});
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: 100,
      step: 1,
      value: this.score ?? 50,
      "aria-label": `Rating of sound ${number}`,
      oninput: () => this.rate(),
      onpointerup: () => this.rate(),
    });
    this.element = h("li", { class: "row" }, this.button, h("div", { class: "scale" }, this.slider), this.output);
    this.element.addEventListener("pointerdown", (event) => {
      if (this.slider.disabled && !event.target.closest("button")) onselect(event);
    });
    this.showScore();
  }

  rate() {
    if (this.slider.disabled) return;
    this.score = Number(this.slider.value);
    this.showScore();
    this.onrate();
  }

  showScore() {
    const rated = this.score !== null;
    const word = rated ? this.labels[Math.min(4, Math.floor(this.score / 20))] : "not rated";
    this.element.classList.toggle("unrated", !rated);
    this.output.replaceChildren(h("b", {}, rated ? this.score : "–"), h("span", {}, word));
    this.slider.setAttribute("aria-valuetext", rated ? `${this.score}, ${word}` : word);
    this.slider.style.setProperty("--score", this.slider.value);
  }

  show(selected, playing) {
    this.element.classList.toggle("selected", selected);
    this.slider.disabled = !selected;
    this.button.showPlaying(selected && playing);
    this.button.style.setProperty("--heard", this.heard.share);
  }
}
