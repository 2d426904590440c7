import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Button, type ButtonProps } from "./button";
import { Icon } from "./icon";
import "./menu.css";

export interface MenuItem {
  name: string;
  about?: string;
  disabled?: boolean;
  onChoose: () => void;
}

interface MenuProps {
  button: Omit<ButtonProps, "children">;
  label: ComponentChildren;
  items: (MenuItem | "line")[];
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** A button that opens a menu: arrows move in it, Escape closes it and gives the focus back. */
export function Menu({ button, label, items }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  useClickOutside(root, open, () => setOpen(false));
  useEffect(() => {
    if (open) {
      entries(root.current)[0]?.focus();
    }
  }, [open]);
  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are for the items inside
    <div class="menu" ref={root} onKeyDown={(event) => open && onKey(event, root.current, close)}>
      <Button {...button} aria-haspopup="menu" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        {label}
        <Icon name="chevron" size={10} />
      </Button>
      {open && (
        <div class="menu-list" id={id} role="menu">
          {items.map((item, place) =>
            item === "line" ? (
              <hr class="menu-line" key={`line-${place}`} />
            ) : (
              <Entry key={item.name} item={item} close={close} />
            ),
          )}
        </div>
      )}
    </div>
  );
}

function Entry({ item, close }: { item: MenuItem; close: () => void }) {
  const choose = () => {
    close();
    item.onChoose();
  };
  return (
    <button type="button" role="menuitem" class="menu-item" disabled={item.disabled} onClick={choose}>
      <span>{item.name}</span>
      {item.about && <span class="menu-about">{item.about}</span>}
    </button>
  );
}

function entries(root: HTMLElement | null): HTMLButtonElement[] {
  return [...(root?.querySelectorAll<HTMLButtonElement>("[role=menuitem]:enabled") ?? [])];
}

function onKey(event: KeyboardEvent, root: HTMLElement | null, close: () => void) {
  if (event.key === "Escape" || event.key === "Tab") {
    close();
  } else if (event.key in STEPS) {
    const all = entries(root);
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[(at + STEPS[event.key] + all.length) % all.length]?.focus();
  } else {
    event.stopPropagation(); // keys of the page mean nothing while a menu is open
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function useClickOutside(root: { current: HTMLElement | null }, active: boolean, onOutside: () => void) {
  useEffect(() => {
    if (!active) {
      return;
    }
    const listen = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) {
        onOutside();
      }
    };
    document.addEventListener("pointerdown", listen);
    return () => document.removeEventListener("pointerdown", listen);
  });
}
