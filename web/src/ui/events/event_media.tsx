// The clip, the picture, or the picture with its box of one event.

import { useEffect, useState } from 'preact/hooks';

import { fileUrl, nameOf, type StoredEvent } from '../../events';

type Kind = 'clip' | 'picture' | 'boxed';

const kKinds: readonly { kind: Kind; text: string }[] = [
  { kind: 'clip', text: 'Clip' },
  { kind: 'picture', text: 'Picture' },
  { kind: 'boxed', text: 'With its box' },
];

export function EventMedia({ event }: { event: StoredEvent }) {
  const [wanted, want] = useState<Kind | null>(null);
  const [boxless, setBoxless] = useState(false); // pictures with boxes aren't kept (record.snapshot_boxes)
  const playable = event.clips > 0 && !event.open && event.codec !== 'mjpeg';
  const kinds = kKinds.filter(({ kind }) => (kind === 'clip' ? event.clips > 0 : event.snapshot && !(kind === 'boxed' && boxless)));
  const fallback = playable ? 'clip' : event.snapshot ? 'picture' : 'clip';
  const kind = kinds.some((known) => known.kind === wanted) ? wanted! : fallback;
  if (kinds.length === 0) return <p class="nothing">{event.open ? 'It goes on: pictures and clip come soon.' : 'Nothing was recorded of it.'}</p>;
  return (
    <div class="event-media">
      {kind === 'clip' ? (
        <Clip event={event} playable={playable} />
      ) : (
        <img
          src={fileUrl(event, kind === 'boxed' ? 'boxed.jpg' : 'snapshot.jpg')}
          alt={`${nameOf(event)}, camera ${event.camera}`}
          data-testid={`event-${kind}`}
          onError={() => kind === 'boxed' && setBoxless(true)}
        />
      )}
      {kinds.length > 1 && (
        <div class="event-kinds" role="group" aria-label="What is shown">
          {kinds.map(({ kind: other, text }) => (
            <button key={other} type="button" aria-pressed={other === kind} onClick={() => want(other)}>
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function Clip({ event, playable }: { event: StoredEvent; playable: boolean }) {
  const [failed, setFailed] = useState('');
  const [part, setPart] = useState(1);
  useEffect(() => setFailed(''), [event.codec, event.clips, part]);
  if (!playable) {
    return (
      <p class="event-wait" role="status">
        {event.open ? 'The event goes on: its clip can be played when it is over.' : 'The clip is being made ready for browsers.'}
      </p>
    );
  }
  return (
    <>
      <video
        key={`${event.codec}/${part}`}
        controls
        playsInline
        preload="metadata"
        aria-label={`Clip: ${nameOf(event)}, camera ${event.camera}`}
        data-testid="clip"
        {...(event.snapshot ? { poster: fileUrl(event, 'snapshot.jpg') } : {})}
        src={fileUrl(event, 'clip.mp4', part)}
        onError={(failure) => setFailed(whyNot(failure.currentTarget.error, event.codec))}
      />
      {failed !== '' && <p class="mistake">{failed}</p>}
      {event.clips > 1 && (
        <div class="event-kinds" role="group" aria-label="Parts of the clip: the camera’s stream changed meanwhile">
          {Array.from({ length: event.clips }, (_, i) => (
            <button key={i} type="button" aria-pressed={part === i + 1} onClick={() => setPart(i + 1)}>
              Part {i + 1}
            </button>
          ))}
        </div>
      )}
    </>
  );
}

function whyNot(error: MediaError | null, codec: string): string {
  if (error?.code === 2) return 'The clip couldn’t be loaded: the gateway doesn’t answer.';
  const what = codec === '' ? '' : ` (${codec})`;
  return `This browser can’t play the clip${what}. It can be downloaded and played elsewhere.`;
}
