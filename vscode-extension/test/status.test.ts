import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { Uri } from "vscode";
import type { FileSummary, StatusParams } from "../src/protocol";
import { appearance, stateOf } from "../src/status";
import { StatusItems } from "../src/statusItems";
import { editor, reset } from "./mocks/vscode";

const params = (state: StatusParams["state"]): StatusParams => ({
  state,
  message: state === "ready" ? "Ready" : `it is ${state}`,
  model: "smollm2-135m",
  provider: "CPU",
  calibration: "shipped",
});
const summary = (above: number): FileSummary => ({
  uri: "file:///a.py",
  version: 1,
  above,
  threshold: 0.3,
  flagged: 2,
  codeLines: 40,
});

beforeEach(reset);

describe("what a state looks like", () => {
  const texts: [StatusParams["state"], FileSummary | undefined, string][] = [
    ["loading", undefined, "loading"],
    ["loading", summary(3), "loading"],
    ["ready", undefined, "ready"],
    ["ready", summary(0), "0 lines above 30 %"],
    ["ready", summary(1), "1 line above 30 %"],
    ["ready", summary(3), "3 lines above 30 %"],
    ["busy", undefined, "scoring"],
    ["busy", summary(3), "3 lines above 30 %, scoring"],
    ["failed", summary(3), "failed"],
  ];
  for (const [state, file, text] of texts) {
    test(`${state} with ${file?.above ?? "no"} lines: ${text}`, () =>
      assert.equal(appearance(stateOf(params(state)), file).text, text));
  }

  test("how far a scan of the workspace is stands in the details", () => {
    const details = (scan: StatusParams["scan"]) =>
      appearance(stateOf({ ...params("ready"), scan }), undefined).details.slice(3);
    assert.deepEqual(details(undefined), []);
    assert.deepEqual(details(null), []);
    assert.deepEqual(details({ state: "scanning", done: 3, pending: 40 }), [
      "Scanning the workspace: 3 of 40 files",
    ]);
    assert.deepEqual(details({ state: "onBattery", done: 3, pending: 40 }), [
      "Scan of the workspace rests, on battery: 3 of 40 files",
    ]);
    assert.deepEqual(details({ state: "paused", done: 3, pending: 40 }), [
      "Scan of the workspace paused: 3 of 40 files",
    ]);
    assert.deepEqual(details({ state: "paused", done: 0, pending: 0 }), [
      "Scans of the workspace are paused",
    ]);
  });

  test("what was left out stands in the details, and what the server remarks", () => {
    const left = "1 statement does not parse and is judged without known problems: line 3";
    const file = { ...summary(3), omissions: [left] };
    assert.ok(appearance(stateOf(params("ready")), file).details.includes(left));
    const remark = "big.py is not scored: it has 10,001 lines, more than 10,000";
    const state = stateOf({ ...params("ready"), message: remark });
    assert.equal(appearance(state, undefined).details[0], remark);
    assert.ok(!appearance(stateOf(params("ready")), undefined).details.includes("Ready"));
  });

  test("a question to the user is no failure", () =>
    assert.equal(
      appearance({ kind: "waiting", message: "May it?" }, undefined).label,
      "Linewise, not set up yet, May it?",
    ));

  test("the label says in words what icon and details say", () => {
    const { label } = appearance(stateOf(params("failed")), undefined);
    assert.equal(label, "Linewise, failed, it is failed");
  });

  test("what the model runs on is said in short", () => {
    const state = stateOf({ ...params("ready"), provider: "CUDAExecutionProvider" });
    assert.ok(appearance(state, undefined).details.includes("Runs on: CUDA"));
  });

  test("details name model, provider and calibration, and say when there is none", () => {
    const state = stateOf({ ...params("ready"), provider: null, calibration: null });
    assert.deepEqual(appearance(state, summary(3)).details, [
      "2 of 40 lines of code underlined",
      "Model: smollm2-135m",
      "Runs on: not known yet",
      "Calibration: none, probabilities are uncalibrated",
    ]);
  });
});

describe("the items", () => {
  const uri = { scheme: "file", toString: () => "file:///a.py" } as Uri;
  const python = { document: { uri, languageId: "python" } };
  const focus = (active: unknown) => {
    editor.activeTextEditor = active;
    editor.fire("onDidChangeActiveTextEditor", active);
  };

  test("are there for Python only, and the focus of a log changes nothing", () => {
    new StatusItems([]);
    assert.equal(editor.statusBar.visible, false);
    focus(python);
    assert.equal(editor.statusBar.visible, true);
    focus({ document: { uri: { scheme: "output" }, languageId: "Log" } });
    assert.equal(editor.statusBar.visible, true);
    focus({ document: { uri: { scheme: "file" }, languageId: "markdown" } });
    assert.equal(editor.statusBar.visible, false);
  });

  test("show the summary of the file in front, and forget it when the file is closed", () => {
    const items = new StatusItems([]);
    focus(python);
    items.set(stateOf(params("ready")));
    items.summarize(uri, summary(3));
    assert.equal(editor.statusBar.text, "$(pulse) Linewise: 3 lines above 30 %");
    assert.equal(editor.languageStatus.text, "Linewise: 3 lines above 30 %");
    editor.fire("onDidCloseTextDocument", { uri });
    focus(python);
    assert.equal(editor.statusBar.text, "$(pulse) Linewise: ready");
  });

  test("a failure is an error in both, and says why", () => {
    const items = new StatusItems([]);
    focus(python);
    items.set({ kind: "failed", message: "no Python" });
    assert.equal(editor.statusBar.text, "$(error) Linewise: failed");
    assert.deepEqual(editor.statusBar.accessibilityInformation, {
      label: "Linewise, failed, no Python",
    });
    assert.equal(editor.languageStatus.severity, 2);
    assert.equal(editor.languageStatus.detail, "no Python");
    items.set(stateOf(params("ready")));
    assert.equal(editor.statusBar.backgroundColor, undefined);
  });
});
