/** Measurements that the page makes by itself, without anyone who looks on: `#play=song&seconds=60`, `#fader=song`. */

import { createEngine } from "../src/engine/engine";
import type { Delivery, Engine, SongInfo } from "../src/engine/types";
import type { LayoutDeclaration, MixDocument } from "../src/model/types";
import { Probe } from "./latency";

/** What a server of a test has at `/case/<name>`. */
export interface Case {
  song: SongInfo;
  mix: MixDocument;
  layout: LayoutDeclaration;
  delivery: Delivery;
}

const START_S = 3; // until all has been compiled
const START_MS = 1000 * START_S;

export async function caseOf(name: string): Promise<Case> {
  return await (await fetch(`/case/${name}`)).json();
}

export async function open(name: string): Promise<Engine> {
  const { song, mix, layout, delivery } = await caseOf(name);
  const engine = await createEngine(song, mix, layout);
  engine.deliver(delivery);
  return engine;
}

/** Does what the address asks for, and posts what it found. */
export async function measureIfAsked(): Promise<void> {
  const asked = new URLSearchParams(location.hash.slice(1));
  const play = asked.get("play");
  const fader = asked.get("fader");
  if (play) {
    await post(play, await playing(play, Number(asked.get("seconds"))));
  }
  if (fader) {
    await post(fader, await faderLatenciesMs(fader, Number(asked.get("turns"))));
  }
}

/** Load and dropouts of a song that plays over and over; it plays on. */
async function playing(name: string, seconds: number) {
  const { song } = await caseOf(name);
  const engine = await open(name);
  engine.loop([0, song.song.frames]);
  await engine.play();
  await pause(START_MS);
  const startDropouts = engine.state.dropouts;
  const loads: (number | null)[] = [];
  for (let second = 0; second < seconds; second++) {
    await pause(1000);
    loads.push(engine.state.load);
  }
  return { loads, startDropouts, dropouts: engine.state.dropouts - startDropouts, trouble: engine.state.trouble };
}

/** Milliseconds until a fader is heard, many times, while a song plays in which one track is steady. */
async function faderLatenciesMs(name: string, turns: number): Promise<number[]> {
  const probe = new Probe();
  const engine = await probe.around(() => open(name));
  await engine.play();
  await pause(START_MS);
  const { song } = await caseOf(name);
  const move = (turn: number) => engine.set(0, { "fader.gain_db": turn % 2 ? 0 : -1 });
  const rest = async () => {
    if (engine.state.frame > song.song.frames - START_S * song.sampleRate) {
      engine.seek(0);
      await pause(START_MS); // where it goes on is a change as well
    }
  };
  return await probe.measure(engine.context, move, turns, rest);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function post(name: string, found: unknown): Promise<void> {
  await fetch(`/result/${name}`, { method: "POST", body: JSON.stringify(found) });
}
