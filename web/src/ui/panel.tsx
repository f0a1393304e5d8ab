// The figures of one camera beside its picture: mode, stages, rates, latency, events. Text from the gateway is only ever text.

import type { ComponentChildren } from 'preact';

import { duration, rate, seconds, timeOfDay } from '../format';
import { reasonOf, type InputHealth, type StageHealth } from '../health';
import type { CameraEvent, Mode } from '../protocol';
import type { View } from '../session';
import { latencyText, pathLine, pathReason } from '../video_text';
import { InputBadge, modeText } from './badges';

const kModes: readonly Mode[] = ['standby', 'validation', 'tracking'];

// `children`: below the mode.
export function Panel({ view, children }: { view: View; children?: ComponentChildren }) {
  return (
    <aside class="panel" aria-label="Status">
      <ModeCard view={view} />
      {children}
      <Card title="Stages">
        <ul class="stages">
          {view.stages.map((stage) => (
            <StageRow key={stage.name} stage={stage} still={view.still && stage.name === 'detect'} />
          ))}
        </ul>
        {view.inputs.length > 0 && (
          <>
            <h2 id="inputs">{view.inputs.length === 1 ? 'Input' : 'Inputs'}</h2>
            <ul class="inputs" aria-labelledby="inputs">
              {view.inputs.map((input) => (
                <InputRow key={input.name} input={input} />
              ))}
            </ul>
          </>
        )}
      </Card>
      <FiguresCard view={view} />
      <VideoCard view={view} />
      <Card title="Events">
        <Events events={view.events} />
      </Card>
    </aside>
  );
}

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function ModeCard({ view }: { view: View }) {
  const mode = view.state?.mode ?? null;
  const targets = view.state?.targets ?? 0;
  return (
    <section class="card mode-card" data-mode={mode ?? 'unknown'}>
      <h2>Mode</h2>
      <p class="mode-line">
        <strong data-testid="mode" data-mode={mode ?? 'unknown'}>
          {modeText(mode)}
        </strong>
        {mode !== null && (
          <span>
            for {seconds(view.modeForMs)} · {targets} {targets === 1 ? 'target' : 'targets'}
          </span>
        )}
      </p>
      <ol class="mode-steps" aria-hidden="true">
        {kModes.map((step) => (
          <li key={step} data-current={step === mode} />
        ))}
      </ol>
    </section>
  );
}

// `still`: it lives and has nothing to do.
function StageRow({ stage, still }: { stage: StageHealth; still: boolean }) {
  return (
    <li class="stage" data-testid={`stage-${stage.name}`} data-status={stage.status}>
      <i class="dot" aria-hidden="true" />
      <span class="stage-name">{stage.name}</span>
      <span class="stage-age">{stage.ageMs === null ? '' : duration(stage.ageMs)}</span>
      <span class="stage-status">{still ? 'still' : stage.status}</span>
    </li>
  );
}

function InputRow({ input }: { input: InputHealth }) {
  const reason = reasonOf(input);
  return (
    <li class="input" data-testid={`input-${input.label}`} data-status={input.status}>
      <div class="input-line">
        <span class="stage-name">{input.label}</span>
        <span class="stage-age">{input.pictureAgeMs === null ? '' : duration(input.pictureAgeMs)}</span>
        <InputBadge input={input} />
      </div>
      {input.about !== '' && <p class="input-about">{input.about}</p>}
      {reason !== '' && <p class="input-reason">{reason}</p>}
    </li>
  );
}

function FiguresCard({ view }: { view: View }) {
  const { state, shown } = view;
  return (
    <section class="card">
      <h2>Frames per second</h2>
      <dl class="figures">
        <Figure name="Capture" value={rate(state?.fps.capture ?? null)} testid="fps-capture" />
        <Figure name="Detect" value={rate(state?.fps.detect ?? null)} testid="fps-detect" />
        <Figure name="Shown" value={rate(view.shownFps)} testid="fps-shown" />
      </dl>
      <h2>Latency</h2>
      <dl class="figures">
        <Figure name="Detection p50" value={duration(state?.latencyMs.p50 ?? null)} testid="latency-p50" />
        <Figure name="Detection p99" value={duration(state?.latencyMs.p99 ?? null)} testid="latency-p99" />
        <Figure name="To the screen" value={duration(view.latencyMs)} testid="picture-age" />
      </dl>
      <dl class="details">
        <dt>Frame</dt>
        <dd data-testid="frame-id">{shown?.frameId ?? '–'}</dd>
        <dt>Size</dt>
        <dd>{shown === null ? '–' : `${shown.width} × ${shown.height}`}</dd>
        <dt>Dropped</dt>
        <dd data-testid="dropped">{state?.dropped ?? '–'}</dd>
      </dl>
    </section>
  );
}

function VideoCard({ view }: { view: View }) {
  const { running } = view;
  const reason = pathReason(running);
  return (
    <Card title="Video">
      <p class="video-path" data-testid="video-path" data-path={running?.path ?? ''} data-codec={running?.video?.codec ?? ''}>
        {pathLine(running)}
      </p>
      {reason !== '' && (
        <p class="video-reason" data-testid="video-reason">
          {reason}
        </p>
      )}
      <dl class="details">
        <dt>Capture to screen</dt>
        <dd data-testid="latency-screen">{latencyText(view.latencyMs, view.latencyErrorMs)}</dd>
      </dl>
    </Card>
  );
}

function Figure({ name, value, testid }: { name: string; value: string; testid: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testid}>{value}</dd>
    </div>
  );
}

function Events({ events }: { events: readonly CameraEvent[] }) {
  if (events.length === 0) return <p class="nothing">Nothing has happened yet.</p>;
  return (
    <ol class="events" data-testid="events" tabIndex={0} aria-label="Last events">
      {events.map((event) => (
        <li key={event.id} data-kind={event.kind}>
          <i class="dot" aria-hidden="true" />
          <time dateTime={new Date(event.wallMs).toISOString()}>{timeOfDay(event.wallMs)}</time>
          <span>{event.text || event.kind}</span>
        </li>
      ))}
    </ol>
  );
}
