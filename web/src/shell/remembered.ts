/** What this browser keeps between visits. A browser that keeps nothing is no error. */

const PREFIX = "diffmst.";

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** @returns whether it was kept: storage may be full, or forbidden. */
export function remember(key: string, value: string | null): boolean {
  try {
    if (value === null) {
      localStorage.removeItem(PREFIX + key);
    } else {
      localStorage.setItem(PREFIX + key, value);
    }
    return true;
  } catch {
    return false;
  }
}
