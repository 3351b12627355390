import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { manifest, type Theme } from "./manifest";

type Rgb = readonly [number, number, number];

/** The editor's own backgrounds. */
const BACKGROUNDS: Record<Theme, string> = {
  dark: "#1f1f1f",
  light: "#ffffff",
  highContrast: "#000000",
  highContrastLight: "#ffffff",
};

/** Complete colour blindness of each kind on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const SEEN_BY: Record<string, readonly Rgb[]> = {
  "everybody else": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopes: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopes: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopes: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const colour = (band: string, theme: Theme) =>
  manifest.contributes.colors.find(({ id }) => id === `linewise.risk${band}`)?.defaults[theme] ??
  "";

function linear(hex: string): Rgb {
  const [red, green, blue] = [1, 3, 5]
    .map((start) => parseInt(hex.slice(start, start + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return [red ?? 0, green ?? 0, blue ?? 0];
}

function seen(hex: string, by: readonly Rgb[]): Rgb {
  const from = linear(hex);
  const [red, green, blue] = by.map((row) =>
    Math.min(1, Math.max(0, row[0] * from[0] + row[1] * from[1] + row[2] * from[2])),
  );
  return [red ?? 0, green ?? 0, blue ?? 0];
}

/** The contrast ratio of WCAG 2, 1 to 21. */
function contrast(one: Rgb, other: Rgb): number {
  const luminance = ([red, green, blue]: Rgb) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

for (const theme of Object.keys(BACKGROUNDS) as Theme[]) {
  describe(`the colours of the theme kind ${theme}`, () => {
    for (const [who, matrix] of Object.entries(SEEN_BY)) {
      const of = (band: string) => seen(colour(band, theme), matrix);

      test(`stand out from the background, as ${who} see them (WCAG 1.4.11: 3 to 1)`, () => {
        for (const band of ["Low", "Medium", "High"]) {
          const ratio = contrast(of(band), seen(BACKGROUNDS[theme], matrix));
          assert.ok(ratio >= 3, `${band}: ${ratio}`);
        }
      });

      test(`tell medium from high by lightness, as ${who} see them`, () => {
        const ratio = contrast(of("Medium"), of("High"));
        assert.ok(ratio >= 1.8, String(ratio));
      });
    }
  });
}

test("the gutter's icons have the same colours: node scripts/bands.mjs", () => {
  for (const band of ["Low", "Medium", "High"]) {
    for (const theme of ["light", "dark"] as const) {
      const svg = readFileSync(`media/bands/${band.toLowerCase()}-${theme}.svg`, "utf8");
      assert.ok(svg.includes(`fill="${colour(band, theme)}"`));
    }
  }
});
