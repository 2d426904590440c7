// The waveform: where the sound is, and which part of it loops. One picture stands for all sounds of a page.

const HANDLE_PX = 12;
const DRAG_PX = 5;
const NUDGE_S = 0.1;

class Waveform {
  constructor(player, envelope) {
    this.player = player;
    this.head = h("div", { class: "head" });
    this.region = h("div", { class: "region" });
    this.handles = { start: this.handle("start", "Start of the loop"), end: this.handle("end", "End of the loop") };
    this.surface = h("div", { class: "surface" }, picture(envelope), this.region, this.head);
    this.element = h("div", { class: "waveform" }, this.surface, this.handles.start, this.handles.end);
    this.surface.addEventListener("pointerdown", (event) => this.press(event));
    this.surface.addEventListener("dblclick", () => player.setLoop(0, player.seconds));
  }

  /** An end of the loop, to be moved by the arrow keys as well. */
  handle(edge, name) {
    const element = h("div", { class: `handle ${edge}`, role: "slider", tabIndex: 0, "aria-label": name });
    element.addEventListener("pointerdown", (event) => this.follow(event, (seconds) => this.moveEdge(edge, seconds)));
    element.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -NUDGE_S, ArrowDown: -NUDGE_S, ArrowRight: NUDGE_S, ArrowUp: NUDGE_S }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.moveEdge(edge, this.player.loop[edge] + step);
    });
    return element;
  }

  moveEdge(edge, seconds) {
    const { start, end } = this.player.loop;
    if (edge === "start") this.player.setLoop(Math.min(seconds, end - SHORTEST_LOOP_S), end);
    else this.player.setLoop(start, Math.max(seconds, start + SHORTEST_LOOP_S));
  }

  /** A click goes to a place, a drag marks a loop. */
  press(event) {
    const from = this.secondsAt(event);
    let dragged = false;
    const move = (seconds, moved) => {
      dragged ||= Math.abs(moved.clientX - event.clientX) > DRAG_PX;
      if (dragged) this.show({ start: Math.min(from, seconds), end: Math.max(from, seconds) });
    };
    const release = (seconds) => {
      if (dragged) this.player.setLoop(Math.min(from, seconds), Math.max(from, seconds));
      else this.player.seek(seconds);
    };
    this.follow(event, move, release);
  }

  /** Calls back with the time under the pointer until it is released. */
  follow(event, move, release = () => {}) {
    event.preventDefault();
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    target.onpointermove = (moved) => move(this.secondsAt(moved), moved);
    target.onpointerup = target.onpointercancel = (last) => {
      target.onpointermove = target.onpointerup = target.onpointercancel = null;
      release(this.secondsAt(last));
      this.update();
    };
  }

  secondsAt(event) {
    const { left, width } = this.surface.getBoundingClientRect();
    return this.player.seconds * Math.min(Math.max((event.clientX - left) / width, 0), 1);
  }

  /** Draw the loop, and tell it. */
  update() {
    this.show(this.player.loop);
  }

  show({ start, end }) {
    const { seconds } = this.player;
    const whole = end - start >= seconds - 1e-3;
    this.element.classList.toggle("whole", whole);
    this.region.style.left = `${(100 * start) / seconds}%`;
    this.region.style.right = `${100 - (100 * end) / seconds}%`;
    for (const [edge, at] of Object.entries({ start, end })) {
      const handle = this.handles[edge];
      handle.style.left = `${(100 * at) / seconds}%`;
      handle.setAttribute("aria-valuemin", "0");
      handle.setAttribute("aria-valuemax", seconds.toFixed(1));
      handle.setAttribute("aria-valuenow", at.toFixed(1));
      handle.setAttribute("aria-valuetext", `${at.toFixed(1)} seconds`);
    }
  }

  /** Draw where the sound is. */
  tick() {
    this.head.style.left = `${(100 * this.player.position) / this.player.seconds}%`;
  }
}

/** An outline, the same above and below a middle line. */
function picture(envelope) {
  const tall = envelope.map((level) => Math.max(level, 1));
  const above = tall.map((level, n) => `L${n} ${100 - level}`);
  const below = tall.map((level, n) => `L${n} ${100 + level}`).reverse();
  const view = `0 0 ${envelope.length - 1} 200`;
  return drawing(`M${[...above, ...below].join("").slice(1)}Z`, view, {
    preserveAspectRatio: "none",
    class: "envelope",
  });
}
