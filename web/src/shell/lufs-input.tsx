import { serverFacts } from "./server-facts";

const LOUDNESS = "render.loudness_lufs";

interface LufsInputProps {
  id: string;
  /** Where no label beside it names it. */
  label?: string;
  value: number;
  onChange: (lufs: number) => void;
}

/** A loudness in LUFS, within the bounds that the mix document has for it. */
export function LufsInput({ id, label, value, onChange }: LufsInputProps) {
  const bounds = serverFacts.value?.about.delivery.find(({ name }) => name === LOUDNESS);
  return (
    <input
      id={id}
      class="select figures"
      type="number"
      min={bounds?.low}
      max={bounds?.high}
      step={0.5}
      aria-label={label}
      value={value}
      onChange={({ currentTarget: { valueAsNumber: lufs, validity } }) => {
        if (!Number.isNaN(lufs) && !validity.rangeUnderflow && !validity.rangeOverflow) {
          onChange(lufs);
        }
      }}
    />
  );
}
