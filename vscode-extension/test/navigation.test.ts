import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { goToRiskyLine, riskyLineFrom } from "../src/navigation";
import { editor, reset } from "./mocks/vscode";
import { openScored, scored } from "./scores";

const lines = [scored(12, "medium"), scored(3, "high"), scored(5, "low"), scored(7, "high", true)];

beforeEach(reset);

describe("the next risky line", () => {
  const next = (from: number) => riskyLineFrom(lines, from, "next")?.line;
  const previous = (from: number) => riskyLineFrom(lines, from, "previous")?.line;

  test("is neither low nor reviewed, and after the last comes the first", () =>
    assert.deepEqual([0, 3, 11, 12, 90].map(next), [3, 12, 12, 3, 3]));
  test("backwards the same", () =>
    assert.deepEqual([90, 12, 4, 3, 0].map(previous), [12, 3, 3, 12, 12]));
  test("may not exist", () =>
    assert.equal(riskyLineFrom([scored(1, "low")], 0, "next"), undefined));
});

test("the cursor is put on the code, the line is shown and its hover opened", async () => {
  const { documents, view } = openScored(lines);
  await goToRiskyLine(documents, "next");
  assert.deepEqual({ ...view.selection.active }, { line: 3, character: 4 });
  assert.equal(view.revealed, 3);
  assert.deepEqual(editor.executed.at(-1), ["editor.action.showHover", { focus: "noAutoFocus" }]);
});

test("without risky lines that is said, and nothing moves", async () => {
  const { documents, view } = openScored([scored(1, "low")]);
  await goToRiskyLine(documents, "next");
  documents.clear();
  await goToRiskyLine(documents, "previous");
  assert.match(editor.statusMessages[0] ?? "", /no risky line in this file/);
  assert.match(editor.statusMessages[1] ?? "", /not scored/);
  assert.equal(view.revealed, undefined);
});

test("without an editor nothing happens", async () => {
  const { documents } = openScored(lines);
  editor.activeTextEditor = undefined;
  await goToRiskyLine(documents, "next");
  assert.deepEqual(editor.statusMessages, []);
});
