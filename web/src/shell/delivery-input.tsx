import { serverFacts } from "./server-facts";

interface DeliveryInputProps {
  id: string;
  /** As the server declares it: `render.loudness_lufs`. */
  name: string;
  /** Where no label beside it names it. */
  label?: string;
  value: number;
  onChange: (value: number) => void;
}

/** A number of how the mix is written, within the bounds that its document has for it. */
export function DeliveryInput({ id, name, label, value, onChange }: DeliveryInputProps) {
  const bounds = serverFacts.value?.about.delivery.find((one) => one.name === name);
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
      onChange={({ currentTarget: { valueAsNumber: chosen, validity } }) => {
        if (!Number.isNaN(chosen) && !validity.rangeUnderflow && !validity.rangeOverflow) {
          onChange(chosen);
        }
      }}
    />
  );
}
