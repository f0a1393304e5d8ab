// One camera, large, with its figures beside it (below it on a phone).

import { useRef } from 'preact/hooks';

import { isTroubled } from '../health';
import { hrefOf } from '../routes';
import type { View } from '../session';
import { ConnectionBadge, ModeBadge, StillBadge, boxCount, boxesText, connectionText, modeText } from './badges';
import { Controls } from './controls';
import { goTo, useKeys } from './hooks';
import { Live, shapeOf } from './live';
import { Panel } from './panel';
import { useSession } from './use_session';
import { ViewTools, useViewing } from './view_tools';

interface Props {
  camera: string;
  reconnected: () => void;
}

export function CameraPage({ camera, reconnected }: Props) {
  const { session, view } = useSession(camera, reconnected);
  const figure = useRef<HTMLElement>(null);
  const choice = useViewing(session);
  const toggleFull = () => void (document.fullscreenElement ? document.exitFullscreen() : figure.current?.requestFullscreen());
  useKeys([
    { key: 'b', does: 'Show or hide boxes', act: choice.toggleBoxes },
    { key: 'o', does: 'Show or hide zones and lines', act: choice.toggleZones },
    { key: 'i', does: 'Exact boxes, or the newest picture at once', act: choice.toggleMatching },
    { key: 'f', does: 'Full screen', act: toggleFull },
    { key: 'z', does: 'Draw zones, lines and masks', act: () => goTo({ view: 'edit', camera }) },
  ]);

  return (
    <>
      <div class="camera-page">
        <figure class="stage-figure" ref={figure} style={shapeOf(view)}>
          <Live session={session} view={view} />
          <figcaption class="caption">
            <h1 class="caption-name">{camera}</h1>
            <ConnectionBadge view={view} />
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
              <a class="button" href={hrefOf({ view: 'edit', camera })} aria-keyshortcuts="z" title="Zones, lines and masks (Z)">
                Edit zones
              </a>
            </span>
            <span hidden data-testid="box-count">
              {boxCount(view)}
            </span>
          </figcaption>
        </figure>
        <Panel view={view}>{(view.shown !== null || view.frozen) && <Controls camera={camera} />}</Panel>
      </div>
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
