import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Dialog } from "../../ui/dialog";
import { type Shortcut, shortcutGroups } from "../keymap";
import "./help.css";

export const helpOpen = signal(false);

const closeHelp = () => {
  helpOpen.value = false;
};

const NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** All keys that mean something now. */
export function Help() {
  useEffect(() => closeHelp, []);
  if (!helpOpen.value) {
    return null;
  }
  return (
    <Dialog title="Keys" wide onClose={closeHelp}>
      <div class="help">
        {shortcutGroups.value.map((group) => (
          <section key={group.name}>
            <h3>{group.name}</h3>
            <dl class="help-keys">
              {group.shortcuts.map((shortcut) => (
                <Keys key={shortcut.about} shortcut={shortcut} />
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Controls</h3>
          <p class="text-dim">
            Drag, turn the wheel, or use the arrow keys; with Shift finer. Double-click goes back to what was matched.
            Click a value, or press Enter on a control, to type it.
          </p>
        </section>
      </div>
    </Dialog>
  );
}

function Keys({ shortcut }: { shortcut: Shortcut }) {
  const [first] = shortcut.keys;
  const parts = first.split("+").map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part));
  return (
    <>
      <dt>
        {parts.map((part) => (
          <kbd key={part}>{part}</kbd>
        ))}
      </dt>
      <dd>{shortcut.about}</dd>
    </>
  );
}
