import type { Stem } from "../../api/types";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { clock, figure } from "../wording";
import type { SessionModel } from "./session-model";
import "./stem-row.css";

/** One stem: what it is, and whether anything is wrong with it. */
export function StemRow({ stem, model }: { stem: Stem; model: SessionModel }) {
  const stereo = stem.channels === 1 ? "mono" : stem.channels === 2 ? "stereo" : `${stem.channels} channels`;
  return (
    <li class="file-row stem-row">
      <span class="file-name" title={stem.file}>
        {stem.name}
      </span>
      <Role stem={stem} model={model} />
      <span class="file-fact">{stereo}</span>
      <span class="file-fact">{figure(stem.sample_rate / 1000, stem.sample_rate % 1000 ? 1 : 0)} kHz</span>
      <span class="file-fact figures">{clock(stem.seconds)}</span>
      <Button
        kind="quiet"
        icon="trash"
        label={`Remove ${stem.name}`}
        onClick={() => void model.files.remove("stems", stem.id)}
      />
      {stem.problem && (
        <span class="file-problem">
          <Icon name="warning" />
          {stem.problem}
        </span>
      )}
    </li>
  );
}

function Role({ stem, model }: { stem: Stem; model: SessionModel }) {
  const roles = model.facts.value?.about.roles ?? [];
  const track = model.desk.value?.mix.value.tracks.find((one) => one.path.endsWith(`/${stem.file.split("/").at(-1)}`));
  const found = track?.role ?? model.info.value?.roles_by_name[stem.id];
  const label = roles.find((role) => role.name === found)?.label;
  return (
    <select
      class="select"
      title="What it is. Auto: diffmst tells it by its name and its sound"
      aria-label={`What ${stem.name} is`}
      value={stem.role ?? ""}
      onChange={(event) => void model.change({ stems: { [stem.id]: { role: event.currentTarget.value } } })}
    >
      <option value="">{label ? `Auto: ${label}` : "Auto"}</option>
      {roles.map((role) => (
        <option key={role.name} value={role.name}>
          {role.label}
        </option>
      ))}
    </select>
  );
}
