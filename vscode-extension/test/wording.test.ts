import assert from "node:assert/strict";
import { test } from "node:test";
import { percent, probability } from "../src/wording";

test("a probability is never rounded to impossible or certain", () => {
  assert.deepEqual([0, 0.0099, 0.01, 0.296, 0.99, 0.991, 1].map(probability), [
    "<1 %",
    "<1 %",
    "1 %",
    "30 %",
    "99 %",
    ">99 %",
    ">99 %",
  ]);
});

test("a threshold is what it was set to", () => {
  assert.deepEqual([0, 0.296, 0.3, 1].map(percent), ["0 %", "30 %", "30 %", "100 %"]);
});
