// The page: what is chosen, what is asked, what is shown. Nothing is kept but in this tab's memory.

import {bytes, release, showAnswer} from "./answer.js";
import {chosen, listenForImages, showChosen} from "./choosing.js";
import {find, make, save, visible} from "./dom.js";
import {answered, refused} from "./rows.js";
import {part, Problem, Service} from "./service.js";
import {Table} from "./table.js";
import {say, showProblem} from "./telling.js";

const ROOM = 0.95;  // of a request, for images: names and separators take the rest
const service = new Service();
const page = {
  service,
  about: null,
  maps: false,
};
const table = new Table(find("batch"), (row, button) => open(row, button));
let running = null;
let jobs = [];
let rows = [];

// What is asked

function askedProfiles() {
  return [...document.querySelectorAll("input[name=profile]:checked")].map((box) => box.value);
}

async function ask(event) {
  event.preventDefault();
  showProblem("");
  const address = page.about?.urls ? find("address").value.trim() : "";
  if (!page.about) return showProblem("The service does not answer yet. Reload the page in a moment.");
  service.key = find("key").value;
  if (chosen.images.length === 0 && !address) return showProblem("Choose an image first.");
  if (askedProfiles().length === 0) return showProblem("Choose at least one decoder.");
  await forget();
  running = new AbortController();
  setBusy(true);
  try {
    await askAll(address, running.signal);
  } catch (error) {
    stopped(error);
  }
  running = null;
  setBusy(false);
  showRows();
}

function stopped(error) {
  const unasked = rows.length ? " The answers so far are below." : "";
  if (error.name === "AbortError") return say(`Cancelled.${unasked}`);
  say("");
  showProblem(error.message + unasked);
  if (error.status === 401) (find("key-row").hidden = false), find("key").focus();
  if (!(error instanceof Problem)) throw error;
}

async function askAll(address, signal) {
  const options = {
    profiles: askedProfiles(),
    pictures: find("pictures").checked,
    map: find("map").checked,
    metadata: find("metadata").checked,
  };
  page.maps = options.map;
  const {max_images: images, max_request_bytes: room} = page.about.limits;
  const requests = chosen.requests(
                           {images, bytes: room * ROOM, largest: page.about.limits.max_image_bytes}
  ).map((some) => ({images: some, addresses: []}));
  if (address) requests.push({images: [], addresses: [address]});
  const total = chosen.images.length + (address ? 1 : 0);
  for (const request of requests) {
    rows.push(...(await askSome(request, options, total, signal)));
    if (requests.length > 1) say(`${rows.length} of ${total} images answered.`);
  }
  say(total === 1 ? "The answer is below." : `All ${total} images are answered.`);
}

/** Ask about the images of one request. What the service refuses to take becomes rows that say why. */
async function askSome(request, options, total, signal) {
  const names = [...request.images, ...request.addresses.map((name) => ({name, file: null}))];
  const progress = (job) => advance(rows.length + job.done, total, job);
  const large = request.images.length === 1 && request.images[0].file.size > page.about.limits.max_image_bytes;
  if (large)
    return [refused(
      names[0].name,
      rows.length + 1,
      names[0].file,
      `The file has ${bytes(names[0].file.size)}, and the service takes ${bytes(page.about.limits.max_image_bytes)}.`
    )];
  let job;
  try {
    job = await service.start(
      request, options, {signal, busy: (seconds) => say(`The service is busy: trying again in ${seconds} seconds.`)}
    );
    jobs.push(job.id);
    job = await service.finish(job, {signal, progress});
  } catch (error) {
    if (error instanceof Problem && [413, 415, 422].includes(error.status))
      return names.map(({name, file}, index) => refused(name, rows.length + index + 1, file, error.message));
    throw error;
  }
  if (job.state !== "done")
    throw new Problem({detail: job.reason || `The service has ${job.state} this question.`}, 0, 0);
  return job.results.images.map(
    (answer, index) => answered(answer, rows.length + index + 1, names[index], job.id, index)
  );
}

function advance(done, total, job) {
  find("bar").max = total;
  if (done || total > 1)
    find("bar").value = done;
  else
    find("bar").removeAttribute("value");
  const left = job.seconds_left ? `, about ${Math.ceil(job.seconds_left)} seconds left` : "";
  say(`${done} of ${total} images answered${left}. ${job.stage ? `${job.stage}.` : ""}`);
}

function setBusy(busy) {
  find("progress").hidden = !busy;
  find("cancel").hidden = !busy;
  find("start").disabled = busy;
  if (busy) {
    find("answers").hidden = true;
    find("bar").removeAttribute("value");
    say("The images are being sent.");
    find("cancel").focus();
  }
}

// What is shown

function showRows() {
  const followed = [document.body, find("cancel"), find("start")].includes(document.activeElement);
  find("answers").hidden = rows.length === 0;
  if (rows.length === 0) return followed ? find("start").focus() : undefined;
  find("answers-title").textContent = rows.length === 1 ? "The answer" : `The answers to ${rows.length} images`;
  if (rows.length === 1)
    showAnswer(find("one"), rows[0], page);
  else
    table.show(rows), find("batch").append(reports());
  if (followed) find("answers-title").focus();
}

/** Every report of a batch, a file for each request that it took. */
function reports() {
  const kept = [...new Set(rows.map((row) => row.job).filter(Boolean))];
  const suffix = (blob) => (blob.type.startsWith("text/html") ? "html" : "zip");  // of one image it is a page
  const name = (blob, index) => `reports${kept.length > 1 ? `-${index + 1}` : ""}.${suffix(blob)}`;
  const fetched = async (job, index) =>
    service.blob(part(job, "report")).then((blob) => save(blob, name(blob, index)), (error) => showProblem(error.message));
  const button = (job, index) => make(
    "button",
    {type: "button", class: "second", click: () => void fetched(job, index)},
    kept.length === 1 ? "Save all reports" : `Save reports, part ${index + 1} of ${kept.length}`
  );
  return make("p", {class: "buttons"}, kept.map(button));
}

function open(row, button) {
  showAnswer(find("one"), row, page);
  const back = make(
    "button",
    {type: "button", class: "plain", click: () => (button.isConnected ? button : find("answers-title")).focus()},
    "Back to the table"
  );
  find("one").append(make("p", {}, back));
  find("one-title").focus();
}

async function forget() {
  const ended = jobs;
  [jobs, rows] = [[], []];
  release(find("one"));
  for (const id of ["one", "batch"]) find(id).replaceChildren();
  find("answers").hidden = true;
  await Promise.all(ended.map((id) => service.forget(id)));
}

async function cancel() {
  running?.abort();
  const last = jobs.at(-1);
  if (last && !rows.some((row) => row.job === last)) await service.forget(last);
}

// What the service says of itself

function profileBox(profile, _, all) {
  const title = all.filter(({model}) => model === profile.model).length > 1 ? profile.name : profile.model;
  const box = make("input", {type: "checkbox", name: "profile", value: profile.name, checked: true});
  const slow = profile.slow ? " This one takes long." : "";
  const note = make(
    "span",
    {class: "soft small"},
    ` Profile ${visible(profile.name)}, decoder `,
    make("span", {class: "digest"}, profile.decoder.slice(0, 12)),
    `.${slow}`
  );
  return make("label", {class: "choice"}, box, make("span", {}, visible(title), note));
}

function limitsText({limits}) {
  const million = (limits.max_pixels / 1e6).toLocaleString(undefined, {maximumFractionDigits: 1});
  const most = bytes(limits.max_image_bytes - (limits.max_image_bytes % 1e5));
  const many = `Choose as many as you like: they are sent ${limits.max_images} at a time.`;
  return `An image may have ${most} and ${million} million pixels. ${many}`;
}

function keptText({job_seconds: seconds}) {
  const minutes = Math.round(seconds / 60);
  const time = minutes > 1 ? `${minutes} minutes` : `${seconds} seconds`;
  const images = "Images stay in the memory of the service until they are answered, and are not stored.";
  return `${images} The answers stay there for ${time}, or until you close this page or press “Forget”.`;
}

async function describe() {
  try {
    page.about = await service.describe();
    find("limits").textContent = limitsText(page.about);
    find("version").textContent = `wherefrom ${page.about.version}`;
    find("facts").append(make("li", {}, keptText(page.about)));
    find("address-row").hidden = !page.about.urls;
    find("key-row").hidden = !page.about.key_needed;
    if (page.about.urls) find("address").value = new URLSearchParams(location.search).get("image") ?? "";
    if (page.about.key_needed)
      find("profiles-waiting").textContent = "Give the access key below: then the decoders are listed.";
    else
      await listProfiles();
  } catch (error) {
    showProblem(`${error.message}`);
  }
}

async function listProfiles() {
  const profiles = await service.profiles();
  find("profiles").replaceChildren(make("legend", {}, "Decoders to ask about"), ...profiles.map(profileBox));
}

find("form").addEventListener("submit", (event) => void ask(event));
find("cancel").addEventListener("click", () => void cancel());
find("forget").addEventListener("click", async () => {
  await forget();
  chosen.images = [];
  showChosen();
  say("The images and answers are forgotten.");
  find("choose").focus();
});
find("key").addEventListener("change", () => {
  service.key = find("key").value;
  listProfiles().then(() => showProblem(""), (error) => showProblem(error.message));
});
window.addEventListener("pagehide", (event) => {
  if (!event.persisted) for (const id of jobs) void service.forget(id);
});
listenForImages();
void describe();
