// The table of many answers: sorts by any column, filters by words and by answer, is saved as CSV or JSON.

import {make, save, visible} from "./dom.js";

const ROWS = 100;

/** One column: its title, what stands in it, and what it is sorted by. */
function column(title, value, cell = {}) {
  return {title, value, cell};
}

function columnsFor(rows) {
  const names = [...new Set(rows.flatMap((row) => row.candidates.map((one) => one.name)))];
  const outcome = (name) => (row) => row.candidates.find((one) => one.name === name)?.outcome ?? "";
  return [
    column("No.", (row) => row.number, {class: "number"}),
    column("Image", (row) => row.name, {class: "free"}),
    column("Answer", (row) => row.kind, {}),
    ...names.map((name) => column(names.length > 1 ? visible(name) : "Outcome", outcome(name))),
  ];
}

/** A table of answers in `place`; `open(row)` is called for the row that a person wants to read. */
export class Table {
  constructor(place, open) {
    this.place = place;
    this.open = open;
    this.rows = [];
    this.sorted = {by: 0, up: true};
    this.words = "";
    this.kind = "";
    this.shown = ROWS;
  }

  /** Show these rows: `{number, name, kind, tone, answer, candidates}` each. */
  show(rows) {
    this.rows = rows;
    this.columns = columnsFor(rows);
    this.body = make("tbody");
    this.head = make("tr");
    this.count = make("p", {role: "status", class: "small soft"});
    this.more = make("button", {type: "button", class: "second", click: () => this.showMore()}, "Show more rows");
    const table = make("table", {"aria-describedby": "table-use"}, make("thead", {}, this.head), this.body);
    this.place.replaceChildren(
      this.summary(),
      this.filters(),
      this.count,
      make("p", {class: "soft", id: "table-use"}, "Choose an image to read its answer. Column titles sort the table."),
      make("div", {class: "wide", role: "region", "aria-label": "Table of answers", tabindex: "0"}, table),
      make("p", {class: "buttons"}, this.more, ...this.exports()),
    );
    this.update();
  }

  summary() {
    const kinds = [...new Set(this.rows.map((row) => row.kind))];
    const counted =
      kinds.map((kind) => make("li", {}, `${kind}: ${this.rows.filter((row) => row.kind === kind).length}`));
    return make("ul", {"aria-label": "How many images have each answer"}, counted);
  }

  filters() {
    const refilter = (change) => {
      change();
      this.shown = ROWS;
      this.update();
    };
    const kinds = [...new Set(this.rows.map((row) => row.kind))].sort();
    const words = make("input", {
      type: "search",
      id: "filter-words",
      autocomplete: "off",
      input: (event) => refilter(() => (this.words = event.target.value.toLowerCase())),
    });
    const options =
      [make("option", {value: ""}, "All answers"), ...kinds.map((kind) => make("option", {value: kind}, kind))];
    const kind =
      make("select", {id: "filter-kind", change: (event) => refilter(() => (this.kind = event.target.value))}, options);
    return make(
      "div",
      {class: "filters"},
      make(
        "div",
        {},
        make(
          "label",
          { for: "filter-words"
          },
          "Show images whose name or answer contains"
        ),
        words
      ),
      make("div", {}, make("label", { for: "filter-kind"
           }, "with the answer"), kind),
    );
  }

  exports() {
    const button = (label, click) => make("button", {type: "button", class: "second", click}, label);
    return [
      button("Save the table (CSV)", () => save(new Blob([this.csv()], {type: "text/csv"}), "answers.csv")),
      button(
        "Save all numbers (JSON)",
        () => save(
          new Blob([JSON.stringify(this.rows.map((row) => row.source), null, 1)], {type: "application/json"}),
          "answers.json"
        )
      ),
    ];
  }

  /** Rows that pass both filters, in order. */
  selected() {
    const {value} = this.columns[this.sorted.by];
    const sign = this.sorted.up ? 1 : -1;
    return this.rows.filter((row) => !this.kind || row.kind === this.kind)
      .filter((row) => !this.words || `${row.name}\n${row.answer}`.toLowerCase().includes(this.words))
      .sort((a, b) => sign * compare(value(a), value(b)) || a.number - b.number);
  }

  update() {
    const rows = this.selected();
    this.head.replaceChildren(...this.columns.map((one, index) => this.title(one, index)));
    this.body.replaceChildren(...rows.slice(0, this.shown).map((row) => this.line(row)));
    this.more.hidden = rows.length <= this.shown;
    this.count.textContent = `${Math.min(this.shown, rows.length)} of ${rows.length} images shown${
      rows.length < this.rows.length ? `, ${this.rows.length - rows.length} filtered out` : ""}.`;
  }

  showMore() {
    this.shown += ROWS;
    this.update();
    this.body.children[this.shown - ROWS]?.querySelector("button").focus();
  }

  title(one, index) {
    const current = index === this.sorted.by;
    const arrow = current ? (this.sorted.up ? "▲" : "▼") : "";
    const sort = () => {
      this.sorted = {by: index, up: current ? !this.sorted.up : true};
      this.update();
      this.head.children[index].querySelector("button").focus();
    };
    const button = make(
      "button", {type: "button", class: "plain", click: sort}, one.title, make("span", {"aria-hidden": "true"}, arrow)
    );
    return make(
      "th",
      {
        scope: "col",
        class: one.cell.class,
        "aria-sort": current ? (this.sorted.up ? "ascending" : "descending") : null,
      },
      button
    );
  }

  line(row) {
    const [number, , kind, ...outcomes] = this.columns;
    const read = make("button", {type: "button", class: "plain", click: () => this.open(row, read)}, visible(row.name));
    return make(
      "tr",
      {},
      make("td", number.cell, String(row.number)),
      make("th", {scope: "row", class: "free"}, read),
      make("td", {class: row.tone}, kind.value(row)),
      outcomes.map((one) => make("td", {}, one.value(row))),
    );
  }

  csv() {
    const columns = [...this.columns, column("What the evidence says", (row) => row.answer)];
    const lines =
      [columns.map((one) => one.title), ...this.selected().map((row) => columns.map((one) => one.value(row)))];
    return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  }
}

/** A cell of CSV, which no spreadsheet takes for a formula. */
export function cell(value) {
  const text = visible(value);
  const harmless = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll("\"", "\"\"")}"`;
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, {numeric: true});
}
