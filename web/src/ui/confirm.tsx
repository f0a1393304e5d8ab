// Asks before something is done that can't be undone.

import { useEffect, useRef } from 'preact/hooks';

interface Props {
  title: string;
  text: string;
  action: string; // what the button says
  act: () => void;
  close: () => void;
}

export function Confirm({ title, text, action, act, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="confirm-title" data-testid="confirm" onClose={close}>
      <h2 id="confirm-title">{title}</h2>
      <p>{text}</p>
      <form method="dialog" class="dialog-ends">
        <button>Cancel</button>
        <button class="danger" onClick={act}>
          {action}
        </button>
      </form>
    </dialog>
  );
}
