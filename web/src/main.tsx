import { render } from "preact";
import "./ui/theme.css";
import "./ui/base.css";
import { App } from "./shell/app";

const root = document.getElementById("app");
if (root) {
  render(<App />, root);
}
