// One image's answer, as a person reads it: the sentence first, then what it rests on, then what can be taken along.

import {make, save, visible} from "./dom.js";
import {feedbackForm} from "./feedback.js";
import {part} from "./service.js";
import {figure} from "./standing.js";

const PREVIEWS = ["image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp"];
const SMALL = 96;

/**
 * Show an answer in `place`: `row` is the image's, `page` has the service, its description and whether maps were made.
 */
export function showAnswer(place, row, page) {
  release(place);
  place.replaceChildren(
    make("h3", {tabindex: "-1", id: "one-title"}, visible(row.name)),
    make(
      "div",
      {class: `answer ${row.tone}`},
      make("p", {class: "said"}, row.answer),
      row.error ? make("p", {}, `The reason: ${row.error}`) : null
    ),
    ...warnings(row),
    facts(row),
    ...row.source.candidates.map((one) => candidate(one, row, page)),
    ...changes(row),
    ...(row.job ? downloads(row, page) : []),
    ...(page.about.feedback ? [feedbackForm(row, page)] : []),
  );
}

/** Give back the memory of pictures that are no longer shown. */
export function release(place) {
  for (const picture of place.querySelectorAll("img")) URL.revokeObjectURL(picture.src);
}

function warnings(row) {
  const said = row.source.candidates.flatMap(
    (one) => one.warnings.map((warning) => (row.candidates.length > 1 ? `${visible(one.label)}: ${warning}` : warning))
  );
  if (said.length === 0) return [];
  return [make(
    "div",
    {class: "warned", role: "note"},
    make("p", {}, "Read this before you believe the answer"),
    make("ul", {}, said.map((one) => make("li", {}, one)))
  )];
}

function facts(row) {
  const file = row.source.file ?? {};
  const size = file.width ? `${file.width} × ${file.height} pixels` : null;
  const stored = [
    file.format,
    file.jpeg_quality ? `quality about ${Math.round(file.jpeg_quality)}` : null,
    file.bytes ? bytes(file.bytes) : null,
  ];
  const lines = [
    ["Stored as", stored.filter(Boolean).join(", ")],
    ["Size", size],
    ["Converted in reading", (file.changes ?? []).join("; ")],
    ["Fingerprint of the file", file.file_digest ? make("span", {class: "digest"}, file.file_digest) : null],
  ].filter(([, value]) => value);
  const list =
    make("dl", {class: "facts"}, lines.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  return make("div", {class: "image-and-facts"}, picture(row, file), list);
}

function picture(row, file) {
  if (!row.file || !PREVIEWS.includes(row.file.type)) return null;
  const small = file.width && Math.max(file.width, file.height) <= SMALL ? " squares" : "";
  const shown = make(
    "img",
    {class: `shown${small}`, src: URL.createObjectURL(row.file), alt: `The image in question, ${visible(row.name)}`}
  );
  const box = make("figure", {}, shown);
  shown.addEventListener("error", () => box.remove());
  return box;
}

export function bytes(count) {
  const steps = ["bytes", "kB", "MB", "GB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), steps.length - 1);
  return `${(count / 1000 ** step).toLocaleString(undefined, {maximumFractionDigits: step ? 1 : 0})} ${steps[step]}`;
}

function candidate(one, row, page) {
  const title = `${visible(one.label)}: ${one.answer}`;
  const box = make(
    "section",
    {"aria-label": `Decoder of ${visible(one.label)}`},
    make("h4", {}, title, make("span", {class: "soft"}, ` (${one.outcome})`))
  );
  if (row.error) return box;
  box.append(make("p", {class: "reason"}, visible(one.reason), "."));
  box.append(...[figure(one)].filter(Boolean), rates(one), numbers(one));
  if (page.maps && row.job) void addMap(box, one, row, page);
  return box;
}

async function addMap(box, one, row, page) {
  const blob = await page.service.blob(part(row.job, "map", {image: row.index, profile: one.name})).catch(() => null);
  if (!blob || !box.isConnected) return;
  const text =
    `Where in the image the evidence speaks for the decoder of ${visible(one.label)}, and where nothing can be told`;
  box.append(make(
    "figure", {}, make("img", {src: URL.createObjectURL(blob), alt: text, class: "map"}), make("figcaption", {}, text)
  ));
}

const percent = (share) => `${(100 * share).toLocaleString(undefined, {maximumSignificantDigits: 2})} %`;

function rates(one) {
  const lines = one.groups.map((group) => {
    const {count, total, low, high} = group.wrong;
    const counted = `counted: ${count} of ${total} (${percent(low)} to ${percent(high)})`;
    const promised = group.bound === null ? "nothing is promised" : `promised: at most ${percent(group.bound)}`;
    const claim = `To claim an image of the kind “${visible(group.name)}”`;
    const mistake = group.own ? "To overlook an image that the decoder made" : claim;
    return make("li", {}, `${mistake}: ${promised}; ${counted}.`, group.unfit ? ` ${group.unfit}` : null);
  });
  if (lines.length === 0) return make("p", {class: "soft"}, "No error rate can be stated for this answer.");
  return make("details", {}, make("summary", {}, "How often such an answer is wrong"), make("ul", {}, lines));
}

function numbers(one) {
  const value = (number) =>
    (number === null || number === undefined ? "not defined" : String(Number(number.toPrecision(6))));
  const lines = [
    ["Method", one.method],
    ["Statistic", value(one.statistic)],
    ["Share of the decoder's images at least as high", value(one.p_belonging)],
    ...Object.entries(one.p_foreign).map((pool) => [`Share of “${visible(pool[0])}” at most as low`, value(pool[1])]),
    ["Fingerprint of the decoder", make("span", {class: "digest"}, one.decoder)],
    ["Fingerprint of the profile", make("span", {class: "digest"}, one.profile)],
  ];
  return make(
    "details",
    {},
    make("summary", {}, "The numbers"),
    make("dl", {class: "facts"}, lines.flatMap(([name, number]) => [make("dt", {}, name), make("dd", {}, number)]))
  );
}

function changes(row) {
  const said = (row.source.would_change ?? []).map((one) => make("li", {}, one));
  if (said.length === 0) return [];
  return [make("details", {}, make("summary", {}, "What would change the answer"), make("ul", {}, said))];
}

function downloads(row, page) {
  const stem = row.name.split("/").pop().replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "_") || "image";
  const report = part(row.job, "report", {image: row.index});
  const button = (label, path, name) =>
    make("button", {type: "button", class: "second", click: (event) => take(event.target, page, path, name)}, label);
  const buttons = make(
    "p",
    {class: "buttons"},
    button("Save the report", report, `${stem}-report.html`),
    button("Save the evidence (bundle)", part(row.job, "bundle"), "bundle.zip"),
    make(
      "button",
      {
        type: "button",
        class: "second",
        click: () => save(new Blob([JSON.stringify(row.source, null, 1)], {type: "application/json"}), `${stem}.json`),
      },
      "Save the numbers (JSON)"
    ),
  );
  const note = make(
    "p",
    {class: "soft small"},
    "The report is a page to read and print. The bundle has all that the answer rests on, except the image; ",
    "others can verify it with ",
    make("code", {}, "wherefrom verify"),
    "."
  );
  return [
    make("h4", {}, "Take it along"),
    buttons,
    note,
    make("p", {class: "warned", role: "alert", hidden: true}),
    ...reader(report, page),
  ];
}

async function take(button, page, path, name) {
  const problem = button.closest("div, section").querySelector("p[role=alert]");
  button.disabled = true;
  problem.hidden = true;
  try {
    save(await page.service.blob(path), name);
  } catch (error) {
    problem.textContent =
      error.status === 404 ? "The service no longer has this: ask about the image again." : error.message;
    problem.hidden = false;
  }
  button.disabled = false;
}

/** The report in the page itself; a frame cannot send a key, so only where none is needed. */
function reader(report, page) {
  if (page.about.key_needed) return [];
  const details = make("details", {}, make("summary", {}, "Read the report here"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.querySelector("iframe")) return;
    details.append(make("iframe", {class: "report", title: "The report", src: report, sandbox: ""}));
  });
  return [details];
}
