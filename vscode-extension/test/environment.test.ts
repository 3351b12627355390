import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Environment, findBundle, type Step } from "../src/environment";
import { checkConfigured, type Ask } from "../src/interpreter";
import { locked } from "../src/lock";
import { run } from "../src/process";

const WHEEL = "linewise-0.0.1-py3-none-any.whl";
const SMALLEST_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    info = "linewise-0.0.1.dist-info"
    wheel.writestr("linewise/__init__.py", "")
    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: linewise\\nVersion: 0.0.1\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")
`;

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "linewise-test-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function bundle(wheel = "wheel", constraints = "numpy==2") {
  const bundled = join(folder, "bundled");
  await mkdir(bundled, { recursive: true });
  await writeFile(join(bundled, "linewise-0.1.0-py3-none-any.whl"), wheel);
  await writeFile(join(bundled, "constraints.txt"), constraints);
  const found = await findBundle(bundled);
  assert.ok(found);
  return found;
}

const environment = async (...content: string[]) =>
  new Environment(join(folder, "environments"), await bundle(...content), "linux");

/** Does what `python -m venv` does for us: it leaves an interpreter behind. */
function maker(of: Environment) {
  const steps: string[][] = [];
  const step: Step = async (command, args) => {
    steps.push([...command, ...args]);
    await mkdir(dirname(of.python[0]), { recursive: true });
    await writeFile(of.python[0], "");
  };
  return { steps, step };
}

test("without a wheel there is no bundle", async () =>
  assert.equal(await findBundle(join(folder, "missing")), undefined));

describe("an environment", () => {
  test("is made by venv, then pip with the constraints, and is then ready", async () => {
    const made = await environment();
    const { steps, step } = maker(made);
    assert.equal(await made.isReady(), false);
    await made.make(["py", "-3"], step);
    assert.equal(await made.isReady(), true);
    assert.deepEqual(steps[0], ["py", "-3", "-I", "-m", "venv", "--clear", made.folder]);
    assert.deepEqual(steps[1]?.slice(0, 5), [...made.python, "-I", "-m", "pip", "install"]);
    assert.match(steps[1]?.join(" ") ?? "", /--constraint \S+constraints.txt \S+\.whl$/);
  });

  test("that was interrupted is not ready, and is made again from nothing", async () => {
    const made = await environment();
    const { steps, step } = maker(made);
    const interrupted: Step = (command, args) =>
      args.includes("pip") ? Promise.reject(new Error("stopped")) : step(command, args);
    await assert.rejects(made.make(["python3"], interrupted), /stopped/);
    assert.equal(await made.isReady(), false);
    await made.make(["python3"], step);
    assert.equal(await made.isReady(), true);
    assert.ok(steps.at(-2)?.includes("--clear"));
  });

  test("whose base interpreter is gone is not ready", async () => {
    const made = await environment();
    await made.make(["python3"], maker(made).step);
    await rm(made.python[0]);
    assert.equal(await made.isReady(), false);
  });

  test("of another wheel or other constraints is another one", async () => {
    const first = await environment("one");
    await first.make(["python3"], maker(first).step);
    assert.equal(await (await environment("two")).isReady(), false);
    assert.equal(await (await environment("one", "numpy==3")).isReady(), false);
    assert.equal(await (await environment("one")).isReady(), true);
  });

  test("is made once when two windows ask at the same time", async () => {
    const [one, two] = [await environment(), await environment()];
    const { steps, step } = maker(one);
    await Promise.all([one.make(["python3"], step), two.make(["python3"], step)]);
    assert.equal(steps.length, 2);
  });

  test("makes room: itself and the one before are kept", async () => {
    for (const content of ["one", "two", "three"]) {
      const made = await environment(content);
      await made.make(["python3"], maker(made).step);
    }
    assert.equal((await readdir(join(folder, "environments"))).length, 2);
    assert.equal(await (await environment("three")).isReady(), true);
  });
});

test("the real venv and the real pip make an environment that can import the package", async () => {
  const bundled = join(folder, "bundled");
  await mkdir(bundled);
  await writeFile(join(bundled, "constraints.txt"), "");
  await run(["python3"], ["-c", SMALLEST_WHEEL, join(bundled, WHEEL)], { cwd: folder });
  const found = await findBundle(bundled);
  assert.ok(found);
  const made = new Environment(join(folder, "environments"), found);
  await made.make(["python3"], (command, args) => run(command, args, { cwd: folder }));
  const ask: Ask = (command, args) => run(command, args, { cwd: folder });
  assert.deepEqual(await checkConfigured(made.python, ask), made.python);
});

test("who waits for another window can give up", async () => {
  const path = join(folder, "lock");
  const cancel = new AbortController();
  await locked(path, async () => {
    const waiting = locked(path, () => Promise.resolve(), cancel.signal);
    cancel.abort();
    await assert.rejects(waiting, { name: "AbortError" });
  });
});

test("a lock whose holder is gone holds nobody up", async () => {
  const path = join(folder, "lock");
  await writeFile(path, String(2 ** 30));
  assert.equal(await locked(path, () => Promise.resolve("done")), "done");
  assert.deepEqual(await readdir(folder), []);
});
