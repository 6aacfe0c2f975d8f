// What the page says below its form: how far it is, and what is in the way.

import {find} from "./dom.js";

export function showProblem(text) {
  find("problem").textContent = text;
  find("problem").hidden = !text;
}

export function say(text) {
  find("status").textContent = text;
}
