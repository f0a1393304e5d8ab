// A camera's session for as long as a component is on the page, seen anew several times a second and when something happens.

import { useEffect, useRef, useState } from 'preact/hooks';

import { CameraSession, type View } from '../session';
import { loadViewing } from '../viewing';

const kTick = 150; // stale_after_ms (1.5 s) and a tick stay well below the 2 s within which a dead stage must show

export function useSession(camera: string, reconnected: () => void): { session: CameraSession; view: View } {
  const [, renderAgain] = useState(0);
  const latest = useRef(reconnected);
  latest.current = reconnected;
  const [session] = useState(() => {
    const created = new CameraSession(camera, () => renderAgain((count) => count + 1), () => latest.current());
    created.show(loadViewing());
    return created;
  });
  useEffect(() => {
    session.open();
    const timer = window.setInterval(() => renderAgain((count) => count + 1), kTick);
    return () => {
      window.clearInterval(timer);
      session.close();
    };
  }, [session]);
  return { session, view: session.view(performance.now()) };
}
