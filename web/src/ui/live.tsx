// The live picture of one camera, and what must be said on top of it: that it is old, or that its boxes are.

import { useEffect, useRef } from 'preact/hooks';

import { pictureShown } from '../first_picture';
import { seconds } from '../format';
import { isTroubled, reasonOf, shownInput } from '../health';
import type { CameraSession, View } from '../session';
import { pathLine, pathReason } from '../video_text';

interface Props {
  session: CameraSession;
  view: View;
}

export function Live({ session, view }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    session.player.attach(canvas.current!);
    return () => session.player.detach();
  }, [session]);
  const { shown, frozen } = view;
  const hasPicture = shown !== null;
  useEffect(() => {
    if (hasPicture) pictureShown();
  }, [hasPicture]);
  return (
    <div
      class="live"
      data-frozen={frozen}
      data-empty={shown === null}
      data-path={view.running?.path ?? ''}
      title={[pathLine(view.running), pathReason(view.running)].filter((text) => text !== '').join('. ')}
      style={shapeOf(view)}
    >
      <canvas ref={canvas} role="img" aria-label={`Live picture of camera ${session.camera}`} data-testid="picture" />
      {frozen ? (
        <p class="live-frozen" data-testid="no-picture">
          <strong>No picture since {seconds(view.noPictureForMs)}</strong>
          <span>{whyFrozen(view)}</span>
        </p>
      ) : (
        <Warning view={view} />
      )}
      {!frozen && shown === null && <p class="live-frozen">Waiting for the first picture…</p>}
    </div>
  );
}

// The picture's shape, for the layout around it.
export function shapeOf(view: View): Record<string, string> {
  return view.shown === null ? {} : { '--ratio': String(view.shown.width / view.shown.height) };
}

function whyFrozen(view: View): string {
  if (view.connection === 'paused') return 'Paused while nobody was looking.';
  if (view.connection === 'refused') return 'The gateway asks for a token: open the address that “vedette up” printed.';
  if (view.connection !== 'live') return 'The gateway doesn’t answer. This page goes on by itself when it does.';
  const input = shownInput(view.inputs);
  if (input !== undefined && isTroubled(input)) return reasonOf(input);
  const capture = view.stages.find((stage) => stage.name === 'capture');
  return capture?.status === 'ok' ? 'The camera is alive but sends nothing.' : 'The camera’s capture is not running.';
}

function Warning({ view }: { view: View }) {
  if (view.connection !== 'live') return null;
  const detect = view.stages.find((stage) => stage.name === 'detect');
  if (detect?.status === 'stale') {
    return <p class="live-warning">Detector silent for {seconds(detect.ageMs)}: boxes are not current</p>;
  }
  return detect?.status === 'missing' ? <p class="live-warning">No detector: nothing is looked for</p> : null;
}
