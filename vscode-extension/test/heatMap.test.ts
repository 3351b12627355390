import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { beforeEach, describe, test } from "node:test";
import { Uri, type Memento } from "vscode";
import { bandIcons, HeatMap, toggleHeatMap } from "../src/heatMap";
import { editor, fireConfiguration, reset } from "./mocks/vscode";
import type { Shown } from "./mocks/documents";
import { openScored, scored } from "./scores";

const icons = bandIcons(Uri.file(process.cwd()));
const lines = [scored(1, "low"), scored(2, "medium"), scored(3, "high"), scored(4, "high", true)];

/** The marked lines by the icon of their mark. */
function marks({ decorated }: Shown): Record<string, number[]> {
  return Object.fromEntries(
    [...decorated].map(([type, marked]): [string, number[]] => {
      const { dark } = type as { dark: { gutterIconPath: Uri } };
      return [/(\w+)-dark/.exec(dark.gutterIconPath.path)?.[1] ?? "", marked];
    }),
  );
}

beforeEach(reset);

test("every band has an icon for light and for dark themes", () => {
  for (const { light, dark } of Object.values(icons)) {
    assert.ok(existsSync(light.fsPath) && existsSync(dark.fsPath));
    assert.notEqual(light.path, dark.path);
  }
});

describe("the heat map", () => {
  test("is off unless it is wanted", () => {
    const { documents, view } = openScored(lines);
    new HeatMap(documents, icons);
    assert.deepEqual(marks(view), { low: [], medium: [], high: [] });
  });

  test("marks risky lines, or all; reviewed ones never", () => {
    const { documents, view } = openScored(lines);
    new HeatMap(documents, icons);
    editor.settings.heatMap = { value: "risky" };
    fireConfiguration("linewise.heatMap");
    assert.deepEqual(marks(view), { low: [], medium: [2], high: [3] });
    editor.settings.heatMap = { value: "all" };
    fireConfiguration("linewise.heatMap");
    assert.deepEqual(marks(view), { low: [1], medium: [2], high: [3] });
  });

  test("follows new scores, and goes with them", () => {
    editor.settings.heatMap = { value: "risky" };
    const { documents, view, uri } = openScored(lines);
    new HeatMap(documents, icons);
    documents.set(uri, { version: 1, baseRate: 0, threshold: 0, lines: [scored(9, "high")] });
    assert.deepEqual(marks(view).high, [9]);
    documents.clear();
    assert.deepEqual(marks(view).high, []);
  });

  test("does not rest on colour alone: the lanes of the overview ruler differ as well", () => {
    const { documents, view } = openScored(lines);
    new HeatMap(documents, icons);
    const lanes = [...view.decorated.keys()].map(
      (type) => (type as { overviewRulerLane?: number }).overviewRulerLane,
    );
    assert.equal(new Set(lanes).size, 3);
  });
});

test("a toggle turns the marks off, and on again as they were", async () => {
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string, missing: unknown) => kept.get(key) ?? missing,
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  } as unknown as Memento;
  await toggleHeatMap(memory);
  editor.settings.heatMap = { value: "all" };
  await toggleHeatMap(memory);
  editor.settings.heatMap = { value: "off" };
  await toggleHeatMap(memory);
  assert.deepEqual(
    editor.updates.map(([, value]) => value),
    ["risky", "off", "all"],
  );
});
