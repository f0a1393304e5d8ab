// How it all does: machine, stages, each camera's rates and drops, the way of a frame, the model, the gateway.

import { useEffect, useRef, useState } from 'preact/hooks';

import './system.css';
import { duration, percent, rate, size } from '../../format';
import { Curves, droppedCurve, fetchSystem, kSpanMs, record, type StageUse, type SystemReport, type TopicUse } from '../../system';
import { useAsked } from '../hooks';
import { ModelCard } from '../model_card';
import { Trouble } from '../notice';
import { Sparkline } from './sparkline';
import { Waterfall } from './waterfall';

const kEveryMs = 2000;
const curves = new Curves(); // kept while the page is open
let last: { report: SystemReport; at: number } | null = null;

export function SystemPage() {
  const system = useAsked(fetchSystem, 'system', kEveryMs);
  const now = useCurves(system.value);
  const report = system.value;
  return (
    <div class="system">
      <div class="view-head">
        <h1>System</h1>
        {report !== null && report.version !== '' && (
          <p class="nothing" data-testid="version">
            Vedette {report.version}
          </p>
        )}
      </div>
      <Trouble text={system.error} again={system.again} />
      {report === null ? (
        system.error === null && <p class="nothing">Looking…</p>
      ) : (
        <div class="system-cards">
          <MachineCard report={report} now={now} />
          <GatewayCard report={report} error={system.error} />
          <ModelCard />
          <StagesCard stages={report.stages} />
          {camerasOf(report).map((camera) => (
            <CameraCard key={camera} camera={camera} report={report} now={now} />
          ))}
        </div>
      )}
    </div>
  );
}

// Takes each report into the curves; the time that they end at.
function useCurves(report: SystemReport | null): number {
  const [now, setNow] = useState(() => performance.now());
  const taken = useRef<SystemReport | null>(null);
  useEffect(() => {
    if (report === null || taken.current === report) return;
    taken.current = report;
    const at = performance.now();
    record(curves, report, last !== null && at - last.at < kSpanMs ? last.report : null, at);
    last = { report, at };
    setNow(at);
  }, [report]);
  return now;
}

function camerasOf({ topics, ways }: SystemReport): string[] {
  return [...new Set([...topics.map(({ camera }) => camera), ...ways.map(({ camera }) => camera)])].filter((camera) => camera !== '').sort();
}

const wholePercent = (value: number) => percent(value / 100);

function MachineCard({ report, now }: { report: SystemReport; now: number }) {
  const { name, cores, memoryTotal, memoryUsed, uptimeS } = report.machine;
  return (
    <section class="card" data-testid="machine">
      <h2>Machine</h2>
      {name !== '' && <p class="machine-name">{name}</p>}
      <Sparkline name="CPU" samples={curves.of('cpu')} now={now} most={100} text={wholePercent} />
      <Sparkline name="Memory" samples={curves.of('memory')} now={now} most={100} text={wholePercent} />
      <dl class="details">
        {cores !== null && <Fact name="Cores" value={String(cores)} />}
        {memoryUsed !== null && memoryTotal !== null && <Fact name="Memory" value={`${size(memoryUsed)} of ${size(memoryTotal)}`} />}
        {uptimeS !== null && <Fact name="Up for" value={duration(uptimeS * 1000)} />}
      </dl>
    </section>
  );
}

function GatewayCard({ report, error }: { report: SystemReport; error: string | null }) {
  const { uptimeS, viewers, connections, cpuPercent, memoryBytes } = report.gateway;
  return (
    <section class="card" data-testid="gateway">
      <h2>Gateway</h2>
      <p class="stage" data-status={error === null ? 'ok' : 'missing'}>
        <i class="dot" aria-hidden="true" />
        <span class="stage-name">{error === null ? 'It answers' : 'It doesn’t answer'}</span>
      </p>
      <dl class="details">
        {uptimeS !== null && <Fact name="Up for" value={duration(uptimeS * 1000)} />}
        {viewers !== null && <Fact name="Viewers" value={String(viewers)} />}
        {connections !== null && <Fact name="Connections" value={String(connections)} />}
        {cpuPercent !== null && <Fact name="CPU" value={`${rate(cpuPercent)}% of a core`} />}
        {memoryBytes !== null && <Fact name="Memory" value={size(memoryBytes)} />}
      </dl>
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function StagesCard({ stages }: { stages: readonly StageUse[] }) {
  const cpu = (value: number | null) => (value === null ? '–' : `${rate(value)}%`);
  return (
    <section class="card wide-card">
      <h2 id="stages-title">Stages</h2>
      <div class="scrolls" tabIndex={0} role="region" aria-labelledby="stages-title">
        <table class="table" data-testid="stages">
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col">Status</th>
              <th scope="col" class="number">
                Process
              </th>
              <th scope="col" class="number">
                CPU
              </th>
              <th scope="col" class="number">
                Memory
              </th>
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => (
              <tr key={stage.tag} data-status={stage.status} data-testid={`use-${stage.tag}`}>
                <th scope="row">{stage.tag}</th>
                <td class="use-status">
                  <i class="dot" aria-hidden="true" />
                  {stage.status || '–'}
                </td>
                <td class="number">{stage.pid ?? '–'}</td>
                <td class="number">{cpu(stage.cpuPercent)}</td>
                <td class="number">{stage.memoryBytes === null ? '–' : size(stage.memoryBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

// The topics that say how a camera does, by what people call them.
const kTopics: readonly { topic: string; name: string }[] = [
  { topic: 'packets', name: 'Packets' },
  { topic: 'frames', name: 'Frames' },
  { topic: 'detections', name: 'Detections' },
  { topic: 'tracks', name: 'Tracks' },
  { topic: 'encoded', name: 'Encoded' },
];

function CameraCard({ camera, report, now }: { camera: string; report: SystemReport; now: number }) {
  const mine = report.topics.filter((topic) => topic.camera === camera);
  const way = report.ways.find((candidate) => candidate.camera === camera);
  const perSecond = (value: number) => `${rate(value)} fps`;
  const shown = kTopics.filter(({ topic }) => mine.some((known) => known.topic === topic));
  const dropping = mine.filter(({ topic, dropped }) => dropped !== null && kTopics.some((known) => known.topic === topic));
  return (
    <section class="card" data-testid={`system-${camera}`}>
      <h2>Camera {camera}</h2>
      {shown.map(({ topic, name }) => (
        <Sparkline key={topic} name={name} samples={curves.of(`${camera}/${topic}`)} now={now} text={perSecond} />
      ))}
      {dropping.length > 0 && <Drops camera={camera} topics={dropping} now={now} />}
      <h2>Latency of one frame</h2>
      {way === undefined ? <p class="nothing">No frame has gone all the way yet.</p> : <Waterfall way={way} />}
    </section>
  );
}

// Frames that nobody got, of all the topics together.
function Drops({ camera, topics, now }: { camera: string; topics: readonly TopicUse[]; now: number }) {
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
