// One colour per class, the same for every camera and visit: hues a golden angle apart, in the order of the model's classes.

const kGoldenAngle = 137.508;
const kFirstHue = 158; // the first class (person with COCO) gets the page's own green

export function classHue(label: string, classes: readonly string[]): number {
  const index = classes.indexOf(label);
  const order = index >= 0 ? index : [...label].reduce((sum, char) => (sum * 31 + char.codePointAt(0)!) % 997, 7);
  return (kFirstHue + order * kGoldenAngle) % 360;
}

export function classColor(label: string, classes: readonly string[]): string {
  const hue = Math.round(classHue(label, classes));
  const lightness = hue > 215 && hue < 310 ? 75 : 62; // blue and violet look darker than they are
  return `hsl(${hue} 85% ${lightness}%)`;
}
