// Draws icon.png: lines of code, one of them underlined. `node scripts/icon.mjs icon.png`
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import { crc32, deflateSync } from "node:zlib";

const SIZE = 128;
const SAMPLES = 4; // per axis: the edges come out smooth
const INK = {
  ground: [22, 35, 58],
  code: [125, 147, 184],
  risky: [255, 255, 255],
  wave: [255, 183, 77],
};

const inBox = (x, y, left, top, right, bottom, radius) => {
  const dx = Math.max(left + radius - x, x - (right - radius), 0);
  const dy = Math.max(top + radius - y, y - (bottom - radius), 0);
  return Math.hypot(dx, dy) <= radius;
};

const bar = (left, middle, right) => (x, y) => inBox(x, y, left, middle - 5, right, middle + 5, 5);
const wave = (x, y) =>
  x > 38 && x < 108 && Math.abs(y - 83 - 3.5 * Math.sin(((x - 38) / 14) * 2 * Math.PI)) < 3.2;

// From the front to the back; null is transparent.
const LAYERS = [
  [bar(22, 30, 78), INK.code],
  [bar(38, 49, 92), INK.code],
  [bar(38, 68, 108), INK.risky],
  [wave, INK.wave],
  [bar(38, 103, 82), INK.code],
  [(x, y) => inBox(x, y, 2, 2, 126, 126, 22), INK.ground],
  [() => true, null],
];

const pixel = (column, row) => {
  const sum = [0, 0, 0, 0];
  for (let i = 0; i < SAMPLES * SAMPLES; i++) {
    const x = column + ((i % SAMPLES) + 0.5) / SAMPLES;
    const y = row + (Math.floor(i / SAMPLES) + 0.5) / SAMPLES;
    const [, ink] = LAYERS.find(([covers]) => covers(x, y));
    ink?.forEach((value, channel) => (sum[channel] += value));
    sum[3] += ink ? 1 : 0;
  }
  const covered = sum[3] || 1;
  return [...sum.slice(0, 3).map((v) => v / covered), (255 * sum[3]) / SAMPLES ** 2].map(
    Math.round,
  );
};

const chunk = (type, data) => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
};

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6], 8); // 8 bits a channel, RGBA

const rows = Array.from({ length: SIZE }, (_, row) => [
  0, // no filter
  ...Array.from({ length: SIZE }, (_, column) => pixel(column, row)).flat(),
]);

writeFileSync(
  argv[2],
  Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.from(rows.flat()), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]),
);
