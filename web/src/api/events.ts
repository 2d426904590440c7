import type { ServerEvent } from "./types";

/** How long to wait before the next attempt: soon at first, as servers are restarted, and never longer than this. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

export interface EventsListener {
  onEvent(event: ServerEvent): void;
  /** Whether the server is there; told on every change, and again on every new connection. */
  onConnected(connected: boolean): void;
}

/** What happens in a session, as it happens; from `connect` on it connects again by itself until it is closed. */
export class Events {
  private source: EventSource | null = null;
  private waitMs = FIRST_WAIT_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly listener: EventsListener,
  ) {}

  close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** At once, also where the next attempt is waited for. */
  connect(): void {
    this.close();
    const source = new EventSource(this.url);
    this.source = source;
    source.onopen = () => {
      this.waitMs = FIRST_WAIT_MS;
      this.listener.onConnected(true);
    };
    source.onmessage = (message: MessageEvent<string>) => this.listener.onEvent(JSON.parse(message.data));
    source.onerror = () => this.lost();
  }

  private lost(): void {
    this.close();
    this.listener.onConnected(false);
    this.timer = setTimeout(() => this.connect(), this.waitMs);
    this.waitMs = Math.min(2 * this.waitMs, LONGEST_WAIT_MS);
  }
}
