import { useState } from "preact/hooks";
import { Button } from "../../ui/button";
import { Segmented } from "../../ui/segmented";
import { Brand } from "../brand";
import { SaveMenu } from "../save/save-menu";
import { ThemeButton } from "../theme-button";
import { Help, helpOpen } from "./help";
import { SaveStatus } from "./save-status";
import type { SessionModel, View } from "./session-model";
import "./top-bar.css";

/** The song's name, the views of it, undo and save. */
export function TopBar({ model }: { model: SessionModel }) {
  const desk = model.desk.value;
  const views = [
    { value: "files", name: "Song", title: "Stems and references" },
    { value: "desk", name: "Desk", title: "Faders and effects", disabled: !desk && !model.canBalance.value },
    { value: "pictures", name: "Pictures", title: "Mix and reference, compared", disabled: !desk },
  ] as const;
  return (
    <header class="top-bar">
      <span class="top-bar-left">
        <a class="top-bar-home" href="#/" title="All songs" aria-label="All songs">
          <Brand name={false} />
        </a>
        <Title model={model} />
        <SaveStatus model={model} />
      </span>
      <Segmented<View>
        label="View"
        choices={views}
        value={model.view.value}
        onChange={(view) => model.open(view)}
        class="top-bar-views"
      />
      <span class="top-bar-right">
        <Button
          kind="quiet"
          icon="undo"
          label="Undo"
          title={desk?.undoes.value ? `Undo: ${desk.undoes.value}` : "Undo"}
          disabled={!desk?.canUndo.value}
          onClick={() => desk?.undo()}
        />
        <Button
          kind="quiet"
          icon="redo"
          label="Redo"
          title={desk?.redoes.value ? `Redo: ${desk.redoes.value}` : "Redo"}
          disabled={!desk?.canRedo.value}
          onClick={() => desk?.redo()}
        />
        <SaveMenu model={model} />
        <ThemeButton />
        <Button kind="quiet" icon="help" label="Keys and help" onClick={() => (helpOpen.value = true)} />
        <Help />
      </span>
    </header>
  );
}

function Title({ model }: { model: SessionModel }) {
  const title = model.info.value?.title ?? "";
  const [draft, setDraft] = useState<string | null>(null);
  const done = () => {
    const wanted = draft?.trim();
    if (wanted && wanted !== title) {
      void model.change({ title: wanted });
    }
    setDraft(null);
  };
  const onKey = (event: KeyboardEvent & { currentTarget: HTMLInputElement }) => {
    if (event.key === "Enter") {
      event.currentTarget.blur();
    } else if (event.key === "Escape") {
      setDraft(null);
      event.currentTarget.value = title;
      event.currentTarget.blur();
    }
  };
  return (
    <h1 class="top-bar-title">
      <input
        aria-label="Title of the song"
        value={draft ?? title}
        maxLength={200}
        spellcheck={false}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onBlur={done}
        onKeyDown={onKey}
      />
    </h1>
  );
}
