// The dialog that says which keys do what just now.

import { useEffect, useRef, useState } from 'preact/hooks';

import { bindings, singleKeysOff, switchSingleKeys } from '../keys';
import { Icon } from './icons';

const kNames: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space' };

export function Help({ close, version }: { close: () => void; version?: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [keys] = useState(bindings);
  const [off, setOff] = useState(singleKeysOff);
  useEffect(() => dialog.current?.showModal(), []);
  const turn = () => {
    switchSingleKeys(!off);
    setOff(!off);
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="help-title" data-testid="help" onClose={close}>
      <form method="dialog" class="dialog-head">
        <h2 id="help-title">Help and keys</h2>
        <button class="icon-button" aria-label="Close">
          <Icon name="close" />
        </button>
      </form>
      <dl class="keys">
        {keys.map(({ key, does }) => (
          <div key={key + does}>
            <dt>
              <kbd>{kNames[key] ?? (key.length === 1 ? key.toUpperCase() : key)}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input type="checkbox" checked={off} onChange={turn} /> Single keys do nothing (but “?”)
      </label>
      <p class="nothing">
        Tab and Shift+Tab go through everything on the page. The API is described at <a href="api/docs">api/docs</a>.
        {version !== undefined && version !== '' && ` Vedette ${version}.`}
      </p>
    </dialog>
  );
}
