import { signal } from "@preact/signals";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";
import "./toast.css";

export type ToastKind = "info" | "good" | "bad";

export interface Toast {
  id: number;
  kind: ToastKind;
  text: string;
  action?: { name: string; onChoose: () => void };
}

const SHOWN_MS = 6000;
const ICONS: Record<ToastKind, IconName> = { info: "help", good: "check", bad: "warning" };

const toasts = signal<Toast[]>([]);
let made = 0;

/** Tells the user something in passing. What went wrong stays until it is closed. */
export function notify(text: string, kind: ToastKind = "info", action?: Toast["action"]): void {
  const id = ++made;
  toasts.value = [...toasts.value.filter((toast) => toast.text !== text), { id, kind, text, action }];
  if (kind !== "bad") {
    setTimeout(() => dismiss(id), SHOWN_MS);
  }
}

function dismiss(id: number) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Where they appear; once on the page. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div class={`toast toast-${toast.kind}`} key={toast.id}>
          <Icon name={ICONS[toast.kind]} />
          <span class="toast-text">{toast.text}</span>
          {toast.action && (
            <Button kind="quiet" onClick={toast.action.onChoose}>
              {toast.action.name}
            </Button>
          )}
          <Button kind="quiet" icon="close" label="Dismiss" onClick={() => dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}
