// What an operator can tell a camera: pause, detect or not, a mode that is forced. The gateway says what holds.

import { useState } from 'preact/hooks';

import { ask, at, may } from '../api';
import { wordsOf } from '../problem';
import { useAsked, useIdentity } from './hooks';

interface Told {
  paused: boolean;
  detecting: boolean;
  hasDetect: boolean;
}

const kEveryMs = 5000;
const kModes = ['auto', 'standby', 'validation', 'tracking'] as const;
const kNames = { auto: 'Let the sentry decide', standby: 'Standby', validation: 'Validation', tracking: 'Tracking' };

export function Controls({ camera }: { camera: string }) {
  const identity = useIdentity();
  return may(identity?.role, 'operator') ? <Buttons camera={camera} /> : null;
}

function Buttons({ camera }: { camera: string }) {
  const state = useAsked((signal) => fetchTold(camera, signal), camera, kEveryMs);
  const [error, setError] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const tell = async (method: string, path: string, body: unknown, done: string) => {
    setError(null);
    setSaid('');
    try {
      await ask(method, `${at`cameras/${camera}`}/${path}`, body === null ? {} : { body });
      setSaid(done);
      state.again();
    } catch (failed) {
      setError(wordsOf(failed));
    }
  };
  if (state.value === null) return null;
  const { paused, detecting, hasDetect } = state.value;
  return (
    <section class="card" data-testid="controls">
      <h2>Control</h2>
      <div class="controls">
        <button
          type="button"
          onClick={() => void tell('POST', paused ? 'resume' : 'pause', null, paused ? 'It goes on.' : 'It is paused until it is resumed.')}
        >
          {paused ? 'Resume' : 'Pause'}
        </button>
        {hasDetect && (
          <button
            type="button"
            aria-pressed={detecting}
            onClick={() => void tell('PUT', 'detection', { enabled: !detecting }, detecting ? 'Nothing is looked for.' : 'Objects are looked for.')}
          >
            Detection
          </button>
        )}
        {hasDetect && (
          <select
            aria-label="Force a mode"
            value=""
            onChange={(event) => {
              const mode = event.currentTarget.value as (typeof kModes)[number];
              event.currentTarget.value = '';
              void tell('PUT', 'mode', { mode }, mode === 'auto' ? 'The sentry decides.' : `${kNames[mode]} until the sentry decides again.`);
            }}
          >
            <option value="">Force a mode…</option>
            {kModes.map((mode) => (
              <option key={mode} value={mode}>
                {kNames[mode]}
              </option>
            ))}
          </select>
        )}
      </div>
      <p class="nothing" role="status">
        {said}
      </p>
      {error !== null && (
        <p class="mistake" role="alert">
          {error}
        </p>
      )}
    </section>
  );
}

async function fetchTold(camera: string, signal: AbortSignal): Promise<Told> {
  const fields = ((await ask('GET', at`cameras/${camera}`, { signal })) ?? {}) as Record<string, unknown>;
  return { paused: fields['paused'] === true, detecting: fields['detecting'] !== false, hasDetect: fields['has_detect'] !== false };
}
