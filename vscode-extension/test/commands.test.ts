import assert from "node:assert/strict";
import { test } from "node:test";
import { spanText } from "../src/commands";

const answer = { probability: 0.41, baseRate: 0.08, tokens: 23, calibrated: true, message: "41 %" };

test("an answer about a span says what it is about, in the editor's line numbers", () => {
  assert.equal(spanText({ ...answer, lines: [9, 10, 13] }), "41 %: 23 tokens in lines 10–14");
  assert.equal(spanText({ ...answer, lines: [0] }), "41 %: 23 tokens in line 1");
});
