import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { candidates, checkConfigured, firstRecent, isRecent, type Ask } from "../src/interpreter";
import { Problem } from "../src/problem";
import { selectedInterpreter } from "../src/pythonExtension";
import { editor, reset } from "./mocks/vscode";

/** A machine with these Pythons: version, and whether the package is installed. */
const machine =
  (pythons: Record<string, [number, number, boolean]>): Ask =>
  ([program]) => {
    const python = pythons[program];
    return python
      ? Promise.resolve(JSON.stringify([python.slice(0, 2), python[2]]))
      : Promise.reject(new Error(`${program}: not found`));
  };

const problem = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Problem);
  assert.match(error.message, pattern);
  assert.deepEqual(error.remedies, ["openInterpreterSetting"]);
  return true;
};

test("3.11 is the oldest", () => {
  assert.deepEqual(
    (
      [
        [3, 10],
        [3, 11],
        [3, 14],
        [4, 0],
        [2, 99],
      ] as [number, number][]
    ).map(isRecent),
    [false, true, true, true, false],
  );
});

describe("the configured interpreter", () => {
  const ask = machine({ good: [3, 12, true], old: [3, 9, true], bare: [3, 12, false] });

  test("is taken when it is recent and has the package", async () =>
    assert.deepEqual(await checkConfigured(["good", "-x"], ask), ["good", "-x"]));
  test("too old", () => assert.rejects(checkConfigured(["old"], ask), problem(/old is 3\.9/)));
  test("without the package", () =>
    assert.rejects(checkConfigured(["bare"], ask), problem(/not installed in bare/)));
  test("missing", () =>
    assert.rejects(checkConfigured(["none"], ask), problem(/cannot be run.*not found/)));
});

describe("an interpreter to make an environment with", () => {
  test("is looked for in the Python extension first, then on the path", () => {
    assert.deepEqual(candidates("/sel/python", "linux").slice(0, 4), [
      ["/sel/python"],
      ["python3"],
      ["python"],
      ["python3.14"],
    ]);
    assert.deepEqual(candidates(undefined, "win32"), [["python3"], ["python"], ["py", "-3"]]);
  });

  test("is the first that is recent enough", async () => {
    const ask = machine({ python3: [3, 9, false], python: [3, 13, false] });
    assert.deepEqual(await firstRecent(candidates(undefined, "linux"), ask), ["python"]);
  });

  test("is found under its full name beside an older one", async () => {
    const ask = machine({ python3: [3, 9, false], "python3.12": [3, 12, false] });
    assert.deepEqual(await firstRecent(candidates(undefined, "linux"), ask), ["python3.12"]);
  });

  test("is missing: the message says what was found", () =>
    assert.rejects(
      firstRecent(candidates(undefined, "linux"), machine({ python3: [3, 9, false] })),
      problem(/python3 is 3\.9; python: not found/),
    ));
});

describe("the Python extension", () => {
  const answering = (uri: unknown) => ({
    activate: () =>
      Promise.resolve({
        environments: {
          getActiveEnvironmentPath: () => ({ path: "x" }),
          resolveEnvironment: () => Promise.resolve({ executable: { uri } }),
        },
      }),
  });
  beforeEach(reset);

  test("is not needed", async () => assert.equal(await selectedInterpreter(), undefined));

  test("names the selected interpreter", async () => {
    editor.extensions["ms-python.python"] = answering({ fsPath: "/sel/python" });
    assert.equal(await selectedInterpreter(), "/sel/python");
  });

  test("is not asked in a workspace that is not trusted: its choice may lie in there", async () => {
    editor.extensions["ms-python.python"] = answering({ fsPath: "/src/evil/python" });
    editor.isTrusted = false;
    assert.equal(await selectedInterpreter(), undefined);
  });

  test("may fail without harm", async () => {
    editor.extensions["ms-python.python"] = { activate: () => Promise.reject(new Error("no")) };
    assert.equal(await selectedInterpreter(), undefined);
    assert.match(editor.log.join(), /did not answer/);
  });
});
