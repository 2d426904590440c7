import { signal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import { ApiError, messageOf, refused } from "../api/http";
import { Button } from "../ui/button";
import { notify, Toasts } from "../ui/toast";
import { listenToKeys } from "./keymap";
import { Login, takeToken } from "./login";
import { route } from "./route";
import { loadServerFacts } from "./server-facts";
import { SessionPage } from "./session/session-page";
import { StartPage } from "./start/start-page";
import { applyTheme } from "./theme";
import "./app.css";

type Access = "asking" | "open" | "token" | "away";

const access = signal<Access>("asking");
const problem = signal("");

/** The whole page. */
export function App() {
  useEffect(applyTheme, []);
  useEffect(listenToKeys, []);
  useEffect(() => {
    void enter();
    addEventListener("dragover", ignoreDrop);
    addEventListener("drop", ignoreDrop);
    return () => {
      removeEventListener("dragover", ignoreDrop);
      removeEventListener("drop", ignoreDrop);
    };
  }, []);
  useSignalEffect(() => {
    if (refused.value > 0) {
      access.value = "token";
    }
  });
  return (
    <>
      <Content />
      <Toasts />
    </>
  );
}

/** A file that misses its place must not replace the page. */
function ignoreDrop(event: DragEvent) {
  if (event.type === "drop" && !event.defaultPrevented && event.dataTransfer?.types.includes("Files")) {
    notify("Drop files on Stems or on Reference; once a song is open they are in Song");
  }
  event.preventDefault();
}

function Content() {
  if (access.value === "token") {
    return <Login onDone={() => void enter()} />;
  }
  if (access.value === "away") {
    return (
      <main class="app-away">
        <h1>diffmst</h1>
        <p>{problem.value}</p>
        <Button onClick={() => void enter()}>Try again</Button>
      </main>
    );
  }
  if (access.value === "asking") {
    return <main class="app-away" aria-busy="true" aria-label="diffmst" />;
  }
  const at = route.value;
  return at.view === "session" ? <SessionPage key={at.id} id={at.id} /> : <StartPage />;
}

async function enter(): Promise<void> {
  try {
    const token = takeToken();
    if (token) {
      await api.login(token);
    }
    await loadServerFacts();
    access.value = "open";
  } catch (reason) {
    problem.value = messageOf(reason);
    access.value = reason instanceof ApiError && reason.status === 401 ? "token" : "away";
  }
}
