// Answers of the service as rows of the table, those that it refused included.

const TONES = {
  "consistent with": "yes",
  "does not support": "no",
};
const FAILED = "could not be measured";

/** The row of one image that was answered. */
export function answered(answer, number, image, job, index) {
  const error = answer.error ?? null;
  return {
    number,
    name: image?.name ?? answer.name,
    file: image?.file ?? null,
    kind: error ? FAILED : answer.kind,
    tone: error ? "open" : TONES[answer.kind] ?? "open",
    answer: answer.answer,
    error,
    candidates: answer.candidates.map(({name, outcome}) => ({name, outcome: error ? "" : outcome})),
    source: answer,
    job,
    index,
  };
}

/** The row of an image that the service did not take. */
export function refused(name, number, file, reason) {
  const source = {name, error: reason, candidates: [], would_change: []};
  return {
    number,
    name,
    file,
    kind: FAILED,
    tone: "open",
    answer: "This image was not answered.",
    error: reason,
    candidates: [],
    source,
    job: null,
    index: null,
  };
}
