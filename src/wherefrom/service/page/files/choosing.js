// What a person has chosen to ask about, as a list from which it can be taken back.

import {bytes} from "./answer.js";
import {find, make, visible} from "./dom.js";
import {Chosen, dropped, pasted, picked} from "./intake.js";
import {say, showProblem} from "./telling.js";

const LISTED = 200;
export const chosen = new Chosen();

export function showChosen() {
  const {images} = chosen;
  const total = images.reduce((sum, {file}) => sum + file.size, 0);
  const title = `${images.length} ${images.length === 1 ? "image" : "images"} chosen, ${bytes(total)}`;
  const line = (image) => make(
    "li",
    {},
    make("span", {}, visible(image.name)),
    make(
      "button",
      {type: "button", class: "plain", "aria-label": `Remove ${visible(image.name)}`, click: () => remove(image)},
      "Remove"
    )
  );
  const more = images.length > LISTED ? make("p", {class: "soft"}, `and ${images.length - LISTED} more`) : null;
  const clear = make(
    "button",
    {type: "button", class: "plain", click: () => ((chosen.images = []), showChosen(), find("choose").focus())},
    "Remove all"
  );
  find("chosen").replaceChildren(...(
    images.length ?
      [
        make("p", {}, `${title}. `, clear),
        make("ul", {class: "chosen-list", tabindex: "0", "aria-label": title}, images.slice(0, LISTED).map(line)),
        more,
      ].filter(Boolean) :
      []
  ));
}

function remove(image) {
  const place = chosen.images.indexOf(image);
  chosen.remove(image);
  showChosen();
  const buttons = find("chosen").querySelectorAll("li button");
  (buttons[Math.min(place, buttons.length - 1)] ?? find("choose")).focus();
}

function add(images) {
  const before = chosen.images.length;
  chosen.add(images);
  showChosen();
  showProblem("");
  say(images.length ? `${chosen.images.length - before} added.` : "No images were found there.");
}

export function listenForImages() {
  const drop = find("drop");
  const over = (on) => (event) => {
    event.preventDefault();
    drop.classList.toggle("over", on);
  };
  for (const name of ["dragenter", "dragover"]) document.addEventListener(name, over(true));
  for (const name of ["dragleave", "dragend"]) document.addEventListener(name, over(false));
  document.addEventListener("drop", async (event) => {
    over(false)(event);
    add(await dropped(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) add(pasted(event.clipboardData));
  });
  for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"]]) {
    find(button).addEventListener("click", () => find(input).click());
    find(input).addEventListener("change", (event) => {
      add(picked(event.target.files));
      event.target.value = "";
    });
  }
}
