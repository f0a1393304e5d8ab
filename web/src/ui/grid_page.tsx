// All cameras at once; a click opens one.

import { hrefOf } from '../routes';
import { ConnectionBadge, InputTroubles, ModeBadge, StillBadge } from './badges';
import { Live } from './live';
import { useSession } from './use_session';

export function GridPage({ cameras }: { cameras: readonly string[] }) {
  return (
    <div class="grid" data-testid="grid">
      <h1 class="visually-hidden">Cameras</h1>
      {cameras.map((camera) => (
        <Tile key={camera} camera={camera} />
      ))}
      {cameras.length === 0 && <p class="nothing">No camera is configured.</p>}
    </div>
  );
}

function Tile({ camera }: { camera: string }) {
  const { session, view } = useSession(camera, () => undefined);
  const troubled = view.stages.filter((stage) => stage.status === 'stale' || stage.status === 'missing');
  return (
    <a class="tile" href={hrefOf({ view: 'camera', camera })} data-testid={`tile-${camera}`}>
      <Live session={session} view={view} />
      <span class="caption">
        <strong class="caption-name">{camera}</strong>
        <ModeBadge mode={view.state?.mode} />
        <StillBadge view={view} />
        {troubled.map((stage) => (
          <span key={stage.name} class="badge trouble" data-status={stage.status}>
            {stage.name} {stage.status}
          </span>
        ))}
        <span class="caption-tools">
          <ConnectionBadge view={view} />
        </span>
        <InputTroubles view={view} />
      </span>
    </a>
  );
}
