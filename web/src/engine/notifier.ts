/** Tells listeners what changed, once per animation frame at most. */

export class Notifier<Value> {
  private readonly listeners = new Set<(value: Value) => void>();
  private request = 0;

  /** @param read what there is to tell when the frame comes; null for nothing. */
  constructor(private readonly read: () => Value | null) {}

  add(listener: (value: Value) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Something may have changed. */
  changed(): void {
    if (!this.request && this.listeners.size) {
      this.request = requestAnimationFrame(() => this.tell());
    }
  }

  close(): void {
    cancelAnimationFrame(this.request);
    this.listeners.clear();
  }

  private tell(): void {
    this.request = 0;
    const value = this.read();
    if (value !== null) {
      for (const listener of this.listeners) {
        listener(value);
      }
    }
  }
}
