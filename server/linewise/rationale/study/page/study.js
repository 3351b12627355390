"use strict";
(() => {
  const study = JSON.parse(document.getElementById("study").textContent);
  const pieces = new Map(study.pieces.map((piece) => [piece.id, piece]));
  const element = (id) => document.getElementById(id);
  const code = element("code");
  const predicts = study.target === "next-token";
  const storagePrefix = `linewise-study:${study.sha256}`;

  // Screen readers skip punctuation that stands alone, so it is spelled.
  const SPOKEN = {
    "!": "exclamation mark", '"': "double quote", "#": "hash", "$": "dollar", "%": "percent",
    "&": "ampersand", "'": "single quote", "(": "open parenthesis", ")": "close parenthesis",
    "*": "star", "+": "plus", ",": "comma", "-": "minus", ".": "dot", "/": "slash", ":": "colon",
    ";": "semicolon", "<": "less than", "=": "equals", ">": "greater than", "?": "question mark",
    "@": "at", "[": "open bracket", "\\": "backslash", "]": "close bracket", "^": "caret",
    "_": "underscore", "`": "backtick", "{": "open brace", "|": "bar", "}": "close brace",
    "~": "tilde",
  };

  let participant = "";
  let order = [];
  let current = 0;
  let answers = {};
  let tokens = []; // of the piece on show, in reading order: {index, line, span}

  // What is kept in the browser. Some browsers refuse it to pages opened from a file.

  function recall(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  function remember(key, value) {
    try {
      localStorage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  }

  function keep() {
    const kept = remember(`${storagePrefix}:${participant}`, JSON.stringify({ answers, current }));
    if (!kept) {
      say("This browser does not keep what you enter: save the answers before you close the page.");
    }
  }

  function resume() {
    const kept = JSON.parse(recall(`${storagePrefix}:${participant}`) ?? "{}");
    answers = kept.answers ?? {};
    current = Math.min(kept.current ?? 0, order.length - 1);
  }

  // The order of pieces: another for each participant, always the same for one.

  function shuffled(ids, seed) {
    let state = 2166136261; // FNV-1a
    for (const byte of new TextEncoder().encode(seed)) {
      state = Math.imul(state ^ byte, 16777619);
    }
    const random = () => {
      state = (state + 0x6d2b79f5) | 0; // mulberry32
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
    const result = [...ids];
    for (let last = result.length - 1; last > 0; last -= 1) {
      const other = Math.floor(random() * (last + 1));
      [result[last], result[other]] = [result[other], result[last]];
    }
    return result;
  }

  // One piece.

  const piece = () => pieces.get(order[current]);

  function answer() {
    answers[order[current]] ??= { marked: [], none: false, rating: null, note: "" };
    return answers[order[current]];
  }

  const given = (id) => answers[id] !== undefined && (answers[id].marked.length > 0 || answers[id].none);

  function show() {
    const { source, line, unit } = piece();
    element("heading").textContent = `Piece ${current + 1} of ${order.length}`;
    element("place").textContent = `${source}, line ${line}, in ${unit}`;
    element("previous").disabled = current === 0;
    element("next").disabled = current === order.length - 1;
    draw();
    element("none").checked = answer().none;
    element("note").value = answer().note;
    for (const radio of element("rating").querySelectorAll("input")) {
      radio.checked = radio.value === String(answer().rating ?? "");
    }
    count();
  }

  function draw() {
    const { texts, target, markable } = piece();
    const allowed = new Set(markable);
    const marked = new Set(answer().marked);
    const highlighted = document.createElement("span");
    highlighted.className = "target";
    highlighted.setAttribute("role", "group");
    highlighted.setAttribute("aria-label", predicts ? "the token to predict" : "the line to judge");
    code.replaceChildren();
    tokens = [];
    let line = 1;
    texts.forEach((text, index) => {
      const inTarget = index >= target[0] && index < target[1];
      if (index === target[0]) code.append(highlighted);
      const parent = inTarget ? highlighted : code;
      if (allowed.has(index)) {
        const visible = text.trim();
        const begin = text.indexOf(visible);
        const at = line + breaks(text.slice(0, begin));
        const span = token(index, visible, at, marked.has(index), inTarget);
        parent.append(text.slice(0, begin), span, text.slice(begin + visible.length));
        tokens.push({ index, line: at, span });
      } else {
        parent.append(text);
      }
      line += breaks(text);
    });
    const start = tokens.find(({ index }) => index >= target[0]) ?? tokens.at(-1);
    if (start) start.span.tabIndex = 0;
  }

  const breaks = (text) => text.split("\n").length - 1;

  function token(index, text, line, pressed, inTarget) {
    const span = document.createElement("span");
    span.className = "token";
    span.textContent = text;
    span.tabIndex = -1;
    span.dataset.index = String(index);
    span.setAttribute("role", "button");
    span.setAttribute("aria-pressed", String(pressed));
    const letters = /[\p{L}\p{N}]/u.test(text);
    const spoken = letters ? text : [...text].map((each) => SPOKEN[each] ?? each).join(" ");
    span.setAttribute("aria-label", `${spoken}, line ${line}${inTarget ? ", the one to judge" : ""}`);
    return span;
  }

  function count() {
    const marked = answer().marked.length;
    element("count").textContent = `${marked} ${marked === 1 ? "token" : "tokens"} marked`;
    element("none").disabled = marked > 0;
    const done = order.filter(given).length;
    say(`${done} of ${order.length} pieces answered`);
  }

  function say(text) {
    element("status").textContent = text;
  }

  // Marking.

  const isMarked = (span) => span.getAttribute("aria-pressed") === "true";

  function mark(span, pressed) {
    if (isMarked(span) === pressed) return;
    span.setAttribute("aria-pressed", String(pressed));
    answer().marked = tokens.filter((each) => isMarked(each.span)).map(({ index }) => index);
    if (pressed) {
      answer().none = false;
      element("none").checked = false;
    }
    count();
    keep();
  }

  function focus(span) {
    for (const each of tokens) each.span.tabIndex = each.span === span ? 0 : -1;
    span.focus();
  }

  const position = (span) => tokens.findIndex((each) => each.span === span);
  const tokenAt = (event) => event.target.closest?.(".token");

  let drag = null; // {from, pressed, before, moved} while the mouse is down on tokens

  code.addEventListener("pointerdown", (event) => {
    const span = tokenAt(event);
    const mouse = event.pointerType === "mouse" && event.button === 0;
    if (!span || !mouse) return;
    const from = position(span);
    const before = tokens.map((each) => isMarked(each.span));
    drag = { from, pressed: !before[from], before, moved: false };
  });
  code.addEventListener("pointerover", (event) => {
    const span = tokenAt(event);
    if (drag === null || !span) return;
    const to = position(span);
    if (to === drag.from && !drag.moved) return;
    drag.moved = true;
    const [low, high] = [Math.min(drag.from, to), Math.max(drag.from, to)];
    // What a drag went over and left again is as it was.
    tokens.forEach((each, at) => mark(each.span, at >= low && at <= high ? drag.pressed : drag.before[at]));
  });
  addEventListener("pointerup", () => {
    // The click of a drag that ended where it began comes after this.
    setTimeout(() => (drag = null));
  });
  code.addEventListener("click", (event) => {
    const span = tokenAt(event);
    if (!span) return;
    focus(span);
    if (!drag?.moved) mark(span, !isMarked(span));
  });

  code.addEventListener("keydown", (event) => {
    const span = tokenAt(event);
    if (!span || event.altKey || event.metaKey) return;
    if ((event.key === " " || event.key === "Enter") && !event.ctrlKey) {
      event.preventDefault();
      mark(span, !isMarked(span));
      return;
    }
    const from = position(span);
    const to = destination(event, from);
    if (to === undefined) return;
    event.preventDefault();
    if (to === from) return;
    if (event.shiftKey) {
      const [low, high] = [Math.min(from, to), Math.max(from, to)];
      for (const each of tokens.slice(low, high + 1)) mark(each.span, isMarked(span));
    }
    focus(tokens[to].span);
  });

  /* Return the position a key leads to, that of the token itself at an end, undefined if none. */
  function destination({ key, ctrlKey }, from) {
    const { line } = tokens[from];
    const last = tokens.length - 1;
    switch (key) {
      case "ArrowRight":
        return Math.min(from + 1, last);
      case "ArrowLeft":
        return Math.max(from - 1, 0);
      case "ArrowUp":
        return beside(from, tokens.findLast((each) => each.line < line)?.line);
      case "ArrowDown":
        return beside(from, tokens.find((each) => each.line > line)?.line);
      case "Home":
        return ctrlKey ? 0 : tokens.findIndex((each) => each.line === line);
      case "End":
        return ctrlKey ? last : tokens.findLastIndex((each) => each.line === line);
      default:
        return undefined;
    }
  }

  function beside(from, line) {
    const left = (each) => each.span.getBoundingClientRect().left;
    const distance = (each) => Math.abs(left(each) - left(tokens[from]));
    const there = tokens.filter((each) => each.line === line);
    if (there.length === 0) return from;
    return tokens.indexOf(there.reduce((best, each) => (distance(each) < distance(best) ? each : best)));
  }

  // The rest of the answer, and the way through the pieces.

  function go(step) {
    const next = current + step;
    if (next < 0 || next >= order.length) return;
    current = next;
    keep();
    show();
    element("heading").focus();
  }

  element("none").addEventListener("change", (event) => {
    answer().none = event.target.checked;
    count();
    keep();
  });
  element("rating").addEventListener("change", (event) => {
    answer().rating = event.target.value === "" ? null : Number(event.target.value);
    keep();
  });
  element("note").addEventListener("input", (event) => {
    answer().note = event.target.value;
    keep();
  });
  element("previous").addEventListener("click", () => go(-1));
  element("next").addEventListener("click", () => go(1));
  element("work").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      go(1);
    }
  });

  element("save").addEventListener("click", () => {
    const content = { ...study.answers, study: study.sha256, participant, order, pieces: answers };
    const blob = new Blob([JSON.stringify(content, null, 1) + "\n"], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `answers-${participant.replace(/[^\p{L}\p{N}._-]+/gu, "_")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    const missing = order.length - order.filter(given).length;
    const left = missing > 0 ? ` ${missing} of ${order.length} pieces are not answered.` : "";
    say(`Saved as ${link.download}. Give that file to whoever runs the study.${left}`);
  });

  element("welcome").addEventListener("submit", (event) => {
    event.preventDefault();
    participant = element("participant").value.trim();
    if (!participant) return;
    remember(storagePrefix, participant);
    order = shuffled(pieces.keys(), `${study.sha256}:${participant}`);
    resume();
    element("welcome").hidden = true;
    element("work").hidden = false;
    show();
    element("heading").focus();
  });

  for (const value of ["", ...study.ratings]) {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "rating", value: String(value) });
    const words = { "": "no answer", 1: "1, a guess", [study.ratings.at(-1)]: "5, certain" };
    label.append(radio, ` ${words[value] ?? value}`);
    element("rating").append(label);
  }
  element("task").textContent = `${study.pieces.length} pieces of code follow. ${study.question}`;
  element("question").textContent = study.question;
  element("participant").value = recall(storagePrefix) ?? "";
  element("kept").hidden = remember(`${storagePrefix}:`, "");
})();
