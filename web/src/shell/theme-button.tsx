import { Button } from "../ui/button";
import type { IconName } from "../ui/icon";
import { nextTheme, theme } from "./theme";

const ICONS: Record<typeof theme.value, IconName> = { system: "system", dark: "moon", light: "sun" };

/** Dark, light, or as the system has it. */
export function ThemeButton() {
  const name = theme.value === "system" ? "as the system" : theme.value;
  return <Button kind="quiet" icon={ICONS[theme.value]} label={`Theme: ${name}`} onClick={nextTheme} />;
}
