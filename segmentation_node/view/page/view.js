"use strict";

// One WebSocket brings all: texts are facts as JSON, binary messages are pictures behind one byte
// that says which. A picture is confirmed once it is shown, and only then comes another: a slow
// browser gets fewer. While the page is paused or hidden it asks for none, and the node makes none.

const STREAMS = ["input", "overlay"];
const QUIET_MS = 5000;
const LONGEST_WAIT_MS = 10000;
const CHART_WIDTH = 600;
const CHART_HEIGHT = 120;

const byId = (id) => document.getElementById(id);

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  made.append(...children);
  return made;
}

function setText(id, text) {
  // Unchanged text is left alone: screen readers would say it again.
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

// --- the node's state, in one line ---

const link = { isOpen: false, waitMs: 500, heardMs: 0, status: null };

function showState() {
  const [level, text] = stateNow();
  // Counts within the sentence change every second: it is read out when things turn.
  if (byId("state").dataset.level !== String(level)) setText("spoken", text);
  byId("state").dataset.level = String(level);
  setText("state", text);
}

function stateNow() {
  if (!link.isOpen) return [2, "No connection to the viewer; trying again"];
  if (link.status === null) return [3, "Waiting for the node's diagnostics"];
  const silent = performance.now() - link.heardMs > Math.max(QUIET_MS, 3000 * link.status.period_s);
  if (silent) return [3, "The node has not been heard for a while"];
  const { level, message } = link.status;
  // The rate changes every second, and stands below.
  return [level, level === 0 ? "Working: no complaints" : message];
}

// --- pictures ---

class Picture {
  constructor(stream) {
    this.image = byId(stream);
    this.nothing = byId(`${stream}-nothing`);
    this.rate = byId(`${stream}-rate`);
    this.times = [];
    this.turn = Promise.resolve();
  }

  // One after the other: decoded side by side, an older picture could come last.
  take(bytes) {
    this.turn = this.turn.then(() => this.show(bytes));
    return this.turn;
  }

  async show(bytes) {
    const address = URL.createObjectURL(new Blob([bytes]));
    try {
      this.image.src = address;
      await this.image.decode();
      this.image.hidden = false;
      this.nothing.hidden = true;
      this.times.push(performance.now());
    } catch {
      this.fail("A picture could not be shown");
    } finally {
      if (this.address) URL.revokeObjectURL(this.address);
      this.address = address;
    }
  }

  fail(text) {
    this.nothing.hidden = text === "" && !this.image.hidden;
    this.nothing.textContent = text || "No picture yet";
  }

  showRate() {
    const since = performance.now() - 2000;
    this.times = this.times.filter((time) => time > since);
    const text = this.times.length ? `${(this.times.length / 2).toFixed(1)} shown/s` : "";
    if (this.rate.textContent !== text) this.rate.textContent = text;
  }
}

const pictures = Object.fromEntries(STREAMS.map((stream) => [stream, new Picture(stream)]));

async function takePicture(socket, buffer) {
  const stream = STREAMS[new Uint8Array(buffer, 0, 1)[0]];
  await pictures[stream].take(new Uint8Array(buffer, 1));
  if (socket.readyState === WebSocket.OPEN) socket.send("got");
}

// --- facts ---

function failLegend(text) {
  byId("legend-fault").hidden = text === "";
  setText("legend-fault", text);
}

const tellers = {
  about({ node, camera }) {
    setText("node", camera ? `${node} · ${camera}` : node);
    document.title = `Segmentation view of ${node}`;
  },

  legend({ classes }) {
    byId("legend").replaceChildren(...classes.map(({ name, color }) => {
      const chip = element("span", null);
      chip.className = "chip";
      chip.setAttribute("aria-hidden", "true");
      chip.style.backgroundColor = `rgb(${color.join(" ")})`;
      return element("li", null, chip, element("span", name));
    }));
  },

  status(status) {
    link.status = status;
    link.heardMs = performance.now();
    setText("input-topic", status.input_topic);
    byId("figures").replaceChildren(...status.figures.map(([name, value]) =>
      element("div", null, element("dt", name), element("dd", value))));
    byId("stages").replaceChildren(...status.stages.map(([name, ...times]) => {
      const head = element("th", name);
      head.scope = "row";
      return element("tr", null, head, ...times.map((time) => element("td", time)));
    }));
    byId("details").replaceChildren(...status.details.flatMap(([name, value]) =>
      [element("dt", name), element("dd", value)]));
    showState();
  },

  timing({ total_ms: times }) {
    const budget = link.status && link.status.budget_ms;
    const top = 1.1 * Math.max(1, budget || 0, ...times);
    const y = (time) => (CHART_HEIGHT * (1 - time / top)).toFixed(1);
    const step = CHART_WIDTH / Math.max(1, times.length - 1);
    byId("line").setAttribute("points", times.map((t, i) => `${(i * step).toFixed(1)},${y(t)}`).join(" "));
    for (const end of ["y1", "y2"]) byId("budget").setAttribute(end, budget ? y(budget) : -1);
    const least = Math.min(...times).toFixed(1);
    const most = Math.max(...times).toFixed(1);
    const told = `From arrival to published: ${least} to ${most} ms over the latest ${times.length} frames`;
    byId("chart").setAttribute("aria-label", told);
    setText("chart-caption", budget ? `${told}; dashed: ${budget.toFixed(1)} ms between frames` : told);
  },

  fault({ stream, text }) {
    if (stream === "legend") failLegend(text);
    else pictures[stream].fail(text);
  },
};

function takeFact(text) {
  const fact = JSON.parse(text);
  // A fault is one of either stream, and its kind says which.
  const teller = tellers[fact.kind.split(" ")[0]];
  if (teller) teller(fact);
}

// --- the connection ---

let socket = null;
let isPaused = false;

function sayWhetherLooking() {
  const looks = !isPaused && !document.hidden;
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(looks ? "look" : "rest");
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/live`);
  const mine = socket;
  mine.binaryType = "arraybuffer";
  mine.addEventListener("open", () => {
    Object.assign(link, { isOpen: true, waitMs: 500, status: null });
    sayWhetherLooking();
    showState();
  });
  mine.addEventListener("message", ({ data }) => {
    if (typeof data === "string") takeFact(data);
    else takePicture(mine, data);
  });
  mine.addEventListener("close", () => {
    link.isOpen = false;
    showState();
    setTimeout(connect, link.waitMs);
    link.waitMs = Math.min(2 * link.waitMs, LONGEST_WAIT_MS);
  });
}

byId("pause").addEventListener("click", ({ currentTarget: button }) => {
  isPaused = !isPaused;
  button.setAttribute("aria-pressed", String(isPaused));
  sayWhetherLooking();
});
document.addEventListener("visibilitychange", sayWhetherLooking);
setInterval(() => {
  Object.values(pictures).forEach((picture) => picture.showRate());
  showState();
}, 1000);
connect();
