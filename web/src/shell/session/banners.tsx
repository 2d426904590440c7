import type { ComponentChildren } from "preact";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { whenOf } from "../wording";
import type { SessionModel } from "./session-model";
import "./banners.css";

/** What stands in the way, and what to do about it. */
export function Banners({ model }: { model: SessionModel }) {
  return (
    <>
      {!model.connected.value && <Away model={model} />}
      {model.document.kept.value && <Kept model={model} />}
      {model.document.autosave.value?.state.value === "conflict" && <Conflict model={model} />}
      {model.document.autosave.value?.state.value === "refused" && <Refused model={model} />}
      {model.playback.problem.value && <Banner kind="bad">Sound: {model.playback.problem.value}</Banner>}
    </>
  );
}

interface BannerProps {
  kind: "info" | "warn" | "bad";
  children: ComponentChildren;
  actions?: ComponentChildren;
}

function Banner({ kind, children, actions }: BannerProps) {
  return (
    <div class={`banner banner-${kind}`} role="alert">
      <Icon name="warning" />
      <p>{children}</p>
      <span class="banner-actions">{actions}</span>
    </div>
  );
}

function Away({ model }: { model: SessionModel }) {
  return (
    <Banner kind="warn" actions={<Button onClick={() => model.retry()}>Try now</Button>}>
      diffmst does not answer; trying again by itself. Go on if you like: your changes are kept in this browser.
    </Banner>
  );
}

function Kept({ model }: { model: SessionModel }) {
  return (
    <Banner
      kind="info"
      actions={
        <>
          <Button kind="primary" onClick={() => model.document.useKept(true)}>
            Take them
          </Button>
          <Button onClick={() => model.document.useKept(false)}>Discard</Button>
        </>
      }
    >
      This browser kept changes that had not been saved ({whenOf(model.document.kept.value?.at ?? null)}).
    </Banner>
  );
}

function Conflict({ model }: { model: SessionModel }) {
  return (
    <Banner
      kind="warn"
      actions={
        <>
          <Button onClick={() => void model.document.resolve("mine")}>Keep this one</Button>
          <Button onClick={() => void model.document.resolve("theirs")}>Take the other</Button>
        </>
      }
    >
      This mix was changed in another window or program too. Undo and Earlier versions bring back the other one.
    </Banner>
  );
}

function Refused({ model }: { model: SessionModel }) {
  const autosave = model.document.autosave.value;
  return (
    <Banner kind="bad" actions={<Button onClick={() => autosave?.retry()}>Try again</Button>}>
      Not saved: {autosave?.problem.value}
    </Banner>
  );
}
