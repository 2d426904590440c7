import type { ComponentChildren } from "preact";
import "./segmented.css";

interface Choice<T extends string> {
  value: T;
  name: ComponentChildren;
  title?: string;
  disabled?: boolean;
}

interface SegmentedProps<T extends string> {
  label: string;
  choices: readonly Choice<T>[];
  value: T;
  onChange: (value: T) => void;
  class?: string;
}

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** One of a few, side by side: a radio group with one stop in the tab order. */
export function Segmented<T extends string>({ label, choices, value, onChange, class: extra }: SegmentedProps<T>) {
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const open = choices.filter((choice) => !choice.disabled);
    const at = open.findIndex((choice) => choice.value === value);
    const next = open[(at + step + open.length) % open.length];
    if (next) {
      onChange(next.value);
      const buttons = (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=radio]");
      buttons[choices.indexOf(next)]?.focus();
    }
  };
  return (
    <div class={["segmented", extra].filter(Boolean).join(" ")} role="radiogroup" aria-label={label} onKeyDown={onKey}>
      {choices.map((choice) => (
        // biome-ignore lint/a11y/useSemanticElements: buttons take a click without taking the arrow keys of the page
        <button
          type="button"
          role="radio"
          key={choice.value}
          class={`segment segment-${choice.value}`}
          aria-checked={choice.value === value}
          tabIndex={choice.value === value ? 0 : -1}
          disabled={choice.disabled}
          title={choice.title}
          onClick={() => onChange(choice.value)}
        >
          {choice.name}
        </button>
      ))}
    </div>
  );
}
