import { useEffect, useMemo } from "preact/hooks";
import { DeskView } from "../../desk/desk-view";
import { Button } from "../../ui/button";
import { MatchPanel } from "../match/match-panel";
import { PicturesView } from "../pictures/pictures-view";
import { takeFiles } from "../start/handover";
import { Overview } from "../wave/overview";
import { Banners } from "./banners";
import { FilesView } from "./files-view";
import { SessionModel } from "./session-model";
import { useSessionShortcuts } from "./shortcuts";
import { TopBar } from "./top-bar";
import { Transport } from "./transport";
import "./session-page.css";

/** One song: what is played, what it is like, and what can be done with it. */
export function SessionPage({ id }: { id: string }) {
  const model = useMemo(() => new SessionModel(id), [id]);
  useEffect(() => {
    const handed = takeFiles(id);
    if (handed) {
      model.files.upload(handed.kind, handed.files);
    }
    return () => model.close();
  }, [model, id]);
  useLeaving(model);
  useSessionShortcuts(model);
  const title = model.info.value?.title;
  useEffect(() => {
    document.title = title ? `${title} – diffmst` : "diffmst";
  }, [title]);
  if (model.problem.value && !model.info.value) {
    return <Failed model={model} />;
  }
  return (
    <div class="session">
      <TopBar model={model} />
      <Transport model={model} />
      <Banners model={model} />
      <Overview model={model} />
      <div class="session-body">
        <main class="session-view" aria-label={model.view.value}>
          <CurrentView model={model} />
        </main>
        {model.matchOpen.value && <MatchPanel model={model} />}
      </div>
    </div>
  );
}

function CurrentView({ model }: { model: SessionModel }) {
  const desk = model.desk.value;
  if (model.view.value === "desk" && desk) {
    return <DeskView desk={desk} engine={model.playback.engine.value} />;
  }
  if (model.view.value === "pictures" && desk) {
    return <PicturesView model={model} />;
  }
  return <FilesView model={model} />;
}

function Failed({ model }: { model: SessionModel }) {
  return (
    <main class="session-failed">
      <h1>This song cannot be opened</h1>
      <p role="alert">{model.problem.value}</p>
      <div>
        <Button onClick={() => model.retry()}>Try again</Button> <a href="#/">All songs</a>
      </div>
    </main>
  );
}

/** What is not saved yet is sent, and kept here, before the page goes away. */
function useLeaving(model: SessionModel) {
  useEffect(() => {
    const leaving = () => document.visibilityState === "hidden" && model.document.flush();
    const unload = () => model.document.flush();
    document.addEventListener("visibilitychange", leaving);
    addEventListener("pagehide", unload);
    return () => {
      document.removeEventListener("visibilitychange", leaving);
      removeEventListener("pagehide", unload);
    };
  }, [model]);
}
