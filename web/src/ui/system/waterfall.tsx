// The way of one frame: when after its capture each stage was done with it.

import { duration } from '../../format';
import type { FrameWay } from '../../system';

const kNames: Record<string, string> = { published: 'Published', detected: 'Detected', tracked: 'Tracked', sent: 'Sent to a viewer' };

export function Waterfall({ way }: { way: FrameWay }) {
  const { hops } = way;
  const total = Math.max(hops.at(-1)?.afterMs ?? 0, 0.001);
  if (hops.length === 0) return <p class="nothing">No frame has come yet.</p>;
  const newest = Math.max(...hops.map(({ frameId }) => frameId ?? 0));
  return (
    <ol class="waterfall" data-testid={`waterfall-${way.camera}`} aria-label={`The way of one frame of ${way.camera}`}>
      {hops.map((hop, i) => {
        const from = hops[i - 1]?.afterMs ?? 0;
        const behind = hop.frameId !== null && hop.frameId < newest;
        return (
          <li key={hop.name} title={`Frame ${hop.frameId ?? 'unknown'}${behind ? ', an older one' : ''}`}>
            <span class="hop-name">{kNames[hop.name] ?? hop.name}</span>
            <svg class="hop-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect class="hop-ground" width="100" height="10" />
              <rect class="hop-part" x={(from / total) * 100} width={Math.max(0.6, ((hop.afterMs - from) / total) * 100)} height="10" data-hop={i % 4} />
            </svg>
            <span class="hop-part-ms">+{duration(hop.afterMs - from)}</span>
            <span class="hop-ms">{duration(hop.afterMs)}</span>
          </li>
        );
      })}
    </ol>
  );
}
