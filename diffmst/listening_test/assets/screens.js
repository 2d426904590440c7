// What stands around the pages of the test: welcome, training, questions, results.

const LISTENS = 2.5; // times that a sound is heard on a page, in the middle of what people do

function welcomeScreen(test, session, { begin, goOn, restart }) {
  const { state } = session;
  const pages = test.trials.length + test.repeats;
  const sounds = test.trials[0].stimuli.length;
  const minutes = Math.max(2, Math.round((pages * sounds * test.seconds * LISTENS) / 60) + 3);
  const name = h("input", {
    type: "text",
    id: "participant",
    value: state.participant,
    autocomplete: "off",
    maxLength: 60,
  });
  const begun = state.step !== STEPS.welcome;
  return h(
    "div",
    { class: "screen" },
    h("p", { class: "lead" }, test.task),
    test.instructions.map((text) => h("p", {}, text)),
    h(
      "dl",
      { class: "facts" },
      fact("Pages", pages),
      fact("Sounds a page", sounds),
      fact("Time", `${minutes} min`, "about"),
    ),
    h(
      "section",
      { class: "card" },
      h("h2", {}, "Before you begin"),
      h(
        "ul",
        { class: "list" },
        h("li", {}, "Use headphones or good loudspeakers, in a quiet room. Keep to the same ones until the end."),
        h("li", {}, "You may pause and come back: this browser remembers how far you are."),
        h("li", {}, "Nothing is sent anywhere. At the end you save a small file with your ratings."),
      ),
    ),
    h(
      "p",
      { class: "field" },
      h(
        "label",
        { for: "participant" },
        "Your name or code ",
        h("small", {}, "optional; it will stand in the results"),
      ),
      name,
    ),
    h(
      "div",
      { class: "actions" },
      begun && h("button", { type: "button", class: "primary", onclick: goOn }, progressText(test, state)),
      h(
        "button",
        { type: "button", class: begun ? "" : "primary", onclick: () => (begun ? restart : begin)(name.value.trim()) },
        begun ? "Start again from the beginning" : "Begin",
      ),
    ),
  );
}

function fact(name, value, note = "") {
  return h("div", {}, h("dt", {}, name), h("dd", {}, note && h("small", {}, `${note} `), value));
}

function progressText(test, state) {
  if (state.step === STEPS.page) return `Go on with page ${state.page + 1} of ${test.trials.length + test.repeats}`;
  return { training: "Go on with the training", questions: "Go on with the questions", done: "Go to your results" }[
    state.step
  ];
}

/** Volume, sides, and a page to practise on. */
function trainingScreen(test, session, player, trial, next) {
  const level = h("output", {});
  const slide = h("input", { type: "range", id: "volume", min: -40, max: 0, step: 1, value: session.state.volumeDb });
  const set = () => {
    player.setVolume(Number(slide.value));
    level.textContent = `${slide.value.replace("-", "−")} dB`;
    slide.style.setProperty("--score", (100 * (Number(slide.value) + 40)) / 40);
    session.keep({ volumeDb: Number(slide.value) });
  };
  slide.addEventListener("input", set);
  set();
  const sides = ["Left", "Right"].map((side, index) =>
    h("button", { type: "button", class: "small", onclick: () => ping(player, 2 * index - 1) }, side),
  );
  return h(
    "div",
    { class: "screen wide" },
    h("p", { class: "lead" }, "Set the volume, then try everything out. What you do here is not saved."),
    h(
      "section",
      { class: "card volume" },
      h(
        "div",
        {},
        h(
          "label",
          { for: "volume" },
          h("b", {}, "Volume"),
          h("span", {}, "Play a sound below, and make it comfortable. Leave it like that until the end."),
        ),
        h("p", { class: "level" }, slide, level),
      ),
      h(
        "div",
        {},
        h("p", {}, h("b", {}, "Sides"), h("span", {}, "Each should sound on its own side.")),
        h("p", { class: "sides" }, sides),
      ),
    ),
    h("h2", {}, "Practice page"),
    h("p", {}, test.task),
    trial.element,
    h(
      "p",
      { class: "keys" },
      "Keys: ",
      ...[
        "1 – 9",
        " hear a sound, ",
        "R",
        " the reference, ",
        "← →",
        " rate what you hear, or move, ",
        "Space",
        " play or pause, ",
        "[ ]",
        " loop, ",
        "L",
        " loop all",
      ].map((text, n) => (n % 2 ? text : h("kbd", {}, text))),
    ),
    h("div", { class: "actions" }, h("button", { type: "button", class: "primary", onclick: next }, "Start the test")),
  );
}

/** A short soft sound on one side. */
function ping(player, side) {
  const { context } = player;
  if (context.state !== "running") context.resume();
  const from = context.currentTime + 0.05;
  const tone = new OscillatorNode(context, { type: "triangle", frequency: 440 });
  const level = new GainNode(context, { gain: 0 });
  level.gain.setValueAtTime(0, from);
  level.gain.linearRampToValueAtTime(0.12, from + 0.02);
  level.gain.exponentialRampToValueAtTime(0.0001, from + 0.6);
  tone
    .connect(level)
    .connect(new StereoPannerNode(context, { pan: side }))
    .connect(player.volume);
  tone.start(from);
  tone.stop(from + 0.7);
}

const QUESTIONS = [
  [
    "experience",
    "Your experience with mixing",
    true,
    [
      ["none", "None"],
      ["listener", "I listen closely, but do not mix"],
      ["amateur", "I mix as a hobby"],
      ["professional", "I mix or master for a living"],
    ],
  ],
  [
    "device",
    "What you listened with",
    true,
    [
      ["headphones", "Headphones"],
      ["monitors", "Studio monitors"],
      ["speakers", "Other loudspeakers"],
      ["built-in", "Built into the computer or phone"],
    ],
  ],
  [
    "age",
    "Your age",
    false,
    [
      ["under 25", "Under 25"],
      ["25-39", "25 to 39"],
      ["40-59", "40 to 59"],
      ["60 or over", "60 or over"],
    ],
  ],
];

function questionScreen(finish) {
  const groups = QUESTIONS.map(([name, question, required, answers]) =>
    h(
      "fieldset",
      { class: "card" },
      h("legend", {}, question, required ? "" : h("small", {}, " optional")),
      answers.map(([value, text]) =>
        h("label", { class: "choice" }, h("input", { type: "radio", name, value, required }), h("span", {}, text)),
      ),
    ),
  );
  const remarks = h("textarea", { name: "remarks", id: "remarks", rows: 4 });
  return h(
    "form",
    {
      class: "screen",
      onsubmit: (event) => {
        event.preventDefault();
        finish(Object.fromEntries(new FormData(event.target)));
      },
    },
    h("p", { class: "lead" }, "A few words about you, and you are done."),
    groups,
    h("p", { class: "field" }, h("label", { for: "remarks" }, "Remarks ", h("small", {}, "optional")), remarks),
    h("div", { class: "actions" }, h("button", { class: "primary" }, "Finish")),
  );
}

function doneScreen(test, session, again) {
  const said = h("p", { class: "said", role: "status" });
  const text = h("textarea", {
    readOnly: true,
    rows: 8,
    value: session.csv,
    "aria-label": "Results as text",
    spellcheck: false,
  });
  const saved = (message) => {
    session.keep({ saved: true });
    said.textContent = message;
  };
  const save = () => {
    const address = URL.createObjectURL(new Blob([session.csv], { type: "text/csv" }));
    h("a", { href: address, download: session.fileName }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    saved(`Saved as ${session.fileName}.`);
  };
  const copy = () => {
    text.select();
    const done = () => saved("Copied.");
    if (navigator.clipboard)
      navigator.clipboard.writeText(text.value).then(done, () => document.execCommand("copy") && done());
    else if (document.execCommand("copy")) done();
  };
  return h(
    "div",
    { class: "screen" },
    h(
      "p",
      { class: "lead" },
      "Your ratings are complete. Please save them now",
      test.sendTo ? `, and send the file to ${test.sendTo}.` : " and hand them in.",
    ),
    h(
      "div",
      { class: "actions start" },
      h("button", { type: "button", class: "primary", onclick: save }, "Save results"),
      h("button", { type: "button", onclick: copy }, "Copy as text"),
      said,
    ),
    h("section", { class: "card" }, h("h2", {}, "What is in the file"), text),
    h("div", { class: "actions" }, h("button", { type: "button", onclick: again }, "Next participant")),
  );
}
