/** What a right click, a long press or the menu key on a control offers. */

import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { formatValue } from "../model/values";
import { type Control, startTyping } from "./control";
import "./control-menu.css";

interface Opened {
  control: Control;
  x: number;
  y: number;
  from: HTMLElement | SVGElement | null;
}

const opened = signal<Opened | null>(null);

/** Opens the menu where the pointer is, or at the control when a key asks for it. */
export function openControlMenu(control: Control, element: Element, pointerX: number, pointerY: number): void {
  const from = element instanceof HTMLElement || element instanceof SVGElement ? element : null;
  const box = element.getBoundingClientRect();
  const byKey = pointerX === 0 && pointerY === 0;
  const [x, y] = byKey ? [box.left + box.width / 2, box.top + box.height / 2] : [pointerX, pointerY];
  opened.value = { control, x, y, from };
}

/** Where it appears; once on the page. */
export function ControlMenu() {
  const menu = opened.value;
  return menu && <OpenMenu key={`${menu.x} ${menu.y}`} {...menu} />;
}

function OpenMenu({ control, x, y, from }: Opened) {
  const root = useRef<HTMLDivElement>(null);
  const close = () => {
    opened.value = null;
    from?.focus();
  };
  useLayoutEffect(() => placeAt(root.current, x, y), [x, y]);
  useCloseOutside(root);
  return (
    <div
      ref={root}
      class="control-menu"
      role="menu"
      tabIndex={-1}
      aria-label={control.label.value}
      onKeyDown={(event) => onKey(event, root.current, close)}
    >
      <div class="control-menu-title">{control.label.value}</div>
      {entriesOf(control, from).map(({ name, value, choose }) => (
        <button
          key={name}
          type="button"
          role="menuitem"
          class="control-menu-item"
          onClick={() => {
            close();
            choose();
          }}
        >
          <span>{name}</span>
          <span class="figures text-dim">{value}</span>
        </button>
      ))}
    </div>
  );
}

interface Entry {
  name: string;
  value: string;
  choose: () => void;
}

function entriesOf(control: Control, from: Element | null): Entry[] {
  const rest = control.rest();
  const values: [string, number | null][] = [
    ["Matched", rest.matched],
    ["Neutral", rest.neutral],
    ["Default", rest.default],
  ];
  const locked = control.locked.peek();
  const { lock } = control;
  return [
    ...values.flatMap(([name, value]) =>
      value === null ? [] : [{ name, value: formatValue(control.param, value), choose: () => control.set(value) }],
    ),
    { name: "Type a value", value: "Enter", choose: () => startTyping(control, from) },
    ...(lock ? [{ name: locked ? "Unlock" : "Lock", value: "", choose: () => lock(!locked) }] : []),
  ];
}

function placeAt(root: HTMLElement | null, x: number, y: number) {
  if (root) {
    const { width, height } = root.getBoundingClientRect();
    root.style.left = `${Math.max(0, Math.min(x, innerWidth - width - 4))}px`;
    root.style.top = `${Math.max(0, Math.min(y, innerHeight - height - 4))}px`;
    root.querySelector("button")?.focus();
  }
}

function onKey(event: KeyboardEvent, root: HTMLElement | null, close: () => void) {
  const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    close();
  } else if (steps) {
    const items = [...(root?.querySelectorAll("button") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    items[(at + steps + items.length) % items.length]?.focus();
  } else {
    event.stopPropagation();
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function useCloseOutside(root: { current: HTMLElement | null }) {
  useEffect(() => {
    const listen = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) {
        opened.value = null;
      }
    };
    document.addEventListener("pointerdown", listen, true);
    return () => document.removeEventListener("pointerdown", listen, true);
  }, [root]);
}
