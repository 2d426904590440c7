/** The top of a strip: its name, which can be changed, its role and its padlock. */

import { useComputed } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Strip } from "../model/types";
import { LockButton } from "../ui/lock";
import { useDesk } from "./desk-context";
import { roleLabel } from "./roles";

interface StripHeadProps {
  strip: Strip;
  tabIndex: number;
}

export function StripHead({ strip, tabIndex }: StripHeadProps) {
  const { desk } = useDesk();
  const [naming, setNaming] = useState(false);
  const name = desk.name(strip).value;
  const lock = useComputed(() => desk.lockState(strip, [...desk.console.value.section(strip).params.keys()]));
  const rename = typeof strip === "number" ? () => setNaming(true) : undefined;
  return (
    <header class="strip-head">
      <div class="strip-title">
        {naming && typeof strip === "number" ? (
          <NameField
            name={name}
            onDone={(typed) => {
              setNaming(false);
              desk.rename(strip, typed ?? name);
            }}
          />
        ) : (
          <button
            type="button"
            class="strip-name"
            data-stop="name"
            tabIndex={tabIndex}
            title={rename ? `${name} (double click to rename)` : name}
            aria-pressed={desk.selected.value === strip}
            onDblClick={rename}
            onKeyDown={(event) => event.key === "F2" && rename?.()}
          >
            {name}
          </button>
        )}
      </div>
      <div class="strip-under">
        <StripRole strip={strip} />
        <LockButton
          state={lock.value}
          label={`${name}, all controls`}
          tabIndex={tabIndex}
          onLock={(on) => desk.lock(strip, "*", on)}
        />
      </div>
    </header>
  );
}

function StripRole({ strip }: { strip: Strip }) {
  const { desk } = useDesk();
  if (strip === "fx") {
    return <div class="strip-role">return</div>;
  }
  if (strip === "master") {
    return <div class="strip-role">mix bus</div>;
  }
  const track = desk.track(strip).value;
  return (
    <div class="strip-role">
      <span class="strip-role-name">{roleLabel(desk, track?.role ?? "")}</span>
      {track?.channels === 2 && (
        <svg class="strip-stereo" viewBox="0 0 14 10" width="14" height="10" role="img" aria-label="stereo">
          <circle cx="5" cy="5" r="3.5" />
          <circle cx="9" cy="5" r="3.5" />
        </svg>
      )}
    </div>
  );
}

function NameField({ name, onDone }: { name: string; onDone: (typed: string | null) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useLayoutEffect(() => field.current?.select(), []);
  const close = (typed: string | null) => {
    if (!done.current) {
      done.current = true;
      onDone(typed);
    }
  };
  return (
    <input
      ref={field}
      class="strip-name strip-name-typed"
      aria-label={`Name of ${name}`}
      defaultValue={name}
      onBlur={(event) => close(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" || event.key === "Escape") {
          close(event.key === "Enter" ? event.currentTarget.value : null);
        }
      }}
    />
  );
}
