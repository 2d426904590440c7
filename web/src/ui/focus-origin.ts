/**
 * Whether what has the focus was reached by keyboard.
 *
 * `:focus-visible` does not tell: browsers set it with the first key that is pressed, however the focus came there. But
 * after a click on a button space is to play, and after a drag of a fader digits are to switch what is heard.
 */

/** What the user did last, and what brought the focus to where it is. */
let [last, focusedBy]: ("key" | "pointer")[] = ["key", "key"];

const onKey = () => {
  last = "key";
};
const onPointer = () => {
  last = "pointer";
  focusedBy = "pointer";
};
const onFocus = () => {
  focusedBy = last;
};
addEventListener("keydown", onKey, true);
addEventListener("pointerdown", onPointer, true);
addEventListener("focusin", onFocus, true);

export function focusedByKeyboard(): boolean {
  return focusedBy === "key";
}
