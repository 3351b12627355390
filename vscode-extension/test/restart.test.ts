import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesced } from "../src/restart";

/** Runs that end when told to. */
function gate() {
  const pending: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let active = 0;
  let started = 0;
  const restart = coalesced(async () => {
    assert.equal(active++, 0, "two runs overlap");
    started++;
    try {
      await new Promise<void>((resolve, reject) => pending.push({ resolve, reject }));
    } finally {
      active--;
    }
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { restart, pending, turn, started: () => started };
}

test("a burst during a run leads to exactly one more run", async () => {
  const { restart, pending, turn, started } = gate();
  const all = [restart(), restart(), restart(), restart()];
  pending.shift()?.resolve();
  await turn();
  assert.equal(started(), 2);
  pending.shift()?.resolve();
  await Promise.all(all);
  assert.equal(started(), 2);
});

test("a caller during a run waits for a run that began after its call", async () => {
  const { restart, pending, turn, started } = gate();
  void restart();
  let done = false;
  const second = restart().then(() => (done = true));
  pending.shift()?.resolve();
  await turn();
  assert.equal(done, false);
  pending.shift()?.resolve();
  await second;
  assert.equal(started(), 2);
});

test("after a run ended, well or badly, the next call runs again", async () => {
  const { restart, pending, started } = gate();
  const first = restart();
  pending.shift()?.reject(new Error("no"));
  await assert.rejects(first, /no/);
  const second = restart();
  pending.shift()?.resolve();
  await second;
  assert.equal(started(), 2);
});
