// Sounds of one length, played in step: whichever is heard, all of them run, and switching only turns levels.

// ITU-R BS.1534-3, section 5.3: switching fades out and then in, 5 ms each, along a raised cosine, and never crossfades;
// what loops is faded at both ends; no loop is shorter than half a second.
const FADE_S = 0.005;
const SHORTEST_LOOP_S = 0.5;
const SLACK_S = 0.001; // between two automations of one level, which must not touch
const AHEAD_S = 0.02; // begins so much after the wish, to begin on time
const FADE_IN = Float32Array.from({ length: 32 }, (_, n) => Math.sin((Math.PI / 2) * (n / 31)) ** 2);
const FADE_OUT = FADE_IN.slice().reverse();

class Player {
  constructor(sampleRate) {
    try {
      this.context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    } catch {
      this.context = new AudioContext();
    }
    this.volume = this.context.createGain();
    this.volume.connect(this.context.destination);
    this.changed = () => {};
    this.unload();
  }

  /** The sounds by name, all of the same number of frames. */
  load(buffers) {
    this.unload();
    this.buffers = buffers;
    const [first] = buffers.values();
    this.seconds = first.duration;
    this.setLoop(0, this.seconds);
  }

  unload() {
    this.stop();
    this.buffers = new Map();
    this.looped = new Map();
    this.selected = null;
    this.seconds = 0;
    this.place = 0;
    this.loop = { start: 0, end: 0 };
  }

  get playing() {
    return Boolean(this.pass);
  }

  /** Where the sound is, in seconds of the excerpt. */
  get position() {
    if (!this.pass) return this.place;
    const heard = this.context.currentTime - (this.context.outputLatency || 0) - this.pass.startedAt;
    const length = this.loop.end - this.loop.start;
    return this.loop.start + ((Math.max(0, heard) + this.pass.offset) % length);
  }

  setVolume(volumeDb) {
    this.volume.gain.setTargetAtTime(10 ** (volumeDb / 20), this.context.currentTime, 0.02);
  }

  /** Hear one of the sounds from now on; begins to play if nothing does. */
  play(name) {
    const before = this.selected;
    this.selected = name;
    if (!this.pass) this.start();
    else if (before !== name) this.turn(before, name);
    this.changed();
  }

  pause() {
    this.place = this.position;
    this.stop();
    this.changed();
  }

  seek(seconds) {
    this.place = Math.min(Math.max(seconds, this.loop.start), this.loop.end - FADE_S);
    if (this.pass) this.restart();
    this.changed();
  }

  /** Play from one point to another over and over. */
  setLoop(start, end) {
    const place = this.position;
    const length = Math.min(Math.max(end - start, SHORTEST_LOOP_S), this.seconds);
    const from = Math.min(Math.max(start, 0), this.seconds - length);
    const was = this.pass;
    this.stop();
    this.loop = { start: from, end: from + length };
    this.looped = new Map([...this.buffers].map(([name, buffer]) => [name, this.cut(buffer)]));
    this.place = place >= from && place < this.loop.end ? place : from;
    if (was) this.start();
    this.changed();
  }

  /** The part of a sound that loops, faded at both ends; the whole has its fades already. */
  cut(buffer) {
    const rate = buffer.sampleRate;
    const first = Math.round(this.loop.start * rate);
    const frames = Math.round((this.loop.end - this.loop.start) * rate);
    if (first === 0 && frames >= buffer.length) return buffer;
    const part = this.context.createBuffer(buffer.numberOfChannels, frames, rate);
    const fade = Math.round(FADE_S * rate);
    for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
      const samples = buffer.getChannelData(channel).slice(first, first + frames);
      for (let n = 0; n < fade; n++) {
        const level = Math.sin((Math.PI / 2) * (n / fade)) ** 2;
        samples[n] *= level;
        samples[samples.length - 1 - n] *= level;
      }
      part.copyToChannel(samples, channel);
    }
    return part;
  }

  restart() {
    this.stop();
    this.start();
  }

  start() {
    const { context } = this;
    if (context.state !== "running") context.resume();
    const startedAt = Math.max(context.currentTime + AHEAD_S, this.silentAt || 0);
    const offset = this.place - this.loop.start;
    const bus = context.createGain();
    bus.connect(this.volume);
    bus.gain.setValueAtTime(0, 0);
    bus.gain.setValueCurveAtTime(FADE_IN, startedAt, FADE_S);
    const levels = new Map();
    const sources = [...this.looped].map(([name, buffer]) => {
      const source = context.createBufferSource();
      const level = context.createGain();
      level.gain.value = name === this.selected ? 1 : 0;
      source.buffer = buffer;
      source.loop = true;
      source.connect(level).connect(bus);
      source.start(startedAt, offset);
      levels.set(name, level.gain);
      return source;
    });
    this.pass = { startedAt, offset, bus, levels, sources, settledAt: startedAt + FADE_S + SLACK_S };
  }

  stop() {
    if (!this.pass) return;
    const { bus, sources, settledAt } = this.pass;
    const from = Math.max(this.context.currentTime + SLACK_S, settledAt);
    bus.gain.setValueCurveAtTime(FADE_OUT, from, FADE_S);
    this.silentAt = from + FADE_S + SLACK_S;
    for (const source of sources) source.stop(this.silentAt);
    sources[0].onended = () => bus.disconnect();
    this.pass = null;
  }

  /** One sound fades out, then the other in; wishes that come faster than that wait for their turn. */
  turn(before, after) {
    const { pass } = this;
    const from = Math.max(this.context.currentTime + SLACK_S, pass.settledAt);
    pass.levels.get(before).setValueCurveAtTime(FADE_OUT, from, FADE_S);
    pass.levels.get(after).setValueCurveAtTime(FADE_IN, from + FADE_S + SLACK_S, FADE_S);
    pass.settledAt = from + 2 * (FADE_S + SLACK_S);
  }
}

/** The sounds of a trial by name, decoded at the rate of the player. */
async function decoded(context, sounds) {
  const pairs = Object.entries(sounds).map(async ([name, text]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return [name, await context.decodeAudioData(bytes.buffer)];
  });
  const buffers = new Map(await Promise.all(pairs));
  if (new Set([...buffers.values()].map((buffer) => buffer.length)).size !== 1)
    throw new Error("This browser decodes the sounds of this page to different lengths. Please use another one.");
  return buffers;
}
