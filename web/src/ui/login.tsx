// What who isn't let in sees.

import { Notice } from './notice';

export interface LoginProps {
  done: () => void; // let in: the page goes on
}

export function Login(_: LoginProps) {
  return <Notice title="The gateway asks for a token" text="Open this page with the address that “vedette up” printed." />;
}
