// Elements of the page, without a library.

/** An element. Properties that begin with "on" listen, "class", "for", "aria-..." and "data-..." are attributes. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-")) element[name] = value;
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of one path in a square of 24, or in a view of its own. */
function drawing(path, view = "0 0 24 24", properties = {}) {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.setAttribute("viewBox", view);
  svg.setAttribute("aria-hidden", "true");
  for (const [name, value] of Object.entries(properties)) svg.setAttribute(name, value);
  svg.append(line);
  return svg;
}

const PLAY = "M7 4.5v15l13-7.5z";
const PAUSE = "M6.5 4.5h4v15h-4zM13.5 4.5h4v15h-4z";

/** A button that draws one of two signs. */
function playButton(properties, label) {
  const button = h("button", { type: "button", class: "play", ...properties }, drawing(PLAY), h("span", {}, label));
  button.showPlaying = (playing) => {
    button.querySelector("path").setAttribute("d", playing ? PAUSE : PLAY);
    button.setAttribute("aria-pressed", String(playing));
  };
  button.showPlaying(false);
  return button;
}

/** Seconds as minutes, seconds and tenths. */
function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
}
