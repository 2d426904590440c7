import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { messageOf } from "../../api/http";
import type { SessionSummary } from "../../api/types";
import { Button } from "../../ui/button";
import { notify } from "../../ui/toast";
import { Brand } from "../brand";
import { go } from "../route";
import { ThemeButton } from "../theme-button";
import { DropArea } from "./drop-area";
import { startWith } from "./handover";
import { SessionCards } from "./session-cards";
import "./start-page.css";

const sessions = signal<SessionSummary[] | null>(null);
const problem = signal("");

async function load(): Promise<void> {
  try {
    sessions.value = await api.sessions();
    problem.value = "";
  } catch (reason) {
    problem.value = messageOf(reason);
  }
}

function titles(): string[] {
  return sessions.peek()?.map(({ title }) => title) ?? [];
}

/** Where everything begins: a new song, or one of those that there are. */
export function StartPage() {
  useEffect(() => void load(), []);
  return (
    <div class="start">
      <header class="start-head">
        <Brand />
        <ThemeButton />
      </header>
      <main class="start-main">
        <NewSong />
        <section class="start-recent" aria-labelledby="recent">
          <h2 id="recent">Your songs</h2>
          {problem.value && <p role="alert">{problem.value}</p>}
          <SessionCards sessions={sessions.value} onChanged={load} />
        </section>
      </main>
    </div>
  );
}

function NewSong() {
  const [busy, setBusy] = useState(false);
  const begin = async (make: () => Promise<string>) => {
    setBusy(true);
    try {
      go({ view: "session", id: await make() });
    } catch (reason) {
      notify(messageOf(reason), "bad");
      setBusy(false);
    }
  };
  return (
    <section class="start-new" aria-labelledby="new-song">
      <h1 id="new-song">Mix your song like one you love.</h1>
      <p class="start-lead">
        Drop the stems of your song and a finished song to follow. diffmst sets faders, EQs, compressors and reverb; you
        take it from there.
      </p>
      <div class="start-drops">
        <DropArea
          title="Stems"
          folders
          about="The tracks of your song: files or a folder"
          busy={busy}
          onFiles={(files) => begin(() => startWith("stems", files, titles()))}
        />
        <span class="start-arrow" aria-hidden="true">
          →
        </span>
        <DropArea
          title="Reference"
          about="A finished song that sounds right"
          busy={busy}
          onFiles={(files) => begin(() => startWith("references", files, titles()))}
        />
      </div>
      <p class="start-demo">
        <span class="text-dim">Nothing at hand?</span>
        <Button disabled={busy} icon="play" onClick={() => begin(async () => (await api.demo()).id)}>
          Try the demo song
        </Button>
      </p>
    </section>
  );
}
