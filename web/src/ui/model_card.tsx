// Which model looks for objects, how well it does and how fast it is: what its card says, or that it has none.

import { useEffect, useState } from 'preact/hooks';

import { duration } from '../format';
import { fetchModel } from '../gateway';
import { precision } from '../model';
import type { Model } from '../protocol';

const kAskAgainMs = 15_000; // a model may be replaced while it runs
const kAskSoonMs = 1_000; // its checksum is being made

export function ModelCard() {
  const model = useModel();
  if (model === null) return null;
  const { accuracy, latency } = model;
  return (
    <section class="card" data-testid="model" data-card={model.card}>
      <h2>Model</h2>
      <p class="model-file">{model.file}</p>
      <p class="nothing" data-testid="model-precision">
        {precision(model)}
      </p>
      {model.card === 'fresh' && (
        <dl class="details">
          <dt>Family</dt>
          <dd>{model.family}</dd>
          {accuracy !== null && accuracy.personAp !== null && (
            <>
              <dt>AP of persons</dt>
              <dd>{accuracy.personAp.toFixed(3)}</dd>
            </>
          )}
          {latency !== null && (
            <>
              <dt>One picture</dt>
              <dd title={latency.machine}>
                {duration(latency.medianMs)} by {latency.provider}
              </dd>
            </>
          )}
          {model.made !== '' && (
            <>
              <dt>Made</dt>
              <dd title={model.made}>{model.made}</dd>
            </>
          )}
        </dl>
      )}
    </section>
  );
}

function useModel(): Model | null {
  const [model, setModel] = useState<Model | null>(null);
  useEffect(() => {
    let timer = 0;
    let over = false;
    const ask = async () => {
      const answer = await fetchModel();
      if (over) return;
      if (answer !== undefined) setModel(answer);
      timer = window.setTimeout(() => void ask(), answer?.card === 'checking' ? kAskSoonMs : kAskAgainMs);
    };
    void ask();
    return () => {
      over = true;
      window.clearTimeout(timer);
    };
  }, []);
  return model;
}
