import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";
import "./button.css";

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "icon" | "label"> {
  kind?: "plain" | "primary" | "quiet" | "danger";
  icon?: IconName;
  /** The name for screen readers and the tooltip, of a button that shows only its icon. */
  label?: string;
  pressed?: boolean;
  children?: ComponentChildren;
}

/** A button of the page; with `pressed` it is one that stays in. */
export function Button({ kind = "plain", icon, label, pressed, children, class: extra, ...rest }: ButtonProps) {
  const only = children === undefined || children === null;
  const names = ["button", `button-${kind}`, only && "button-icon", extra].filter(Boolean).join(" ");
  return (
    <button type="button" class={names} aria-label={label} title={rest.title ?? label} aria-pressed={pressed} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}
