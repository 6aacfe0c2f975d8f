// Where an image stands among known images: a row for each kind of them, and the same in words.

import {draw, make, visible} from "./dom.js";

const WIDTH = 640;
const ROW = 62;
const HILL = 30;
const BELOW = 56;

/** The place of a value on the axis, from 0 to 1 where it is on it. */
export function place(value, {edges, logarithmic}) {
  const [low, high] = [edges[0], edges.at(-1)];
  if (!logarithmic) return (value - low) / (high - low);
  return value > 0 ? Math.log(value / low) / Math.log(high / low) : -1;
}

/**
 * The figure of one candidate: `groups` with their `counts`, and `standing` with the axis; null where there is none.
 */
export function figure({groups, standing, statistic, ranked, label}) {
  if (!standing || !groups?.length) return null;
  const height = ROW * groups.length + BELOW;
  const rows = groups.map((group, index) => hill(group, index, standing));
  const lines =
    [limitLine(standing, height), ranked && statistic !== null ? markLine(statistic, standing, height) : null];
  const axis = draw("line", {x1: 0, x2: WIDTH, y1: height - BELOW, y2: height - BELOW, class: "axis"});
  const left = draw("text", {x: 0, y: height - 8}, "← like what the decoder makes");
  const right = draw("text", {x: WIDTH, y: height - 8, "text-anchor": "end"}, "unlike it →");
  const chart = draw(
    "svg",
    {
      viewBox: `0 -24 ${WIDTH} ${height + 24}`,
      class: "chart",
      role: "img",
      "aria-label": `Where the image stands under ${visible(label)}; the same in words follows`,
    },
    rows,
    axis,
    lines.filter(Boolean),
    groups.map(title),
    left,
    right
  );
  return make("figure", {}, chart, words(groups));
}

function hill(group, index, standing) {
  const base = ROW * index + ROW - 6;
  const highest = Math.max(...group.counts, 1);
  const style = group.own ? "ours" : `pool-${(index - 1) % 5}`;
  const bars = group.counts.map((count, bin) => {
    const [from, to] = [place(standing.edges[bin], standing) * WIDTH, place(standing.edges[bin + 1], standing) * WIDTH];
    const tall = (HILL * count) / highest;
    const box = {x: from, y: base - tall, width: Math.max(to - from, 1), height: tall};
    return count ? draw("rect", {...box, class: style}) : null;
  });
  return draw("g", {}, bars, draw("line", {x1: 0, x2: WIDTH, y1: base, y2: base, class: "axis"}));
}

/** What a row shows: drawn last, so that lines pass below the words. */
function title(group, index) {
  const name = group.own ? "made by this decoder" : visible(group.name);
  return draw("text", {x: 0, y: ROW * index + ROW - HILL - 12}, `${name}: ${group.images} known images`);
}

function limitLine(standing, height) {
  const at = standing.limit === null ? -1 : place(standing.limit, standing);
  if (at < 0 || at > 1) return null;
  const x = at * WIDTH;
  const side = at > 0.9 ? {x: x - 4, "text-anchor": "end"} : {x: x + 4};
  return draw(
    "g",
    {},
    draw("line", {x1: x, x2: x, y1: 0, y2: height - BELOW, class: "limit"}),
    draw("text", {...side, y: height - BELOW + 20, class: "soft"}, "limit")
  );
}

function markLine(statistic, standing, height) {
  const at = Math.min(Math.max(place(statistic, standing), 0), 1);
  const x = at * WIDTH;
  const anchor = at > 0.85 ? "end" : at < 0.15 ? "start" : "middle";
  return draw(
    "g",
    {},
    draw("line", {x1: x, x2: x, y1: 0, y2: height - BELOW, class: "mark"}),
    draw("text", {x, y: -5, "text-anchor": anchor}, "this image")
  );
}

function words(groups) {
  const lines = groups.filter((group) => group.alike).map((group) => {
    const {count, total} = group.alike;
    return group.own ?
      `Of ${total} images that the decoder is known to have made, ${count} are at least as unlike it as this image.` :
      `Of ${total} images of “${visible(group.name)}”, ${count} are at least as like the decoder's as this image.`;
  });
  return make(
    "figcaption",
    {},
    lines.length ? make("ul", {}, lines.map((line) => make("li", {}, line))) :
                   "This image has no place among the known images."
  );
}
