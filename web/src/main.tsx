// The page: a list of cameras from the gateway, one of them (or all in a grid) live.
import { render } from 'preact';

import { App } from './ui/app';

render(<App />, document.getElementById('app')!);
