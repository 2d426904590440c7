/** Impulse responses for the reverb's settings: asked for when they change, the latest wins. */

import type { Values } from "../model/types";
import { REVERB_MIX } from "./settings";
import { fetchResponse } from "./stream/fetching";

/** Changes that follow each other faster are asked for together. */
const PAUSE_MS = 40;

/** After a failure. */
const RETRY_MS = 2000;

export class Responses {
  private asked = "";
  private wanted: Values | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private closed = false;

  /**
   * @param url takes settings of the fx section.
   * @param take is given every response that is still wanted when it comes.
   * @param trouble is told what is wrong, and null when it is right again.
   */
  constructor(
    private readonly url: string,
    private readonly take: (response: Float32Array<ArrayBuffer>) => void,
    private readonly trouble: (message: string | null) => void,
  ) {}

  /** The response for settings, at once; throws where there is none. */
  async first(values: Values): Promise<Float32Array<ArrayBuffer>> {
    this.asked = keyOf(values);
    return await fetchResponse(this.url, values);
  }

  /** Asks for the response for other settings. */
  want(values: Values): void {
    this.wanted = values;
    if (!this.timer && !this.running) {
      this.askIn(PAUSE_MS);
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private askIn(ms: number): void {
    this.timer = setTimeout(() => void this.ask(), ms);
  }

  /** One at a time: the server is not asked for what nobody waits for any more. */
  private async ask(): Promise<void> {
    this.timer = undefined;
    const values = this.wanted;
    this.wanted = null;
    if (!values) {
      return;
    }
    this.running = true;
    const pauseMs = (await this.fetched(values)) ? 0 : RETRY_MS;
    this.running = false;
    if (this.wanted && !this.closed) {
      this.askIn(pauseMs);
    }
  }

  /** Whether the response for settings is there; if not, it stays wanted, unless others are by now. */
  private async fetched(values: Values): Promise<boolean> {
    try {
      if (keyOf(values) !== this.asked) {
        const response = await fetchResponse(this.url, values);
        this.asked = keyOf(values);
        if (!this.closed) {
          this.take(response);
        }
      }
      this.trouble(null);
      return true;
    } catch (error) {
      this.trouble(error instanceof Error ? error.message : String(error));
      this.wanted ??= values;
      return false;
    }
  }
}

/** What a response depends on: all but how much of it is heard. */
function keyOf({ [REVERB_MIX]: _, ...values }: Values): string {
  return JSON.stringify(values);
}
