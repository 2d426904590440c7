import { useRef, useState } from "preact/hooks";
import { droppedFiles, looksLikeAudio } from "../../api/dropped";
import { messageOf } from "../../api/http";
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { notify } from "../../ui/toast";
import { serverFacts } from "../server-facts";
import "./drop-area.css";

interface DropAreaProps {
  title: string;
  about: string;
  busy?: boolean;
  compact?: boolean;
  /** Whether whole folders can be chosen; they can be dropped anyway. */
  folders?: boolean;
  onFiles: (files: File[]) => void;
}

/** Where audio files and folders of them are dropped, or chosen. */
export function DropArea({ title, about, busy = false, compact = false, folders = false, onFiles }: DropAreaProps) {
  const [over, setOver] = useState(false);
  const take = (files: File[]) => {
    const audio = audioOf(files);
    if (audio.length > 0) {
      onFiles(audio);
    }
  };
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    try {
      take(event.dataTransfer ? await droppedFiles(event.dataTransfer) : []);
    } catch (reason) {
      notify(messageOf(reason), "bad");
    }
  };
  const names = ["drop", over && "drop-over", compact && "drop-compact"].filter(Boolean).join(" ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot centre what is in it
    <div
      class={names}
      role="group"
      aria-label={title}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {!compact && <Icon name="save" size={26} />}
      <span class="drop-title">{title}</span>
      <span class="drop-about">{about}</span>
      <span class="drop-buttons">
        <Choose name="Choose files" title={title} busy={busy} onFiles={take} />
        {folders && <Choose name="Choose a folder" title={title} busy={busy} folder onFiles={take} />}
      </span>
    </div>
  );
}

interface ChooseProps {
  name: string;
  title: string;
  busy: boolean;
  folder?: boolean;
  onFiles: (files: File[]) => void;
}

function Choose({ name, title, busy, folder = false, onFiles }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  const accept = serverFacts.value?.about.limits.extensions.join(",");
  return (
    <>
      <Button icon={folder ? "folder" : "file"} disabled={busy} onClick={() => input.current?.click()}>
        {name}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={folder ? undefined : accept}
        aria-label={`${title}: ${name}`}
        {...(folder ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

/** What may be audio; tells the user what is left out. */
function audioOf(files: readonly File[]): File[] {
  const extensions = serverFacts.value?.about.limits.extensions ?? [];
  const audio = files.filter((file) => looksLikeAudio(file.name, extensions));
  const others = files.filter((file) => !audio.includes(file)).map((file) => file.name);
  if (others.length > 0) {
    const shown = others.slice(0, 3).join(", ") + (others.length > 3 ? ` and ${others.length - 3} more` : "");
    notify(`Left out, not audio: ${shown}`, audio.length > 0 ? "info" : "bad");
  }
  return audio;
}
