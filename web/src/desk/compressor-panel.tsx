/** The compressor: what it makes of every level, where the level is now, and what it took away in the last seconds. */

import { useEffect } from "preact/hooks";
import type { Desk } from "../model/desk";
import type { Strip } from "../model/types";
import { Canvas } from "../ui/canvas";
import type { Control } from "../ui/control";
import { useControlInput } from "../ui/control-input";
import { ControlKnob } from "../ui/control-knob";
import { frames } from "../ui/frame-loop";
import { drawHistory, drawTransfer, HIGH_DB, LOW_DB, type StaticSettings } from "./compressor-picture";
import { useDesk } from "./desk-context";
import { detectedDb } from "./detected-level";
import type { StripMeter } from "./meter-bank";
import { SectionPanel } from "./section-panel";
import "./compressor-panel.css";

export function CompressorPanel({ strip }: { strip: Strip }) {
  const { desk, controls, meters } = useDesk();
  const params = desk.console.value.section(strip).effect("compressor")?.params ?? [];
  const threshold = controls.find(strip, "compressor.threshold_db");
  const meter = meters.strip(strip);
  return (
    <SectionPanel strip={strip} effect="compressor" class="compressor-panel">
      <div class="compressor-pictures">
        {threshold && <Transfer strip={strip} threshold={threshold} meter={meter} />}
        <div class="compressor-history">
          <Canvas
            class="compressor-canvas"
            draw={(surface) => {
              drawHistory(surface, meter.history);
              return meter.levels.moving;
            }}
          />
          <span class="compressor-caption">gain reduction, 6 s</span>
        </div>
      </div>
      <div class="panel-knobs">
        {params.map((param) => (
          <ControlKnob key={param.name} control={controls.get(strip, param.name)} />
        ))}
      </div>
    </SectionPanel>
  );
}

interface TransferProps {
  strip: Strip;
  threshold: Control;
  meter: StripMeter;
}

/** The static curve; dragging in it moves the threshold. */
function Transfer({ strip, threshold, meter }: TransferProps) {
  const { desk } = useDesk();
  const values = desk.settings(strip).value;
  useEffect(() => frames.wake(), [values]);
  const { onPointerDown, onWheel, onDblClick, onContextMenu } = useControlInput(threshold, {
    travelPx: (element) => (element.clientWidth * (threshold.param.high - threshold.param.low)) / (HIGH_DB - LOW_DB),
    sideways: true,
  });
  return (
    <div class="compressor-transfer" {...{ onPointerDown, onWheel, onDblClick, onContextMenu }} aria-hidden="true">
      <Canvas
        class="compressor-canvas"
        draw={(surface) => {
          const { levels } = meter;
          drawTransfer(surface, staticSettings(desk, strip), detectedDb(desk, strip, levels), levels.reductionDb);
          return levels.moving;
        }}
      />
    </div>
  );
}

function staticSettings(desk: Desk, strip: Strip): StaticSettings {
  const read = (control: string) => desk.value(strip, `compressor.${control}`).peek();
  return {
    thresholdDb: read("threshold_db"),
    ratio: read("ratio"),
    kneeDb: read("knee_db"),
    makeupDb: read("makeup_db"),
  };
}
