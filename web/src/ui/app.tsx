// Chooses what is on the page: all cameras or one. The choice is in the address (#front), so it can be kept and shared.

import { useCallback, useEffect, useState } from 'preact/hooks';

import { Backoff } from '../backoff';
import { fetchCameras, hideToken } from '../gateway';
import { CameraPage } from './camera_page';
import { GridPage } from './grid_page';
import { Header } from './header';

export const kAllCameras = '';

export function App() {
  const { cameras, refused, reload } = useCameras();
  const [chosen, choose] = useState(cameraOfAddress);
  useEffect(() => {
    const follow = () => choose(cameraOfAddress());
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);

  if (cameras === null) return <Waiting refused={refused} />;
  const camera = cameras.includes(chosen) ? chosen : cameras.length === 1 ? cameras[0]! : kAllCameras;
  if (camera === kAllCameras) return <GridPage cameras={cameras} />;
  return <CameraPage key={camera} camera={camera} cameras={cameras} reconnected={reload} />;
}

function cameraOfAddress(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return kAllCameras;
  }
}

// The cameras of the gateway; asked for until it answers, and again when it has come back.
function useCameras() {
  const [cameras, setCameras] = useState<string[] | null>(null);
  const [refused, setRefused] = useState(false);
  const [asked, ask] = useState(0);
  const reload = useCallback(() => ask((count) => count + 1), []);
  useEffect(() => {
    const backoff = new Backoff();
    let timer = 0;
    let over = false;
    const attempt = async () => {
      const answer = await fetchCameras();
      if (over) return;
      setRefused(answer.kind === 'refused');
      if (answer.kind !== 'cameras') {
        timer = window.setTimeout(() => void attempt(), backoff.next());
        return;
      }
      hideToken();
      setCameras((before) => (before?.join() === answer.names.join() ? before : answer.names));
    };
    void attempt();
    return () => {
      over = true;
      window.clearTimeout(timer);
    };
  }, [asked]);
  return { cameras, refused, reload };
}

function Waiting({ refused }: { refused: boolean }) {
  return (
    <>
      <Header cameras={[]} current={kAllCameras} />
      <main class="notice" role="status">
        <h1>{refused ? 'The gateway asks for a token' : 'Looking for the gateway…'}</h1>
        <p>{refused ? 'Open this page with the address that “vedette up” printed.' : 'This page goes on by itself when it answers.'}</p>
      </main>
    </>
  );
}
