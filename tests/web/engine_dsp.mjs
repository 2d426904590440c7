// The sound engine's functions, for tests in Python: questions arrive as JSON, one a line, and answers leave likewise.
import { createInterface } from "node:readline";

const engine = await import(process.argv[2]);
const BLOCK = engine.MOST_FRAMES;

function coefficients({ section, sampleRate, values }) {
  const columns = engine.stripColumns(engine.controlsOf(section).names).equalizer;
  return values.map((vector) => [...engine.equalizerCoefficients(columns, sampleRate, vector)]);
}

function responsesDb({ sampleRate, coefficients, freqsHz }) {
  return freqsHz.map((freqHz) => engine.responseDb(Float64Array.from(coefficients), sampleRate, freqHz));
}

function levelsDb({ levels, ...controls }) {
  return levels.map((levelDb) => engine.staticCurveDb(levelDb, controls));
}

function buses({ section, sampleRate, values, channels, muted, rows }) {
  const strips = new engine.TrackStrips(engine.controlsOf(section), values, channels, sampleRate);
  muted.forEach((mute, track) => {
    strips.strips[track].hear(!mute);
  });
  const process = (count) => strips.process(count);
  return inBlocks(rows, strips.rows, strips.buses, process);
}

function limited({ sampleRate, ceilingDb, rows }) {
  const limiter = new engine.Limiter(sampleRate, BLOCK);
  limiter.ceilingDb = ceilingDb;
  const pair = [new Float64Array(BLOCK), new Float64Array(BLOCK)];
  const made = inBlocks(rows, pair, pair, () => limiter.process(...pair));
  return { rows: made, latency: limiter.latency, deepestDb: limiter.deepestDb };
}

function loudness({ sampleRate, rows }) {
  const meter = new engine.LoudnessMeter(sampleRate);
  const pair = [new Float64Array(BLOCK), new Float64Array(BLOCK)];
  inBlocks(rows, pair, pair, (count) => meter.add(...pair, count));
  return { momentaryLufs: meter.momentaryLufs, shortTermLufs: meter.shortTermLufs };
}

/** Runs rows through a process that works in place, block by block, the last one filled up with silence. */
function inBlocks(rows, inputs, outputs, process) {
  const made = outputs.map(() => []);
  for (let start = 0; start < rows[0].length; start += BLOCK) {
    inputs.forEach((input, row) => {
      input.fill(0);
      input.set(rows[row].slice(start, start + BLOCK));
    });
    process(BLOCK);
    outputs.forEach((output, row) => {
      made[row].push(...output);
    });
  }
  return made.map((row) => row.slice(0, rows[0].length));
}

const answers = { coefficients, responsesDb, levelsDb, buses, limited, loudness };
for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...question } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(answers[what](question))}\n`);
}
