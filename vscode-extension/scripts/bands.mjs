// Draws media/bands/*.svg: one, two or three bars in the colours that package.json declares, so that a
// band can be told by its form alone. `node scripts/bands.mjs`
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../media/bands/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const colours = new Map(manifest.contributes.colors.map(({ id, defaults }) => [id, defaults]));

const bar = (index, filled) => {
  const height = 4 * (index + 1);
  const place = `x="${2 + 4.5 * index}" y="${14 - height}" width="3" height="${height}"`;
  return `<rect ${place} rx=".5"${filled ? "" : ' opacity=".3"'}/>`;
};

mkdirSync(folder, { recursive: true });
["low", "medium", "high"].forEach((band, level) => {
  const id = `linewise.risk${band[0].toUpperCase()}${band.slice(1)}`;
  for (const theme of ["light", "dark"]) {
    const bars = [0, 1, 2].map((index) => bar(index, index <= level)).join("");
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="${colours.get(id)[theme]}">${bars}</svg>\n`;
    writeFileSync(new URL(`${band}-${theme}.svg`, folder), svg);
  }
});
