/** Which controls a lock names: the rules of diffmst/locks.py, which reads the same document. */

import { effectName, type Section } from "./declarations";

/** The controls that a pattern names, in order; none where it fits nothing or is ambiguous. */
export function matchingControls(section: Section, pattern: string): string[] {
  const wanted = pattern.toLowerCase();
  const names = [...section.params.keys()];
  const glob = asExpression(wanted);
  for (const fits of [(name: string) => glob.test(name), (name: string) => name.startsWith(`${wanted}.`)]) {
    const found = names.filter(fits);
    if (found.length) {
      return found;
    }
  }
  const found = names.filter((name) => hasPart(name, wanted));
  return new Set(found.map(effectName)).size > 1 ? [] : found;
}

/** The controls that are locked by any of the patterns. */
export function lockedControls(section: Section, patterns: readonly string[]): Set<string> {
  return new Set(patterns.flatMap((pattern) => matchingControls(section, pattern)));
}

/** The shortest patterns that name just these controls: `*` for all, whole effects where they are whole. */
export function patternsOf(section: Section, names: ReadonlySet<string>): string[] {
  if (names.size && [...section.params.keys()].every((name) => names.has(name))) {
    return ["*"];
  }
  return section.effects.flatMap((effect) => {
    const controls = effect.params.map((param) => param.name);
    const locked = controls.filter((name) => names.has(name));
    return locked.length === controls.length && locked.length > 1 ? [`${effect.name}.*`] : locked;
  });
}

/** The patterns after all controls that one pattern names were locked or set free. */
export function withLock(section: Section, patterns: readonly string[], pattern: string, on: boolean): string[] {
  const locked = lockedControls(section, patterns);
  for (const name of matchingControls(section, pattern)) {
    if (on) {
      locked.add(name);
    } else {
      locked.delete(name);
    }
  }
  return patternsOf(section, locked);
}

/** A shell pattern as Python's fnmatch reads it. */
function asExpression(pattern: string): RegExp {
  const parts = pattern.match(/\*|\?|\[!?\]?[^\]]*\]|[\s\S]/g) ?? [];
  return new RegExp(`^(?:${parts.map(asExpressionPart).join("")})$`, "s");
}

function asExpressionPart(part: string): string {
  if (part === "*") {
    return ".*";
  }
  if (part === "?") {
    return ".";
  }
  if (part.length > 1) {
    const negated = part[1] === "!";
    return `[${negated ? "^" : ""}${part.slice(negated ? 2 : 1, -1).replace(/[\\\]^]/g, "\\$&")}]`;
  }
  return part.replace(/[\\^$.|+(){}[\]/]/g, "\\$&");
}

/** Whether one of the parts between the dots is the pattern, its unit aside. */
function hasPart(name: string, pattern: string): boolean {
  return pattern !== "" && name.split(".").some((part) => part === pattern || withoutUnit(part) === pattern);
}

function withoutUnit(part: string): string {
  return part.includes("_") ? part.slice(0, part.lastIndexOf("_")) : "";
}
