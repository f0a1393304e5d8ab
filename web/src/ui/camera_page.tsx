// One camera, large, with its figures beside it (below it on a phone).

import { useEffect, useRef } from 'preact/hooks';

import { isTroubled } from '../health';
import type { View } from '../session';
import { ConnectionBadge, ModeBadge, StillBadge, boxCount, boxesText, connectionText, modeText } from './badges';
import { Header } from './header';
import { Live, shapeOf } from './live';
import { Panel } from './panel';
import { useSession } from './use_session';
import { ViewTools, useViewing } from './view_tools';

interface Props {
  camera: string;
  cameras: readonly string[];
  reconnected: () => void;
}

export function CameraPage({ camera, cameras, reconnected }: Props) {
  const { session, view } = useSession(camera, reconnected);
  const figure = useRef<HTMLElement>(null);
  const choice = useViewing(session);
  const toggleFull = () => void (document.fullscreenElement ? document.exitFullscreen() : figure.current?.requestFullscreen());
  useKeys({ b: choice.toggleBoxes, o: choice.toggleZones, e: choice.toggleMatching, f: toggleFull });
  useEffect(() => {
    document.title = `${camera} · Vedette`;
  }, [camera]);

  return (
    <>
      <Header cameras={cameras} current={camera}>
        <ConnectionBadge view={view} />
      </Header>
      <main class="camera-page">
        <figure class="stage-figure" ref={figure} style={shapeOf(view)}>
          <Live session={session} view={view} />
          <figcaption class="caption">
            <strong class="caption-name">{camera}</strong>
            <ModeBadge mode={view.state?.mode} />
            <StillBadge view={view} />
            <span class="caption-boxes" data-testid="boxes-text">
              {boxesText(view)}
            </span>
            <span class="caption-tools">
              <ViewTools {...choice} />
              {document.fullscreenEnabled && (
                <button type="button" aria-keyshortcuts="f" title="Full screen (F)" onClick={toggleFull}>
                  Full screen
                </button>
              )}
            </span>
            <span hidden data-testid="box-count">
              {boxCount(view)}
            </span>
          </figcaption>
        </figure>
        <Panel view={view} />
      </main>
      <p class="visually-hidden" role="status" aria-live="polite" data-testid="announcement">
        {announcement(view)}
      </p>
    </>
  );
}

// What is read aloud when it changes.
function announcement(view: View): string {
  if (view.connection !== 'live') return connectionText(view);
  const troubled = view.stages.filter((stage) => stage.status === 'stale' || stage.status === 'missing');
  const trouble = troubled.map((stage) => ` ${stage.name} ${stage.status}.`).join('');
  const silent = view.inputs.filter(isTroubled).map((input) => ` Input ${input.label} ${input.status}.`);
  return `Live. Mode ${modeText(view.state?.mode)}.${trouble}${silent.join('')}`;
}

function useKeys(actions: Record<string, () => void>) {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      latest.current[event.key.toLowerCase()]?.();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}
