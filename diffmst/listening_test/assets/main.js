// The course of the test, from one screen to the next.

const KEEP_MS = 1000; // between two notes of how much was heard

function startTest(test) {
  const session = new Session(test);
  const received = new Map();
  const main = document.querySelector("main");
  let player = null;
  let pages = [];
  let trial = null;

  /** The sounds of a trial: a script that calls `receive`, since a page from the disk may load nothing else. */
  function fetched(id) {
    if (!received.has(id)) {
      const entry = {};
      entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
      received.set(id, entry);
      const src = `trials/${encodeURIComponent(id)}.js`;
      const onerror = () =>
        entry.reject(new Error(`${src} cannot be loaded. Unpack the whole folder and open index.html from there.`));
      document.head.append(h("script", { src, onerror, onload: (event) => event.target.remove() }));
    }
    return received.get(id).promise;
  }

  async function sounds(id) {
    const data = await fetched(id);
    return { envelope: data.envelope, buffers: await decoded(player.context, data.sounds) };
  }

  /** A screen under its heading; the heading takes the focus, so that it is read out. */
  function show(heading, content, { progress = 0, where = "" } = {}) {
    const title = h("h1", { tabIndex: -1 }, heading);
    main.replaceChildren(title, content);
    document.title = `${heading} · ${test.title}`;
    document.querySelector(".progress").style.setProperty("--progress", progress);
    document.querySelector(".where").textContent = where;
    scrollTo(0, 0);
    title.focus({ preventScroll: true });
  }

  function leaveTrial() {
    trial?.leave();
    trial = null;
  }

  async function showTraining() {
    session.keep({ step: STEPS.training });
    const practice = {
      trial: test.trials[0],
      stimuli: shuffled(test.trials[0].stimuli, randomNumbers(session.state.seed + 1)),
    };
    trial = new Trial({ test, page: practice, player, sounds: await sounds(practice.trial.id) });
    show(
      "Training",
      trainingScreen(test, session, player, trial, () => go({ step: STEPS.page, page: 0 })),
    );
  }

  async function showPage() {
    const { state } = session;
    const page = pages[state.page];
    const where = { progress: state.page / pages.length, where: `Page ${state.page + 1} of ${pages.length}` };
    show(test.heading, h("p", { class: "lead" }, "Loading the sounds …"), where);
    const loaded = await sounds(page.trial.id);
    const status = h("p", { class: "status", role: "status" });
    const next = h(
      "button",
      { type: "button", class: "primary", onclick: () => finishPage(page, began) },
      state.page + 1 < pages.length ? "Next page" : "To the last questions",
    );
    const began = performance.now() - 1000 * (state.draft?.seconds ?? 0);
    let keptAt = -Infinity;
    const changed = (rated = false) => {
      if (!trial) return;
      if (rated || performance.now() - keptAt > KEEP_MS) {
        session.keep({ draft: { ...trial.draft, seconds: (performance.now() - began) / 1000 } });
        keptAt = performance.now();
      }
      next.disabled = trial.unrated.length + trial.unheard.length > 0;
      const text = stillToDo(trial);
      if (status.textContent !== text) status.textContent = text;
    };
    trial = new Trial({ test, page, player, sounds: loaded, draft: state.draft ?? {}, changed });
    show(test.heading, h("div", {}, trial.element, h("footer", { class: "bottom" }, status, next)), where);
    changed();
    forgetBut(page, pages[state.page + 1]);
  }

  /** Let go of the sounds of all pages but these, and load what comes next ahead. */
  function forgetBut(page, following) {
    const kept = [page.trial.id, following?.trial.id];
    for (const id of received.keys()) if (!kept.includes(id)) received.delete(id);
    if (following) fetched(following.trial.id).catch(() => {}); // said when its page comes
  }

  function finishPage(page, began) {
    const seconds = (performance.now() - began) / 1000;
    const entry = { trial: page.trial.id, repeat: page.repeat, seconds, ratings: trial.ratings };
    const done = [...session.state.pages, entry];
    const last = done.length === pages.length;
    go({ pages: done, page: done.length, draft: null, step: last ? STEPS.questions : STEPS.page });
  }

  function go(changes) {
    leaveTrial();
    session.keep(changes);
    open().catch((error) => show("This did not work", h("p", { class: "lead" }, error.message)));
  }

  async function open() {
    const { state } = session;
    player ??= new Player(test.sampleRate);
    player.setVolume(state.volumeDb);
    pages = plannedPages(test, state.seed);
    if (state.step === STEPS.training) await showTraining();
    else if (state.step === STEPS.page) await showPage();
    else if (state.step === STEPS.questions)
      show(
        "About you",
        questionScreen((answers) => go({ answers, finished: new Date().toISOString(), step: STEPS.done })),
        { progress: 1 },
      );
    else if (state.step === STEPS.done) show("Thank you", doneScreen(test, session, welcomeAgain), { progress: 1 });
  }

  function welcome() {
    leaveTrial();
    const begin = (participant) => go({ participant, started: new Date().toISOString(), step: STEPS.training });
    const restart = (participant) => {
      if (session.state.pages.length && !confirm("The ratings so far will be lost. Start again?")) return;
      session.restart();
      begin(participant);
    };
    show(test.title, welcomeScreen(test, session, { begin, restart, goOn: () => go({}) }));
  }

  function welcomeAgain() {
    if (!session.state.saved && !confirm("The results are not saved yet. Go on without them?")) return;
    session.restart();
    welcome();
  }

  addEventListener("beforeunload", (event) => session.atRisk && event.preventDefault());
  welcome();
  return { receive: (data) => received.get(data.id)?.resolve(data) };
}

/** What is missing on a page, in a sentence. */
function stillToDo(trial) {
  const names = (rows) => rows.map((row) => row.label).join(", ");
  const { unrated, unheard } = trial;
  return (
    [
      unheard.length && `Still to hear in full: ${names(unheard)}.`,
      unrated.length && `Still to rate: ${names(unrated)}.`,
    ]
      .filter(Boolean)
      .join(" ") || "Everything is heard and rated."
  );
}
