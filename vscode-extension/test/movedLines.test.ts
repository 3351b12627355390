import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { movedLines, type Change } from "../src/movedLines";

const lines = [0, 2, 3, 5].map((line) => ({ line }));

function change(from: [number, number], to: [number, number], text: string): Change {
  const [start, end] = [from, to].map(([line, character]) => ({ line, character }));
  assert.ok(start && end);
  return { range: { start, end }, text };
}

describe("after an edit", () => {
  const cases: [string, Change, number[]][] = [
    ["typing leaves out its line", change([2, 4], [2, 4], "x"), [0, 3, 5]],
    ["a line put above moves what follows", change([2, 0], [2, 0], "x\n"), [0, 3, 4, 6]],
    ["a line broken in two is no longer itself", change([2, 3], [2, 3], "\n"), [0, 4, 6]],
    ["a line taken away is gone", change([2, 0], [3, 0], ""), [0, 2, 4]],
    ["lines joined are no longer themselves", change([2, 9], [3, 0], ""), [0, 4]],
    ["a piece replaced by as many lines", change([2, 1], [3, 1], "a\nb"), [0, 5]],
    ["all replaced", change([0, 0], [9, 0], "x = 1\r\n"), []],
    ["text without an end of line put before a line", change([2, 0], [2, 0], "x"), [0, 3, 5]],
    ["line ends of every kind count", change([0, 0], [0, 0], "a\rb\r\nc\n"), [3, 5, 6, 8]],
  ];
  for (const [title, each, expected] of cases) {
    test(title, () =>
      assert.deepEqual(
        movedLines(lines, [each]).map(({ line }) => line),
        expected,
      ),
    );
  }

  test("several edits are followed one after the other, as the editor lists them", () => {
    const moved = movedLines(lines, [change([5, 0], [5, 0], "x\n"), change([1, 0], [2, 0], "")]);
    assert.deepEqual(
      moved.map(({ line }) => line),
      [0, 1, 2, 5],
    );
  });

  test("what has not moved is the same object", () => {
    const moved = movedLines(lines, [change([3, 0], [3, 1], "y")]);
    assert.equal(moved[0], lines[0]);
    assert.equal(moved[2], lines[3]);
  });
});
