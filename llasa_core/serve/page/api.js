// What the page asks of the server. A token is asked for once and kept until the tab is closed.

const KEY = "llasa-token";

export class ServerError extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.fix = error.fix;
    const isLong = error.fix && error.message.endsWith(`; ${error.fix}`);
    const bare = isLong ? error.message.slice(0, -error.fix.length - 2) : error.message;
    this.shown = bare.charAt(0).toUpperCase() + bare.slice(1);
    this.where = error.where;
  }
}

async function ask(path, options = {}) {
  for (;;) {
    const token = sessionStorage.getItem(KEY);
    const headers = { ...options.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServerError(0, { message: "the server cannot be reached", fix: "see whether it still runs" });
    }
    if (response.ok) return response;
    if (response.status === 401) {
      await askForToken(Boolean(token));
      continue;
    }
    const body = await response.json().catch(() => ({}));
    throw new ServerError(response.status, body.error ?? { message: `the server answered ${response.status}` });
  }
}

function askForToken(wasWrong) {
  const dialog = document.getElementById("token");
  const value = document.getElementById("token-value");
  document.getElementById("token-error").hidden = !wasWrong;
  value.value = "";
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      sessionStorage.setItem(KEY, value.value.trim());
      resolve();
    }, { once: true });
  });
}

const json = async (path, options) => (await ask(path, options)).json();

export const examples = async () => (await json("/examples")).examples;

export function upload(file, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, file.name);
  return json("/uploads", { method: "POST", body: form });
}

export const openExample = (name) => json(`/uploads?example=${encodeURIComponent(name)}`, { method: "POST" });

export const timeline = (id) => json(`/timeline?upload=${encodeURIComponent(id)}`);

export const timelineCsv = async (id) => (await ask(`/timeline?format=csv&upload=${encodeURIComponent(id)}`)).blob();

export function signal(id, name, start, end, points, abort) {
  const query = new URLSearchParams({ upload: id, signal: name, start, end, points });
  return json(`/signal?${query}`, { signal: abort });
}

// Yields the chunks of a streamed completion.
export async function* complete(messages, abort) {
  const response = await ask("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages, stream: true }),
    signal: abort,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    left += value;
    const events = left.split("\n\n");
    left = events.pop();
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") continue;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new ServerError(500, chunk.error);
      yield chunk;
    }
  }
}
