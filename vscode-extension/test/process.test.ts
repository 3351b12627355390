import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { run } from "../src/process";

const cwd = tmpdir();
const node = [process.execPath] as const;

test("returns what was printed and passes on each line", async () => {
  const lines: string[] = [];
  const script = "console.log('one'); console.error('two')";
  const output = await run(node, ["-e", script], { cwd, onLine: (line) => lines.push(line) });
  assert.equal(output, "one");
  assert.deepEqual(lines.sort(), ["one", "two"]);
});

test("a failure ends with the program's last words", () =>
  assert.rejects(
    run(node, ["-e", "console.error('no module\\n'); process.exit(3)"], { cwd }),
    /ended with 3: no module$/,
  ));

test("a program that is not there", () =>
  assert.rejects(run(["/nowhere/python"], [], { cwd }), /\/nowhere\/python/));

test("is ended by its signal", async () => {
  const stop = new AbortController();
  const running = run(node, ["-e", "console.log('up'); setInterval(() => 0, 1000)"], {
    cwd,
    signal: stop.signal,
    onLine: () => stop.abort(),
  });
  await assert.rejects(running, /abort/i);
});
