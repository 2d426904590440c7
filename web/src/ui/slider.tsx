import { useId } from "preact/hooks";
import "./slider.css";

interface SliderProps {
  label: string;
  value: number;
  low: number;
  high: number;
  step?: number;
  /** Where a double click puts it. */
  rest?: number;
  format: (value: number) => string;
  disabled?: boolean;
  /** While it moves. */
  onMove: (value: number) => void;
  /** When it is let go. */
  onDone?: (value: number) => void;
}

/** A horizontal slider with its name and its value. */
export function Slider({ label, value, low, high, step = 1, rest, format, disabled, onMove, onDone }: SliderProps) {
  const id = useId();
  const read = (event: Event) => Number((event.currentTarget as HTMLInputElement).value);
  const reset = () => {
    if (rest !== undefined) {
      onMove(rest);
      onDone?.(rest);
    }
  };
  return (
    <div class="slider">
      <label class="slider-label" for={id}>
        {label}
      </label>
      <input
        id={id}
        class="slider-range"
        type="range"
        min={low}
        max={high}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={format(value)}
        title={rest === undefined ? undefined : `Double click: ${format(rest)}`}
        onInput={(event) => onMove(read(event))}
        onChange={(event) => onDone?.(read(event))}
        onDblClick={reset}
      />
      <output class="slider-value figures" for={id}>
        {format(value)}
      </output>
    </div>
  );
}
