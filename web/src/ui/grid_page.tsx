// All cameras at once; a click opens one.

import { useEffect } from 'preact/hooks';

import { ConnectionBadge, InputTroubles, ModeBadge, StillBadge } from './badges';
import { Header } from './header';
import { Live } from './live';
import { useSession } from './use_session';

export function GridPage({ cameras }: { cameras: readonly string[] }) {
  useEffect(() => {
    document.title = 'Vedette';
  }, []);
  return (
    <>
      <Header cameras={cameras} current="" />
      <main class="grid" data-testid="grid">
        {cameras.map((camera) => (
          <Tile key={camera} camera={camera} />
        ))}
        {cameras.length === 0 && <p class="nothing">No camera is configured.</p>}
      </main>
    </>
  );
}

function Tile({ camera }: { camera: string }) {
  const { session, view } = useSession(camera, () => undefined);
  const troubled = view.stages.filter((stage) => stage.status === 'stale' || stage.status === 'missing');
  return (
    <a class="tile" href={`#${encodeURIComponent(camera)}`} data-testid={`tile-${camera}`}>
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
