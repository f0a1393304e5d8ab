// How one camera does: its stages, rates, what was dropped, the way of its newest frame.

import { rate } from '../../format';
import { droppedCurve, type Curves, type FrameWay, type SystemReport, type TopicUse } from '../../system';
import { Sparkline } from './sparkline';
import { Waterfall } from './waterfall';

interface Props {
  way: FrameWay;
  report: SystemReport;
  curves: Curves;
  now: number;
}

// The topics that say how a camera does, by what people call them.
const kTopics: readonly { topic: string; name: string }[] = [
  { topic: 'packets', name: 'Packets' },
  { topic: 'frames', name: 'Frames' },
  { topic: 'detections', name: 'Detections' },
  { topic: 'tracks', name: 'Tracks' },
  { topic: 'encoded', name: 'Encoded' },
];

export function CameraCard({ way, report, curves, now }: Props) {
  const { camera } = way;
  const mine = report.topics.filter((topic) => topic.camera === camera);
  const shown = kTopics.filter(({ topic }) => mine.some((known) => known.topic === topic));
  const dropping = mine.filter(({ topic, dropped }) => dropped !== null && kTopics.some((known) => known.topic === topic));
  return (
    <section class="card" data-testid={`system-${camera}`}>
      <h2>Camera {camera}</h2>
      <Stages stages={report.health.find((known) => known.camera === camera)?.stages ?? []} />
      {shown.map(({ topic, name }) => (
        <Sparkline
          key={topic}
          name={name}
          samples={curves.of(`${camera}/${topic}`)}
          now={now}
          text={(value) => `${rate(value)} ${topic === 'frames' ? 'fps' : '/s'}`}
        />
      ))}
      {dropping.length > 0 && <Drops camera={camera} topics={dropping} curves={curves} now={now} />}
      <h2>Latency of one frame</h2>
      <Waterfall way={way} />
    </section>
  );
}

function Stages({ stages }: { stages: readonly { name: string; status: string }[] }) {
  if (stages.length === 0) return null;
  return (
    <ul class="stage-chips">
      {stages.map(({ name, status }) => (
        <li key={name} class="badge" data-status={status} data-testid={`health-${name}`}>
          <i class="dot" aria-hidden="true" />
          {name} {status}
        </li>
      ))}
    </ul>
  );
}

// What nobody got, of all these topics together.
function Drops({ camera, topics, curves, now }: { camera: string; topics: readonly TopicUse[]; curves: Curves; now: number }) {
  const byTime = new Map<number, number>();
  for (const { topic } of topics)
    for (const { at, value } of curves.of(droppedCurve(camera, topic))) byTime.set(at, (byTime.get(at) ?? 0) + value);
  const samples = [...byTime].map(([at, value]) => ({ at, value })).sort((a, b) => a.at - b.at);
  const total = topics.reduce((sum, { dropped }) => sum + (dropped ?? 0), 0);
  return (
    <>
      <Sparkline name="Drops" samples={samples} now={now} text={(value) => String(Math.round(value))} bad />
      <p class="nothing" data-testid={`dropped-${camera}`}>
        {total === 0 ? 'Nothing dropped since the start.' : `${total} dropped since the start.`}
      </p>
    </>
  );
}
