// The mixes of a pair, heard in step: one place in the song for all of them, and a press of a name to hear another.

class Comparison {
  constructor(element, listener) {
    this.element = element;
    this.listener = listener;
    this.buttons = [...element.querySelectorAll("button.hear")];
    for (const button of this.buttons) button.addEventListener("click", () => listener.toggle(this, button));
    this.transport = playButton(
      { class: "play transport-play", onclick: () => listener.toggle(this, this.chosen), "aria-label": "Play or pause" },
      "",
    );
    this.time = h("span", { class: "time" });
    this.whole = h("button", { type: "button", class: "whole-loop" }, "Loop all");
    this.deck = element.querySelector(".deck");
    this.deck.append(this.transport, this.time, this.whole);
    this.place = 0;
  }

  /** What is heard, or would be. */
  get chosen() {
    return this.selected || this.buttons.find((button) => button.dataset.key === "1") || this.buttons[0];
  }

  /** The sounds, decoded once and kept while the pair is the one that is heard. */
  async load(player) {
    const data = JSON.parse(this.element.querySelector("script").textContent);
    player.load(await decoded(player.context, data.sounds));
    this.waveform = new Waveform(player, data.envelope);
    this.deck.querySelector(".waveform")?.remove();
    this.deck.append(this.waveform.element);
    this.whole.onclick = () => player.setLoop(0, player.seconds);
    player.place = this.place;
  }

  show(player) {
    for (const button of this.buttons)
      button.setAttribute("aria-pressed", String(player.playing && button === this.selected));
    this.transport.showPlaying(player.playing);
    this.whole.disabled = player.loop.end - player.loop.start >= player.seconds - 1e-3;
    this.waveform.update();
  }

  tick(player) {
    this.waveform.tick();
    this.time.replaceChildren(h("b", {}, clock(player.position)), ` / ${clock(player.seconds)}`);
  }

  /** Another pair is heard from now on. */
  leave(player) {
    this.place = player.position;
    for (const button of this.buttons) button.setAttribute("aria-pressed", "false");
    this.transport.showPlaying(false);
  }
}

class Listener {
  constructor(elements) {
    this.comparisons = elements.map((element) => new Comparison(element, this));
    this.current = null;
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** Hear a sound, or pause it; the first press makes the player, as browsers want it. */
  async toggle(comparison, button) {
    this.player ||= new Player(48000);
    const { player } = this;
    if (this.busy) return;
    this.busy = true;
    try {
      if (this.current !== comparison) await this.change(comparison);
      if (player.playing && comparison.selected === button) player.pause();
      else {
        comparison.selected = button;
        player.play(button.dataset.sound);
      }
    } finally {
      this.busy = false;
    }
  }

  async change(comparison) {
    const { player } = this;
    this.current?.leave(player);
    player.changed = () => {};
    player.stop();
    await comparison.load(player);
    this.current = comparison;
    player.changed = () => comparison.show(player);
    cancelAnimationFrame(this.frame);
    this.animate();
  }

  animate() {
    this.current.tick(this.player);
    this.frame = requestAnimationFrame(() => this.animate());
  }

  /** Keys are for the pair that is heard, or else the first that is open. */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const comparison = this.current || this.comparisons.find(({ element }) => element.open);
    if (!comparison || !comparison.element.open) return;
    const onSlider = event.target.closest("[role=slider]");
    if (event.key === " " && !event.target.closest("button, summary, a")) this.act(event, comparison, comparison.chosen);
    else if (/^[1-9rt]$/i.test(event.key)) {
      const button = comparison.buttons.find(({ dataset }) => dataset.key === event.key.toLowerCase());
      button?.focus();
      if (button && !(this.player?.playing && comparison.selected === button)) this.act(event, comparison, button);
    } else if (/^Arrow(Left|Right)$/.test(event.key) && !onSlider && this.current === comparison) {
      event.preventDefault();
      this.player.seek(this.player.position + (event.key === "ArrowLeft" ? -1 : 1));
    }
  }

  act(event, comparison, button) {
    event.preventDefault();
    this.toggle(comparison, button);
  }
}

new Listener([...document.querySelectorAll("details[data-sounds]")]);
