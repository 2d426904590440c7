import { useState } from "preact/hooks";
import { api } from "../api/client";
import { messageOf } from "../api/http";
import { Button } from "../ui/button";
import "./login.css";

/** The token of an address that ends in `#token=…`; it is taken out of the address, which may be shown or shared. */
export function takeToken(): string | null {
  const found = /^#token=([\w.~-]+)$/.exec(location.hash);
  if (found) {
    history.replaceState(null, "", `${location.pathname}#/`);
  }
  return found?.[1] ?? null;
}

/** Asks for the token, which the server printed. */
export function Login({ onDone }: { onDone: () => void }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState("");
  const enter = async (event: Event) => {
    event.preventDefault();
    // People paste what they were given: the whole address, or what stands behind its `=`.
    const given = token.trim().split("token=").at(-1) ?? "";
    try {
      await api.login(given);
      onDone();
    } catch (reason) {
      setProblem(messageOf(reason));
    }
  };
  return (
    <main class="login">
      <form class="login-form" onSubmit={enter}>
        <h1>diffmst</h1>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p class="text-dim">It stands in the address that `diffmst serve` printed, behind `#token=`.</p>
        {problem && <p role="alert">{problem}</p>}
        <Button kind="primary" type="submit" disabled={!token.trim()}>
          Open
        </Button>
      </form>
    </main>
  );
}
