// A small chart of one figure over the last minutes, five at most, with its value now. Read aloud as a sentence.

import { duration } from '../../format';
import { pathOf, spanOf, type Sample } from '../../system';

interface Props {
  name: string;
  samples: readonly Sample[];
  now: number;
  most?: number; // the top of the chart; else the largest seen
  text: (value: number) => string;
  bad?: boolean; // any of it is bad news
}

const kWidth = 160;
const kHeight = 32;

export function Sparkline({ name, samples, now, most, text, bad = false }: Props) {
  const values = samples.map(({ value }) => value);
  const last = values.at(-1);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const top = most ?? Math.max(high, 0.001) * 1.1;
  const points = pathOf(samples, now, top, kWidth, kHeight);
  const first = samples[0];
  const area = first === undefined ? '' : `${points} ${kWidth},${kHeight} ${points.split(',')[0]},${kHeight}`;
  const said = last === undefined ? `${name}: nothing known yet` : `${name}: ${text(last)}; between ${text(low)} and ${text(high)} in the last ${duration(spanOf(samples, now))}`;
  return (
    <div class="spark" data-bad={bad && high > 0} data-testid={`spark-${name.toLowerCase().replaceAll(' ', '-')}`}>
      <span class="spark-name" aria-hidden="true">
        {name}
      </span>
      <strong class="spark-value" aria-hidden="true">
        {last === undefined ? '–' : text(last)}
      </strong>
      <svg viewBox={`0 0 ${kWidth} ${kHeight}`} preserveAspectRatio="none" role="img" aria-label={said}>
        <polygon class="spark-area" points={area} />
        <polyline class="spark-line" points={points} />
      </svg>
    </div>
  );
}
