import "./progress.css";

interface ProgressProps {
  label: string;
  /** 0 .. 1, or null while nobody knows. */
  share: number | null;
}

/** A bar that fills; it moves by itself while the share is not known. */
export function Progress({ label, share }: ProgressProps) {
  const percent = share === null ? null : Math.round(100 * Math.min(1, Math.max(0, share)));
  return (
    <progress class="progress" aria-label={label} max={100} {...(percent === null ? {} : { value: percent })}>
      {percent === null ? "" : `${percent} %`}
    </progress>
  );
}
