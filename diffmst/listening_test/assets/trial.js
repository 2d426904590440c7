// One page of the test: a waveform, a transport, and a scale with a row per sound.

const TICK_MS = 60;
const NEARLY = 0.985; // heard in full, but for what lies between two looks

class Trial {
  constructor({ test, page, player, sounds, draft = {}, changed = () => {} }) {
    Object.assign(this, { test, page, player, changed });
    player.load(sounds.buffers);
    this.rows = this.makeRows(draft);
    this.waveform = new Waveform(player, sounds.envelope);
    this.element = this.build();
    this.lastPlace = null;
    player.changed = () => this.update();
    player.selected = this.rows[0].name;
    this.timer = setInterval(() => this.listen(), TICK_MS);
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
    this.update();
    this.animate();
  }

  leave() {
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
    document.removeEventListener("keydown", this.onkey);
    this.player.changed = () => {};
    this.player.unload();
  }

  makeRows({ scores = {}, heard = {} }) {
    const { test, page } = this;
    const rows = page.stimuli.map(
      (name, index) =>
        new RatingRow({
          name,
          number: index + 1,
          labels: test.labels,
          score: scores[name],
          heard: heard[name],
          onselect: () => this.toggle(name),
          onrate: () => this.changed(true),
        }),
    );
    const text = test.kind === "mushra" ? "The reference: compare every sound with it" : "The reference song";
    const reference = { heard: heard[REFERENCE], onselect: () => this.toggle(REFERENCE), text };
    return page.trial.reference ? [new ReferenceRow(reference), ...rows] : rows;
  }

  build() {
    const { player } = this;
    this.transport = playButton(
      {
        class: "play transport-play",
        onclick: () => this.toggle(player.selected),
        "aria-label": "Play or pause",
        "aria-keyshortcuts": "Space",
      },
      "",
    );
    this.time = h("span", { class: "time" });
    const small = (text, title, act) => h("button", { type: "button", class: "small", title, onclick: act }, text);
    const loop = h(
      "div",
      { class: "loop", role: "group", "aria-label": "Loop" },
      small("Loop from here", "Key [", () => this.loopFrom()),
      small("to here", "Key ]", () => this.loopTo()),
      (this.whole = small("Loop all", "Key L", () => player.setLoop(0, player.seconds))),
    );
    const labels = h(
      "li",
      { class: "labels", "aria-hidden": "true" },
      h(
        "div",
        {},
        this.test.labels.map((label) => h("span", {}, label)),
      ),
    );
    const elements = this.rows.map((row) => row.element);
    elements.splice(
      this.rows.findIndex((row) => row.name !== REFERENCE),
      0,
      labels,
    );
    return h(
      "div",
      { class: "trial" },
      h(
        "section",
        { class: "card deck", "aria-label": "Playback" },
        this.waveform.element,
        h("div", { class: "transport" }, this.transport, this.time, loop),
      ),
      h("ol", { class: "card rows", "aria-label": "Sounds to rate" }, elements),
    );
  }

  /** Hear a sound, or pause it. */
  toggle(name) {
    const { player } = this;
    if (player.playing && player.selected === name) player.pause();
    else player.play(name);
  }

  loopFrom() {
    const { player } = this;
    player.setLoop(
      player.position,
      player.loop.end > player.position + SHORTEST_LOOP_S ? player.loop.end : player.seconds,
    );
  }

  loopTo() {
    const { player } = this;
    const { position } = player;
    player.setLoop(player.loop.start < position - SHORTEST_LOOP_S ? player.loop.start : 0, position);
  }

  key(event) {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.target.closest("textarea, select, input:not([type=range])")
    )
      return;
    const act = this.actOf(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** What a key does; numbers bring the slider within reach of the arrow keys. */
  actOf(event) {
    const { player } = this;
    const onSlider = event.target.matches("input[type=range], [role=slider]");
    if (event.key === " ") return event.target.closest("button") ? null : () => this.toggle(player.selected);
    if (/^[1-9]$/.test(event.key)) return () => this.reach(this.rows.find((row) => row.label === event.key));
    if (/^[r0]$/i.test(event.key)) return () => this.reach(this.rows.find((row) => row.name === REFERENCE));
    if (!onSlider && event.key === "ArrowLeft") return () => player.seek(player.position - 1);
    if (!onSlider && event.key === "ArrowRight") return () => player.seek(player.position + 1);
    return { "[": () => this.loopFrom(), "]": () => this.loopTo(), l: () => player.setLoop(0, player.seconds) }[
      event.key
    ];
  }

  reach(row) {
    if (!row) return;
    this.player.play(row.name);
    (row.slider || row.button).focus();
  }

  /** Remember what was heard since the last look. */
  listen() {
    const { player } = this;
    if (!player.playing) return;
    const { selected, position, seconds, loop } = player;
    const { heard } = this.rows.find((row) => row.name === selected);
    if (this.lastPlace === null) heard.mark(position / seconds, position / seconds);
    else if (position >= this.lastPlace) heard.mark(this.lastPlace / seconds, position / seconds);
    else {
      heard.mark(this.lastPlace / seconds, (loop.end - 1e-6) / seconds);
      heard.mark(loop.start / seconds, position / seconds);
    }
    this.lastPlace = position;
    this.update(false);
  }

  update(moved = true) {
    const { player } = this;
    if (moved) this.lastPlace = null;
    for (const row of this.rows) row.show(row.name === player.selected, player.playing);
    this.transport.showPlaying(player.playing);
    this.whole.disabled = player.loop.end - player.loop.start >= player.seconds - 1e-3;
    if (moved) this.waveform.update();
    this.changed();
  }

  animate() {
    this.waveform.tick();
    this.time.replaceChildren(h("b", {}, clock(this.player.position)), ` / ${clock(this.player.seconds)}`);
    this.frame = requestAnimationFrame(() => this.animate());
  }

  get unrated() {
    return this.rows.filter((row) => row.score === null);
  }

  get unheard() {
    return this.rows.filter((row) => row.heard.share < this.test.mustHear * NEARLY);
  }

  /** What is kept while the page is worked on. */
  get draft() {
    const scored = this.rows.filter((row) => Number.isInteger(row.score));
    return {
      scores: Object.fromEntries(scored.map((row) => [row.name, row.score])),
      heard: Object.fromEntries(this.rows.map((row) => [row.name, row.heard.toString()])),
    };
  }

  /** What is kept of the page for good. */
  get ratings() {
    const rated = this.rows.filter((row) => row.name !== REFERENCE);
    return rated.map((row, index) => ({
      stimulus: row.name,
      position: index + 1,
      score: row.score,
      heard: row.heard.share,
    }));
  }
}
