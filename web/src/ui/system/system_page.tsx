// How it all does: machine, processes, each camera's rates and drops, the way of a frame, the model.

import { useEffect, useRef, useState } from 'preact/hooks';

import './system.css';
import { duration, percent, rate, size } from '../../format';
import { Curves, fetchSystem, kSpanMs, record, type StageUse, type SystemReport } from '../../system';
import { useAsked } from '../hooks';
import { ModelCard } from '../model_card';
import { Trouble } from '../notice';
import { CameraCard } from './camera_card';
import { Sparkline } from './sparkline';

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
        <p class="stage" role="status" data-status={system.error === null ? 'ok' : 'missing'} data-testid="gateway">
          <i class="dot" aria-hidden="true" />
          {report === null && system.error === null ? 'Looking…' : system.error === null ? 'The gateway answers' : 'The gateway doesn’t answer'}
        </p>
        {report !== null && report.version !== '' && (
          <p class="nothing" data-testid="version">
            Vedette {report.version}
          </p>
        )}
      </div>
      <Trouble text={system.error} again={system.again} />
      <div class="system-cards" data-old={system.error !== null}>
        <div class="system-column">
          {report !== null && <MachineCard report={report} now={now} />}
          <ModelCard />
        </div>
        {report?.ways.map((way) => <CameraCard key={way.camera} way={way} report={report} curves={curves} now={now} />)}
      </div>
      {report !== null && <StagesCard stages={report.stages} />}
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

const wholePercent = (value: number) => percent(value / 100);

function MachineCard({ report, now }: { report: SystemReport; now: number }) {
  const { name, cores, load, memoryTotal, memoryUsed, upMs } = report.machine;
  const facts: [string, string | null][] = [
    ['Cores', cores === null ? null : String(cores)],
    ['Load', load === null ? null : load.toFixed(2)],
    ['Memory', memoryUsed === null || memoryTotal === null ? null : `${size(memoryUsed)} of ${size(memoryTotal)}`],
    ['Up for', upMs === null ? null : duration(upMs)],
  ];
  return (
    <section class="card" data-testid="machine">
      <h2>Machine</h2>
      {name !== '' && <p class="machine-name">{name}</p>}
      <Sparkline name="CPU" samples={curves.of('cpu')} now={now} most={100} text={wholePercent} />
      <Sparkline name="Memory" samples={curves.of('memory')} now={now} most={100} text={wholePercent} />
      <dl class="details">
        {facts.flatMap(([what, value]) => (value === null ? [] : [<dt key={`${what} name`}>{what}</dt>, <dd key={what}>{value}</dd>]))}
      </dl>
    </section>
  );
}

function StagesCard({ stages }: { stages: readonly StageUse[] }) {
  const cpu = (value: number | null) => (value === null ? '–' : `${rate(value)}%`);
  return (
    <section class="card">
      <h2 id="stages-title">Processes on the bus</h2>
      <div class="scrolls" tabIndex={0} role="region" aria-labelledby="stages-title">
        <table class="table" data-testid="stages">
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col">Status</th>
              <th scope="col">Cameras</th>
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
              <tr key={`${stage.tag}/${stage.pid}`} data-status={stage.status} data-testid={`use-${stage.tag}`}>
                <th scope="row">{stage.tag}</th>
                <td class="use-status">
                  <i class="dot" aria-hidden="true" />
                  {stage.status}
                </td>
                <td class="use-cameras">{stage.cameras.join(', ')}</td>
                <td class="number">{stage.pid ?? '–'}</td>
                <td class="number">{cpu(stage.cpuPercent)}</td>
                <td class="number">{stage.memoryBytes === null ? '–' : size(stage.memoryBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="nothing">CPU in parts of one core; memory with what is shared with others, such as the bus.</p>
    </section>
  );
}
