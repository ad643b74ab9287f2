// Requests to the server of this machine: JSON in, JSON out, each failure one line that says how to go on.

/** A failure with a line for the person; `gone` where the server that this page knows does not answer. */
export class Failure extends Error {
  constructor(message, { gone = false, status = 0 } = {}) {
    super(message);
    this.gone = gone;
    this.status = status;
  }
}

export const STOPPED = "The server has stopped: run the command again.";
const STRANGE = "This page is not known to the server any more: open the address that the command printed.";

let run = "";

/** Name the start of the server that this page knows: it takes no marks for ids of another one. */
export function running(name) {
  run = name ?? "";
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(STOPPED, { gone: true });
  }
  let body = null;
  try {
    body = await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (answer.ok) throw new Failure(STOPPED, { gone: true }); // cut off in the middle of an answer
  }
  if (answer.ok) return body;
  const status = answer.status;
  if (status === 401 || status === 403) throw new Failure(STRANGE, { gone: true, status });
  if (status === 409) throw new Failure("The command was started again: this page loads anew.", { gone: true, status });
  throw new Failure(body?.error ?? `The server answered ${status}.`, { status });
}

export const get = (path, signal) => ask(path, { signal });

export const post = (path, body) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Run": run },
    body: JSON.stringify(body),
  });

export const send = (path, blob) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": blob.type || "application/octet-stream", "X-Name": encodeURIComponent(blob.name ?? "") },
    body: blob,
  });

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
