// Colours of boxes, hues a golden angle apart: of a track by its id, so that neighbours differ and one keeps its own; of a box that
// nobody follows by its class, the same for every camera and visit.

const kGoldenAngle = 137.508;
const kFirstHue = 158; // the first class (person with COCO) gets the page's own green

export function classHue(label: string, classes: readonly string[]): number {
  const index = classes.indexOf(label);
  const order = index >= 0 ? index : [...label].reduce((sum, char) => (sum * 31 + char.codePointAt(0)!) % 997, 7);
  return (kFirstHue + order * kGoldenAngle) % 360;
}

export function classColor(label: string, classes: readonly string[]): string {
  return colorOf(classHue(label, classes));
}

export function trackHue(id: number): number {
  return (kFirstHue + (id % 360) * kGoldenAngle) % 360;
}

export function trackColor(id: number): string {
  return colorOf(trackHue(id));
}

function colorOf(exactHue: number): string {
  const hue = Math.round(exactHue);
  const lightness = hue > 215 && hue < 310 ? 75 : 62; // blue and violet look darker than they are
  return `hsl(${hue} 85% ${lightness}%)`;
}
