// What a person would see on the canvas, from its pixels alone: the number and time that the test pattern carries
// (libs/vision/test_pattern.h), and where a box is drawn.

// Runs in the page: what the canvas shows now, and every picture of the next `count`, as they are drawn.
function lookAt(canvas, count) {
  const kColumns = 16, kRows = 11; // prettier-ignore
  const [kLeft, kRight, kTop, kBottom] = [0.04, 0.96, 0.04, 0.7];
  const { width, height } = canvas;

  function checksum(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
  }

  // The stamp in the pixels: {number, atNs}; null: there is no whole one.
  function stampOf(pixels) {
    const grey = (column, row) => {
      const x = Math.floor((kLeft + ((kRight - kLeft) * (column + 0.5)) / kColumns) * width);
      const y = Math.floor((kTop + ((kBottom - kTop) * (row + 0.5)) / kRows) * height);
      return pixels[4 * (y * width + x) + 1];
    };
    const alternating = Array.from({ length: kColumns }, (_, column) => grey(column, 0));
    const middle = (Math.max(...alternating) + Math.min(...alternating)) / 2;
    const words = [0n, 0n, 0n];
    for (let bit = 0; bit < kColumns * (kRows - 1); bit++) {
      const turned = (bit + Math.floor(bit / kColumns)) % 2 !== 0;
      const white = grey(bit % kColumns, 1 + Math.floor(bit / kColumns)) > middle;
      if (white !== turned) words[Math.floor(bit / 64)] |= 1n << BigInt(bit % 64);
    }
    const bytes = [words[0], words[1]].flatMap((word) => Array.from({ length: 8 }, (_, i) => Number((word >> BigInt(8 * i)) & 0xffn)));
    return Number(words[2]) === checksum(bytes) ? { number: Number(words[0]), atNs: Number(words[1]) } : null;
  }

  // As the page's own colour of a track (web/src/colors.ts).
  function colorOf(id) {
    const hue = Math.round((158 + (id % 360) * 137.508) % 360);
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    context.fillStyle = `hsl(${hue} 85% ${hue > 215 && hue < 310 ? 75 : 62}%)`;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  }

  // Left and right edge of the box of this colour, as parts of the width; null: they can't be told. The bar's box is in the lowest
  // quarter, its label above it. An edge is thin; what is behind it may be of the same colour, but in steps of many pixels.
  function edgesOf(pixels, color) {
    const rows = [0.8, 0.84, 0.88, 0.92, 0.95].map((part) => Math.floor(part * height));
    const near = (x, y) => [0, 1, 2].every((i) => Math.abs(pixels[4 * (y * width + x) + i] - color[i]) < 32);
    const lines = []; // [first column, last column]
    for (let x = 0; x < width; x++) {
      if (rows.filter((y) => near(x, y)).length < 4) continue;
      if (lines.at(-1)?.[1] === x - 1) lines.at(-1)[1] = x;
      else lines.push([x, x]);
    }
    const edges = lines.filter(([first, last]) => last - first < 4);
    return edges.length === 2 ? { left: edges[0][0] / width, right: edges[1][1] / width } : null;
  }

  function look() {
    const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    const told = { ...canvas.dataset };
    const ids = told.trackIds === undefined || told.trackIds === '' ? [] : told.trackIds.split(' ');
    const followed = ids.filter((id) => id !== '-');
    const edges = followed.length === 1 ? edgesOf(pixels, colorOf(Number(followed[0]))) : null;
    return { ...told, ids, stamp: stampOf(pixels), edges, width, height };
  }

  if (count === 0) return look();
  return new Promise((done) => {
    const seen = [];
    const observer = new MutationObserver(() => {
      seen.push(look());
      if (seen.length < count) return;
      observer.disconnect();
      done(seen);
    });
    observer.observe(canvas, { attributeFilter: ['data-frame-id'] });
  });
}

export const see = (page) => page.locator('[data-testid="picture"]').evaluate(lookAt, 0);
export const watch = (page, count) => page.locator('[data-testid="picture"]').evaluate(lookAt, count);

// Where the bar's box is on the frame of this number, as parts of the width (a line's width is about 2 pixels around it).
export function barOf(number, sourceWidth) {
  const bar = Math.floor(sourceWidth / 16);
  const left = Math.floor(((sourceWidth - bar) * (number % 90)) / 89);
  return { left: left / sourceWidth, right: (left + bar) / sourceWidth };
}

// By how many pixels a drawn box is off, the worse of its edges.
export function offBy(seen, sourceWidth) {
  const bar = barOf(seen.stamp.number, sourceWidth);
  return Math.max(Math.abs(seen.edges.left - bar.left), Math.abs(seen.edges.right - bar.right)) * seen.width;
}
