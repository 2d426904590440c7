/** What a meter shows of the levels that it is told: peaks that fall, hold and clip. */

/** As fast as the peak programme meters of IEC 60268-10 type I fall: 20 dB in 1.7 s, doubled for a livelier picture. */
const FALL_DB_PER_S = 24;
const HOLD_MS = 1500;
/** Below the foot of every scale. */
const SILENT_DB = -80;

export interface Reading {
  peakDb: readonly [number, number];
  rmsDb: number;
  /** How much a compressor takes away, 0 or more. */
  reductionDb: number;
}

export class Levels {
  /** Left and right. */
  readonly peakDb = [SILENT_DB, SILENT_DB];
  readonly holdDb = [SILENT_DB, SILENT_DB];
  rmsDb = SILENT_DB;
  reductionDb = 0;
  /** The highest since `clear`. */
  highestDb = Number.NEGATIVE_INFINITY;
  readonly #heldAtMs = [0, 0];
  #nowMs = 0;

  /** Takes the levels since the last reading. */
  read(reading: Reading, nowMs: number): void {
    this.fall(nowMs);
    for (const side of [0, 1]) {
      const peakDb = Math.max(reading.peakDb[side], SILENT_DB);
      this.peakDb[side] = Math.max(this.peakDb[side], peakDb);
      if (peakDb >= this.holdDb[side]) {
        this.holdDb[side] = peakDb;
        this.#heldAtMs[side] = nowMs;
      }
      this.highestDb = Math.max(this.highestDb, reading.peakDb[side]);
    }
    this.rmsDb = Math.max(this.rmsDb, reading.rmsDb, SILENT_DB);
    this.reductionDb = Math.max(this.reductionDb, Math.abs(reading.reductionDb));
  }

  /** Lets everything fall up to now. */
  fall(nowMs: number): void {
    const fallDb = (FALL_DB_PER_S * Math.max(nowMs - this.#nowMs, 0)) / 1000;
    this.#nowMs = Math.max(nowMs, this.#nowMs);
    for (const side of [0, 1]) {
      this.peakDb[side] = Math.max(this.peakDb[side] - fallDb, SILENT_DB);
      if (nowMs - this.#heldAtMs[side] > HOLD_MS) {
        this.holdDb[side] = Math.max(this.holdDb[side] - fallDb, this.peakDb[side], SILENT_DB);
      }
    }
    this.rmsDb = Math.max(this.rmsDb - fallDb, SILENT_DB);
    this.reductionDb = Math.max(this.reductionDb - fallDb, 0);
  }

  /** Forgets the highest level, and with it that it clipped. */
  clear(): void {
    this.highestDb = Number.NEGATIVE_INFINITY;
  }

  get moving(): boolean {
    return this.reductionDb > 0 || [...this.holdDb, this.rmsDb].some((db) => db > SILENT_DB);
  }
}
