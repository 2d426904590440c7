/** A value to read, and to type over. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { formatBare, formatValue, parseValue } from "../model/values";
import { type Control, partOf, startTyping } from "./control";
import { spokenValue, useControlInput } from "./control-input";
import "./value.css";

const TRAVEL_PX = 200;

interface ValueProps {
  control: Control;
  class?: string;
  /** A place in the tab order, where no fader or knob beside it has one. */
  alone?: boolean;
  tabIndex?: number;
  /** Without its unit, where a scale beside it has that. */
  bare?: boolean;
}

/** Shows the value of a control; a click, Enter or a digit opens it for typing, arrows and wheel move it. */
export function ValueField({ control, class: extra, alone = false, tabIndex = 0, bare = false }: ValueProps) {
  const field = useRef<HTMLDivElement>(null);
  const input = useControlInput(control, {
    role: "spinbutton",
    travelPx: () => TRAVEL_PX,
    sideways: alone,
    onClick: () => {
      startTyping(control, field.current);
    },
  });
  const names = ["value", "figures", extra].filter(Boolean).join(" ");
  const typing = control.typing.value;
  // While it is typed into, the field itself is not there: its part is that of what was asked for.
  const part = useRef<Element | null>(null);
  useLayoutEffect(() => {
    part.current = partOf(field.current) ?? part.current;
  });
  if (typing && (!typing.part || typing.part === part.current)) {
    return <TypedValue control={control} first={typing.first} class={names} />;
  }
  const text = (bare ? formatBare : formatValue)(control.param, control.value.value);
  const { onKeyDown, onPointerDown, onWheel, onContextMenu } = input;
  const listeners = { onKeyDown, onPointerDown, onWheel, onContextMenu };
  return alone ? (
    <div {...input} ref={field} onDblClick={undefined} class={names} tabIndex={tabIndex}>
      {text}
    </div>
  ) : (
    <div {...listeners} ref={field} class={names} aria-hidden="true">
      {text}
    </div>
  );
}

function TypedValue({ control, first, class: names }: { control: Control; first: string; class: string }) {
  const field = useRef<HTMLInputElement>(null);
  const before = useRef<Element | null>(null);
  useLayoutEffect(() => {
    before.current = document.activeElement;
    field.current?.focus();
    if (!first) {
      field.current?.select();
    }
  }, [first]);
  const close = (commit: boolean) => {
    const typed = field.current?.value ?? "";
    const value = commit ? parseValue(control.param, typed) : null;
    control.typing.value = null;
    if (value !== null) {
      control.set(value);
    }
    if (before.current instanceof HTMLElement || before.current instanceof SVGElement) {
      before.current.focus();
    }
  };
  return (
    <input
      ref={field}
      class={`${names} value-typed`}
      type="text"
      inputMode="decimal"
      aria-label={`${control.label.value}, now ${spokenValue(control)}`}
      defaultValue={first || formatValue(control.param, control.value.peek())}
      onBlur={() => control.typing.peek() !== null && close(true)}
      onPointerDown={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" || event.key === "Escape") {
          event.preventDefault();
          close(event.key === "Enter");
        }
      }}
    />
  );
}
