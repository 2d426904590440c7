import type { Session, Stem } from "../../api/types";
import { DropArea } from "../start/drop-area";
import { underWay } from "./jobs";
import { NextStep } from "./next-step";
import { ReferenceRow } from "./reference-row";
import type { SessionModel } from "./session-model";
import { StemRow } from "./stem-row";
import { UploadRows } from "./upload-rows";
import "./files-view.css";

/** What the song is made of, and what it is to sound like. */
export function FilesView({ model }: { model: SessionModel }) {
  const info = model.info.value;
  if (!info) {
    return <div class="files" aria-busy="true" />;
  }
  if (info.stems.length === 0 && underWay(model.jobs.newest("demo"))) {
    return (
      <div class="files" aria-busy="true">
        <NextStep model={model} info={info} />
      </div>
    );
  }
  return (
    <div class="files">
      <NextStep model={model} info={info} />
      <Stems model={model} info={info} />
      <References model={model} info={info} />
    </div>
  );
}

interface PartProps {
  model: SessionModel;
  info: Session;
}

function Stems({ model, info }: PartProps) {
  const some = info.stems.length > 0;
  return (
    <section class="files-part" aria-labelledby="stems">
      <header class="files-head">
        <h2 id="stems">Stems</h2>
        <span class="text-dim">{inWords(info.stems)}</span>
      </header>
      {some && (
        <ul class="files-list">
          {info.stems.map((stem) => (
            <StemRow key={stem.id} stem={stem} model={model} />
          ))}
        </ul>
      )}
      <UploadRows uploads={model.files.uploads.stems} />
      <DropArea
        title="Stems"
        folders
        about={some ? "Add more: files or a folder" : "The tracks of your song: files or a folder"}
        compact={some}
        onFiles={(files) => model.files.upload("stems", files)}
      />
    </section>
  );
}

function References({ model, info: { references } }: PartProps) {
  const some = references.length > 0;
  return (
    <section class="files-part" aria-labelledby="references">
      <header class="files-head">
        <h2 id="references">Reference</h2>
        <span class="text-dim">{references.length > 1 ? "mixed like all of them, by their weights" : ""}</span>
      </header>
      {some && (
        <ul class="files-list">
          {references.map((reference) => (
            <ReferenceRow key={reference.id} reference={reference} alone={references.length === 1} model={model} />
          ))}
        </ul>
      )}
      <UploadRows uploads={model.files.uploads.references} />
      <DropArea
        title="Reference"
        about={some ? "Add another" : "A finished song that sounds right"}
        compact={some}
        onFiles={(files) => model.files.upload("references", files)}
      />
    </section>
  );
}

function inWords(stems: readonly Stem[]): string {
  if (stems.length === 0) {
    return "";
  }
  const rates = new Set(stems.map((stem) => stem.sample_rate));
  const mixed = rates.size > 1 ? "; rates differ and are converted" : "";
  return `${stems.length} file${stems.length === 1 ? "" : "s"}${mixed}`;
}
