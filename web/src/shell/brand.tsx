import "./brand.css";

/** The sign of the page: three faders, one of them ours. */
export function Brand({ name = true }: { name?: boolean }) {
  return (
    <span class="brand">
      <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" focusable="false">
        <path class="brand-rails" d="M5 3v18M12 3v18M19 3v18" />
        <path class="brand-caps" d="M2 14h6v4H2zM9 6h6v4H9zM16 10.500h6v4h-6z" />
      </svg>
      {name && <span>diffmst</span>}
    </span>
  );
}
