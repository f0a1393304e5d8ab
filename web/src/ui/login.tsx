// What who isn't let in sees: name and password, or a token, as the gateway asks for.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { apiUrl, ask } from '../api';
import { wordsOf } from '../problem';
import './login.css';

export interface LoginProps {
  done: () => void; // let in: the page goes on
}

type Way = 'users' | 'token';

export function Login({ done }: LoginProps) {
  const [way, setWay] = useState<Way | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const controller = new AbortController();
    void askedFor(controller.signal).then((asked) => {
      if (!controller.signal.aborted) setWay(asked);
    });
    return () => controller.abort();
  }, []);
  // Who comes by keyboard or by ear begins with what is asked for.
  useEffect(() => form.current?.querySelector('input')?.focus(), [way]);

  const submit = async (event: JSX.TargetedEvent<HTMLFormElement, Event>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const body = Object.fromEntries(way === 'token' ? [['token', fields.get('token')]] : ['name', 'password'].map((key) => [key, fields.get(key)]));
    setBusy(true);
    setTrouble(null);
    try {
      await ask('POST', 'session', { body });
      done();
    } catch (error) {
      setTrouble(wordsOf(error));
      const secret = form.current?.querySelector<HTMLInputElement>('input[type="password"]');
      if (secret != null) secret.value = '';
      secret?.focus();
    } finally {
      setBusy(false);
    }
  };

  if (way === null) return null;
  return (
    <form class="login" ref={form} onSubmit={(event) => void submit(event)} aria-labelledby="login-title" data-testid="login" data-way={way}>
      <h1 id="login-title">Sign in</h1>
      {way === 'users' ? (
        <>
          <label>
            Name
            <input name="name" autocomplete="username" autocapitalize="none" spellcheck={false} required maxLength={64} />
          </label>
          <label>
            Password
            <input name="password" type="password" autocomplete="current-password" required maxLength={1024} />
          </label>
        </>
      ) : (
        <label>
          Token
          <input name="token" type="password" autocomplete="off" required maxLength={256} />
        </label>
      )}
      {trouble !== null && (
        <p class="login-trouble" role="alert" data-testid="login-trouble">
          {trouble}
        </p>
      )}
      <button type="submit" disabled={busy}>
        {busy ? 'One moment…' : 'Sign in'}
      </button>
      <button type="button" class="login-other" onClick={() => setWay(way === 'users' ? 'token' : 'users')}>
        {way === 'users' ? 'With a token instead' : 'With name and password instead'}
      </button>
    </form>
  );
}

// What GET /api/session says to somebody it doesn't know.
async function askedFor(signal: AbortSignal): Promise<Way> {
  try {
    const answer = await fetch(apiUrl('session'), { cache: 'no-store', signal });
    const said: unknown = await answer.json();
    return typeof said === 'object' && said !== null && 'auth' in said && said.auth === 'token' ? 'token' : 'users';
  } catch {
    return 'users';
  }
}
