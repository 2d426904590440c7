import { useSignal } from "@preact/signals";
import { api } from "../../api/client";
import { ApiError, messageOf } from "../../api/http";
import { Menu, type MenuItem } from "../../ui/menu";
import { notify } from "../../ui/toast";
import type { SessionModel } from "../session/session-model";
import { DownloadsDialog } from "./downloads-dialog";
import { ExportDialog } from "./export-dialog";
import { HistoryDialog } from "./history-dialog";
import { RenderDialog } from "./render-dialog";

type Open = "render" | "stems" | "export" | "history" | "files" | null;

/** Everything that leaves the page, and the way back to earlier versions. */
export function SaveMenu({ model }: { model: SessionModel }) {
  const open = useSignal<Open>(null);
  const desk = model.desk.value;
  const linked = model.info.value?.linked ?? null;
  const show = (which: Open) => () => {
    open.value = which;
  };
  const items: (MenuItem | "line")[] = [
    { name: "Mix as WAV…", about: "The finished stereo file", onChoose: show("render") },
    { name: "Processed stems…", about: "Each track as it sounds in the mix, as WAV", onChoose: show("stems") },
    { name: "Session for a DAW…", about: "Ardour, REAPER, DAWproject", onChoose: show("export") },
    { name: "mix.json", about: "All settings, for diffmst", onChoose: () => void download(model, "mix.json") },
    ...(linked ? [{ name: "Save to the original", about: linked, onChoose: () => void saveLinked(model) }] : []),
    "line",
    { name: "Files made so far…", onChoose: show("files") },
    { name: "Earlier versions…", onChoose: show("history") },
  ];
  const close = () => {
    open.value = null;
  };
  return (
    <>
      <Menu button={{ icon: "save", disabled: !desk, "aria-label": "Save" }} label="Save" items={items} />
      {open.value === "render" && <RenderDialog model={model} stems={false} onClose={close} />}
      {open.value === "stems" && <RenderDialog model={model} stems onClose={close} />}
      {open.value === "export" && <ExportDialog model={model} onClose={close} />}
      {open.value === "history" && <HistoryDialog model={model} onClose={close} />}
      {open.value === "files" && <DownloadsDialog model={model} onClose={close} />}
    </>
  );
}

/** What waits to be saved goes first: the file is to be what is heard. */
async function download(model: SessionModel, path: string): Promise<void> {
  await model.document.settle();
  const link = document.createElement("a");
  link.href = api.fileUrl(model.id, path);
  link.download = path;
  link.click();
}

async function saveLinked(model: SessionModel, force = false): Promise<void> {
  await model.document.settle();
  try {
    const { path } = await api.save(model.id, { force });
    notify(`Saved to ${path}`, "good");
  } catch (reason) {
    const replace = { name: "Replace it", onChoose: () => void saveLinked(model, true) };
    const changed = reason instanceof ApiError && reason.status === 409;
    notify(messageOf(reason), "bad", changed ? replace : undefined);
  }
}
