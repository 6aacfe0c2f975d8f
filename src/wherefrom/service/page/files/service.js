// What is asked of the service. Addresses are relative, so that the page works behind a proxy's prefix.

const LONGEST_WAIT = 20;
const MOST_TRIES = 30;

/** An answer of the service that says why there is none. */
export class Problem extends Error {
  constructor(problem, status, wait) {
    super(problem.detail || problem.title || `The service answered with ${status}.`);
    this.kind = String(problem.type ?? "").split(":").pop();
    this.status = status;
    this.wait = wait;
  }
}

async function problemOf(response) {
  const problem = await response.json().catch(() => ({}));
  const wait = Number(response.headers.get("Retry-After"));
  return new Problem(problem, response.status, Number.isFinite(wait) ? Math.max(wait, 1) : 5);
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, 1000 * seconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), end()), {once: true});
  });
}

export class Service {
  constructor() {
    this.key = "";
  }

  async fetch(path, options = {}) {
    const headers = this.key ? {Authorization: `Bearer ${this.key}`} : {};
    let response;
    try {
      response = await fetch(
        path, {cache: "no-store", credentials: "omit", ...options, headers: {...headers, ...options.headers}}
      );
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new Problem({detail: "The service does not answer. Check the connection and try again."}, 0, 5);
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  async json(path, options) {
    return (await this.fetch(path, options)).json();
  }

  async blob(path) {
    return (await this.fetch(path)).blob();
  }

  describe() {
    return this.json("v1/service");
  }

  async profiles() {
    return (await this.json("v1/profiles")).profiles;
  }

  /** Hand in images; where the service has no room now, again when it says, telling `busy(seconds)`. */
  async start({images, addresses}, {profiles, pictures, map, metadata}, {signal, busy}) {
    const shown = [["pictures", pictures], ["map", map], ["metadata", metadata]];
    const query = new URLSearchParams([...profiles.map((name) => ["profile", name]), ...shown]);
    for (let attempt = 1;; attempt += 1) {
      const body = new FormData();
      for (const {file, name} of images) body.append("images", file, name);
      for (const address of addresses) body.append("urls", address);
      try {
        return await this.json(`v1/jobs?${query}`, {method: "POST", body, signal});
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 429 || attempt === MOST_TRIES) throw error;
        busy(error.wait);
        await pause(error.wait, signal);
      }
    }
  }

  /** Wait until a job has ended, telling `progress(job)` in between. */
  async finish(job, {signal, progress}) {
    let current = job;
    while (current.state === "queued" || current.state === "running") {
      progress(current);
      try {
        current = await this.json(`v1/jobs/${job.id}?wait=${LONGEST_WAIT}`, {signal});
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 429) throw error;
        await pause(error.wait, signal);
      }
    }
    return current;
  }

  /** Let the service forget a job; also while the page is being closed. */
  async forget(id) {
    await this.fetch(`v1/jobs/${id}`, {method: "DELETE", keepalive: true}).catch(() => undefined);
  }

  feedback(told) {
    return this.json(
      "v1/feedback", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(told)}
    );
  }
}

/** The parts of a finished job, by address. */
export function part(job, name, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `v1/jobs/${job}/${name}${text ? `?${text}` : ""}`;
}
